"""The logs of this experiment: five kinds of clean ones and the cohort of CDNOW, and what goes wrong with them."""

import numpy as np
import pandas as pd

import clvmodels as clv

COLUMNS = {"customer": "customer", "time": "date", "amount": "amount"}
SPEND = {"p": 6.0, "q": 4.0, "gamma": 15.0}  # purchases of 30 on average, every customer around a level of their own
DAY = pd.Timedelta(days=1)


def _log(model, params, followed, seed, *, period="week", closed=(), prices=None):
    """Return a log of customers who follow a model exactly, with whole days and whole cents."""
    spend = None if prices is not None else SPEND
    log = clv.simulate(
        model, params, n_customers=len(followed), T=followed, period=period, spend_params=spend, seed=seed
    )
    if prices is not None:
        log["amount"] = np.random.default_rng(seed).choice(prices, size=len(followed))[log["customer_id"]]
    log["date"] = log["date"].dt.floor("D")
    for weekday in closed:  # who would have come then comes the day after
        log["date"] += DAY * (log["date"].dt.day_of_week == weekday).astype(int)
    log["amount"] = log["amount"].round(2)
    return log.rename(columns={"customer_id": "customer"})[["customer", "date", "amount"]]


def small(seed):
    """1,500 customers of a shop that is closed on Sundays, arriving evenly over a year and a half."""
    followed = np.random.default_rng(seed).uniform(4, 82, 1_500)
    params = {"r": 0.7, "alpha": 7.0, "a": 0.8, "b": 2.5}
    return _log("bgnbd", params, followed, seed, closed=[6])


def large(seed):
    """12,000 customers who may leave at any time, arriving evenly over two years."""
    followed = np.random.default_rng(seed).uniform(2, 106, 12_000)
    return _log("paretonbd", {"r": 0.6, "alpha": 9.0, "s": 0.6, "beta": 12.0}, followed, seed)


def regular(seed):
    """1,500 customers who buy at regular distances of a few weeks."""
    followed = np.random.default_rng(seed).uniform(2, 78, 1_500)
    return _log("bgcnbd", {"k": 4.0, "r": 3.0, "alpha": 2.0, "a": 0.5, "b": 5.0}, followed, seed)


def contracts(seed):
    """3,000 contracts at three prices, renewed month by month until they end."""
    followed = np.random.default_rng(seed).uniform(1, 30, 3_000)
    return _log("sbg", {"gamma": 0.8, "delta": 6.0}, followed, seed, period="month", prices=[9.99, 19.99, 49.0])


def growing(seed):
    """6,000 customers of a shop whose arrivals double every half year, closed on Sundays."""
    rng = np.random.default_rng(seed)
    grown = np.log2(1 + rng.random(6_000) * (2**4 - 1)) / 4  # density doubles four times
    followed = 104.0 * (1 - grown) + 1.0
    return _log("mbgnbd", {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.0}, followed, seed, closed=[6])


def cdnow(seed):
    """4,000 of the 23,570 customers of CDNOW, chosen by chance."""
    log = clv.load_cdnow().rename(columns={"customer_id": "customer"})
    chosen = np.random.default_rng(seed).choice(log["customer"].unique(), size=4_000, replace=False)
    return log.loc[log["customer"].isin(chosen), ["customer", "date", "amount"]].reset_index(drop=True)


CLEAN = {"small": small, "large": large, "regular": regular, "contracts": contracts, "growing": growing}
KINDS = CLEAN | {"cdnow": cdnow}


def _one_row(log, rng, date):
    row = log.sample(1, random_state=rng).assign(date=pd.Timestamp(date))
    return pd.concat([log, row], ignore_index=True)


def _inside(log, rng, days, low=0.25, high=0.75):
    """Return the first day of a stretch in the middle of a log."""
    begin, end = log["date"].min(), log["date"].max()
    return begin + DAY * int((end - begin).days * rng.uniform(low, high) - days / 2)


def next_decade(log, rng):
    """One row of 2030."""
    return _one_row(log, rng, "2030-06-01")


def far_future(log, rng):
    """One row of 2202, for 2022."""
    return _one_row(log, rng, "2202-03-05")


def late_row(log, rng):
    """One row half a year after the last."""
    return _one_row(log, rng, log["date"].max() + 180 * DAY)


def early_row(log, rng):
    """One row ten years before the first."""
    return _one_row(log, rng, log["date"].min() - 3_652 * DAY)


def epoch(log, rng):
    """One row of a hundred on 1970-01-01, as missing dates become."""
    return log.assign(date=log["date"].mask(rng.random(len(log)) < 0.01, pd.Timestamp("1970-01-01")))


def doubled(log, rng):
    """The whole log twice."""
    return pd.concat([log, log], ignore_index=True)


def month_twice(log, rng):
    """The rows of thirty days twice."""
    begin = _inside(log, rng, 30)
    again = log[(log["date"] >= begin) & (log["date"] < begin + 30 * DAY)]
    return pd.concat([log, again], ignore_index=True)


def copies(log, rng):
    """One row of twenty twice."""
    return pd.concat([log, log[rng.random(len(log)) < 0.05]], ignore_index=True)


def hole(log, rng):
    """No rows for 17 days."""
    begin = _inside(log, rng, 17)
    return log[(log["date"] < begin) | (log["date"] >= begin + 17 * DAY)]


def giant(log, rng):
    """One amount of 1,000,000."""
    row = rng.integers(len(log))
    return log.assign(amount=log["amount"].mask(np.arange(len(log)) == row, 1_000_000.0))


def guest(log, rng):
    """One row of ten by a guest without an id of their own."""
    return log.assign(customer=log["customer"].mask(rng.random(len(log)) < 0.1, -1))


def cut(log, rng):
    """The first two fifths of the time are missing."""
    begin, end = log["date"].min(), log["date"].max()
    return log[log["date"] >= begin + (end - begin) * 0.4]


def cents(log, rng):
    """Amounts in cents from one day on."""
    later = log["date"] >= _inside(log, rng, 0)
    return log.assign(amount=log["amount"].where(~later, log["amount"] * 100))


def time_zone(log, rng):
    """Dates a day late for two months."""
    begin = _inside(log, rng, 60)
    moved = (log["date"] >= begin) & (log["date"] < begin + 60 * DAY)
    return log.assign(date=log["date"] + DAY * moved.astype(int))


def strange_refunds(log, rng):
    """Refunds, one for fifty rows, of customers who bought nothing."""
    rows = log[rng.random(len(log)) < 0.02]
    return pd.concat([log, rows.assign(customer=rows["customer"] + 10_000_000, amount=-rows["amount"] - 0.01)])


def november(log, rng):
    """Five times as many purchases in one month."""
    month = _inside(log, rng, 0).to_period("M")
    near = log[log["date"].dt.to_period("M") == month]
    more = pd.concat([near] * 4, ignore_index=True)
    days = rng.integers(0, month.days_in_month, len(more))
    date = month.start_time + pd.to_timedelta(days, unit="D")
    more = more.assign(date=date, amount=rng.permutation(more["amount"].to_numpy()))
    return pd.concat([log, more[more["date"] >= log["date"].min()]], ignore_index=True)


FAULTS = {
    next_decade: {"impossible_dates", "isolated_last_days"},
    far_future: {"impossible_dates"},
    late_row: {"isolated_last_days"},
    early_row: {"isolated_first_days"},
    epoch: {"impossible_dates"},
    doubled: {"log_doubled"},
    month_twice: {"log_doubled"},
    copies: {"duplicate_rows"},
    hole: {"hole_in_days"},
    giant: {"one_amount_dominates"},
    guest: {"collective_id"},
    cut: {"log_cut_in_front"},
    cents: {"amounts_jump"},
    time_zone: {"closed_days"},
    strange_refunds: {"refunds_without_purchase"},
    november: {"season"},
}
# What can't be in a log: a shop that never closes has no closed days, a cohort of one quarter no front to cut.
NOT_IN = {
    "time_zone": ("large", "regular", "contracts", "cdnow"),
    "cut": ("cdnow",),
}
