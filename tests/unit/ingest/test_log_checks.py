"""A look at a log: each fault is found with its rows and money, and a clean log raises nothing."""

import warnings

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ClvWarning
from clvmodels.ingest.log_checks.chance import overdispersion, silent_for, stands_out
from clvmodels.records.log_check import FINDINGS

COLUMNS = {"customer": "customer", "time": "date", "amount": "amount"}
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def clean():
    """1,200 customers who come over a year and a half to a shop that is closed on Sundays."""
    followed = np.random.default_rng(5).uniform(4, 80, 1_200)
    log = clv.simulate(
        "bgnbd",
        {"r": 0.9, "alpha": 5.0, "a": 0.5, "b": 3.0},
        n_customers=1_200,
        T=followed,
        spend_params={"p": 6.0, "q": 4.0, "gamma": 15.0},
        seed=5,
    )
    log["date"] = log["date"].dt.floor("D")
    log["date"] += DAY * (log["date"].dt.day_of_week == 6).astype(int)
    log["amount"] = log["amount"].round(2)
    return log.rename(columns={"customer_id": "customer"})


def found(log, code, **asked):
    """Return the one finding of a code."""
    (finding,) = [one for one in clv.check_log(log, **COLUMNS, **asked).findings if one.code == code]
    return finding


def added(log, **values):
    return pd.concat([log, log.tail(1).assign(**values)], ignore_index=True)


def test_a_clean_log_has_nothing_to_find(clean):
    check = clv.check_log(clean, **COLUMNS)
    assert check.findings == ()
    assert check.to_frame().columns.tolist() == ["code", "level", "rows", "amount", "first", "text"]
    assert "nothing found" in repr(check)


@pytest.mark.parametrize("when", ["1970-01-01", "1900-01-01", "2202-03-05", "2099-12-31"])
def test_a_date_that_cant_be_is_found(clean, when):
    finding = found(added(clean, date=pd.Timestamp(when), amount=12.5), "impossible_dates")
    assert (finding.level, finding.rows, finding.amount) == ("warning", 1, 12.5)
    assert when in finding.first


def test_tomorrow_is_no_date_that_cant_be(clean):
    moved = clean.assign(date=clean["date"] + (pd.Timestamp.today().floor("D") + DAY - clean["date"].max()))
    assert "impossible_dates" not in {one.code for one in clv.check_log(moved, **COLUMNS).findings}


@pytest.mark.parametrize(("days", "code"), [(200, "isolated_last_days"), (-900, "isolated_first_days")])
def test_a_day_that_lies_apart_is_found(clean, days, code):
    edge = clean["date"].max() if days > 0 else clean["date"].min()
    finding = found(added(clean, date=edge + days * DAY, amount=7.0), code)
    assert (finding.level, finding.rows, finding.amount) == ("warning", 1, 7.0)


def test_a_log_of_few_days_has_no_day_apart():
    log = pd.DataFrame({"customer": [1, 2, 1], "date": pd.to_datetime(["2020-01-01", "2020-02-01", "2021-06-01"])})
    assert not clv.check_log(log, customer="customer", time="date").warnings


def test_a_doubled_log_is_found(clean):
    finding = found(pd.concat([clean, clean]), "log_doubled")
    assert finding.level == "warning"
    assert finding.amount == pytest.approx(clean["amount"].sum(), rel=1e-9, abs=0)


def test_a_month_that_is_there_twice_is_found(clean):
    month = clean[clean["date"].dt.strftime("%Y-%m") == "2020-09"]
    finding = found(pd.concat([clean, month]), "log_doubled")
    assert finding.amount == pytest.approx(month["amount"].sum(), rel=1e-9, abs=0)
    assert "2020-09-01" in finding.text


def test_rows_that_are_there_twice_are_found_and_weighed(clean):
    some = clean[np.random.default_rng(1).random(len(clean)) < 0.05]
    finding = found(pd.concat([clean, some]), "duplicate_rows")
    assert finding.rows == pytest.approx(len(some), abs=0.06 * len(some))  # some days have other rows too
    few = found(pd.concat([clean, some.head(40)]), "duplicate_rows")
    assert few.level == "info"  # they move the total less than chance does


def test_customers_who_pay_the_same_each_time_have_no_copies():
    rng = np.random.default_rng(3)
    log = pd.DataFrame({"customer": rng.integers(0, 200, 6_000), "date": rng.integers(18_300, 18_900, 6_000)})
    log = log.assign(date=log["date"].to_numpy().astype("datetime64[D]").astype("datetime64[s]"), amount=3.5)
    codes = {one.code for one in clv.check_log(log, **COLUMNS).findings}
    assert "one_amount_only" in codes
    assert not codes & {"duplicate_rows", "log_doubled"}


def test_a_hole_of_seventeen_days_is_found(clean):
    begin = pd.Timestamp("2020-09-10")
    log = clean[(clean["date"] < begin) | (clean["date"] >= begin + 17 * DAY)]
    finding = found(log, "hole_in_days")
    assert finding.level == "warning"
    assert "2020-09-10 to 2020-09-27" in finding.text


def test_a_week_with_hardly_any_rows_is_worth_knowing(clean):
    age = (clean["date"].max() - clean["date"]).dt.days  # weeks are counted from the last day backwards
    week = (age >= 42) & (age < 49)
    assert found(clean[~week | (clean["customer"] % 20 == 0)], "hole_in_days").level == "info"


def test_one_giant_amount_is_found_once(clean):
    log = clean.assign(amount=clean["amount"].mask(clean.index == clean.index[100], 1_000_000.0))
    check = clv.check_log(log, **COLUMNS)
    assert [one.code for one in check.warnings] == ["one_amount_dominates"]
    assert check.warnings[0].amount == pytest.approx(1_000_000, abs=500)  # with what else was bought that day


def test_one_customer_who_carries_the_log_is_found(clean):
    log = clean.assign(amount=clean["amount"].where(clean["customer"] != _frequent(clean), clean["amount"] * 300))
    finding = found(log, "one_customer_dominates")
    assert finding.level == "warning"
    assert finding.first == str(_frequent(clean))


def _frequent(log):
    counts = log["customer"].value_counts()
    return int(counts[counts == 12].index.min())


@pytest.mark.parametrize("n_ids", [1, 3])
def test_ids_that_stand_for_many_are_found(clean, n_ids):
    rng = np.random.default_rng(2)
    guests = rng.random(len(clean)) < 0.1 * n_ids
    log = clean.assign(customer=clean["customer"].where(~guests, -1 - rng.integers(0, n_ids, len(clean))))
    finding = found(log, "collective_id")
    assert finding.level == "warning"
    assert sorted(finding.first.split(", ")) == sorted(str(-1 - i) for i in range(n_ids))
    assert finding.rows == log[log["customer"] < 0].groupby(["customer", "date"]).ngroups


def test_a_log_that_is_cut_in_front_is_found():
    followed = np.random.default_rng(4).uniform(2, 104, 6_000)
    params = {"r": 0.6, "alpha": 9.0, "s": 0.6, "beta": 12.0}
    log = clv.simulate("paretonbd", params, n_customers=6_000, T=followed, seed=4)
    asked = {"customer": "customer_id", "time": "date"}
    assert not clv.check_log(log, **asked).warnings
    (warned,) = clv.check_log(log[log["date"] >= "2020-10-01"], **asked).warnings
    assert warned.code == "log_cut_in_front"


def test_a_month_five_times_as_busy_is_a_season(clean):
    near = clean[clean["date"].dt.strftime("%Y-%m") == "2020-11"]
    rng = np.random.default_rng(3)
    more = pd.concat([near] * 4)
    more = more.assign(date=pd.Timestamp("2020-11-01") + DAY * rng.integers(0, 30, len(more)), amount=20.0)
    finding = found(pd.concat([clean, more.assign(amount=rng.gamma(3, 10, len(more)).round(2))]), "season")
    assert finding.level == "warning"
    assert "2020-11" in finding.text


def test_less_than_a_year_is_worth_knowing(clean):
    finding = found(clean, "season_not_seen", observation_end="2020-10-31")
    assert finding.level == "info"
    assert "305 days" in finding.text


def test_amounts_in_cents_from_one_day_on_are_found(clean):
    later = clean["date"] >= "2020-08-15"
    finding = found(clean.assign(amount=clean["amount"].where(~later, 100 * clean["amount"])), "amounts_jump")
    assert finding.level == "warning"
    assert abs(pd.Timestamp(finding.text.split("from ")[1][:10]) - pd.Timestamp("2020-08-15")) < 45 * DAY


def test_customers_who_spend_more_and_more_are_worth_knowing(clean):
    years = (clean["date"] - clean["date"].min()) / (365 * DAY)
    finding = found(clean.assign(amount=(clean["amount"] * np.exp(0.6 * years)).round(2)), "spend_drifts")
    assert finding.level == "info"
    assert "spend more" in finding.text


def test_refunds_of_nothing_are_found(clean):
    rows = clean.sample(60, random_state=1)
    strange = rows.assign(customer=rows["customer"] + 1_000_000, amount=-rows["amount"])
    finding = found(pd.concat([clean, strange]), "refunds_without_purchase")
    assert (finding.level, finding.rows) == ("warning", 60)
    assert finding.amount == pytest.approx(-rows["amount"].sum(), rel=1e-9, abs=0)


def test_customers_whose_orders_were_all_cancelled_are_worth_knowing(clean):
    known = clean["customer"].unique()[:30]
    back = clean[clean["customer"].isin(known)]
    finding = found(pd.concat([clean, back.assign(amount=-back["amount"])]), "customers_refunded")
    assert (finding.level, finding.rows) == ("info", 30)
    assert finding.amount == pytest.approx(back["amount"].sum(), rel=1e-9, abs=0)


def test_purchases_on_closed_days_are_worth_knowing(clean):
    late = (clean["date"] >= "2020-08-01") & (clean["date"] < "2020-10-01")
    log = clean.assign(date=clean["date"] + DAY * late.astype(int))
    finding = found(log, "closed_days")
    sundays = log[log["date"].dt.day_of_week == 6]
    assert finding.level == "info"
    assert finding.rows == sundays.groupby(["customer", "date"]).ngroups
    assert finding.amount == pytest.approx(sundays["amount"].sum(), rel=1e-9, abs=0)


def test_regular_customers_are_worth_knowing():
    params = {"k": 4.0, "r": 3.0, "alpha": 2.0, "a": 0.5, "b": 5.0}
    log = clv.simulate("bgcnbd", params, n_customers=300, T=60.0, seed=1)
    (finding,) = [f for f in clv.check_log(log, customer="customer_id", time="date").findings if f.level == "info"]
    assert finding.code == "regular_buying"


def _faulty(clean):
    log = added(clean, date=pd.Timestamp("2031-01-01"))
    log = log.assign(amount=log["amount"].mask(log.index == 100, 1_000_000.0))
    month = clean[clean["date"].dt.strftime("%Y-%m") == "2020-09"]
    return pd.concat([log, month], ignore_index=True)


def _told(check):
    return [(one.code, one.level, one.rows, round(one.amount, 6), one.first) for one in check.findings]


def test_order_names_and_kind_of_table_change_nothing(clean, tmp_path):
    log = _faulty(clean)
    told = _told(clv.check_log(log, **COLUMNS))
    assert len(told) >= 3
    assert _told(clv.check_log(log.sample(frac=1, random_state=1), **COLUMNS)) == told
    renamed = log.rename(columns={"customer": "least", "date": "n", "amount": "value"})
    assert _told(clv.check_log(renamed, customer="least", time="n", amount="value")) == told
    log.to_parquet(tmp_path / "log.parquet")
    assert _told(clv.check_log(str(tmp_path / "log.parquet"), **COLUMNS)) == told
    log.to_csv(tmp_path / "log.csv", index=False)
    assert _told(clv.check_log(str(tmp_path / "log.csv"), **COLUMNS)) == told


def test_out_of_core_finds_the_same(clean, tmp_path):
    log = _faulty(clean)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        summary = clv.rfm_summary(log, **COLUMNS)
        table = clv.rfm_table(log, out=tmp_path / "table", **COLUMNS)
    here, there = ({(n.code, n.text) for n in one.notes if n.code in FINDINGS} for one in (summary, table))
    assert len(here) >= 3
    assert here == there
    assert len([one for one in raised if one.category is ClvWarning]) == 2 * len(here)
    assert "look first: impossible_dates" in repr(summary)
    assert "look first: impossible_dates" in repr(table)


def test_a_silence_has_its_law():
    rng = np.random.default_rng(1)
    times = rng.exponential(size=(40_000, 11))
    chances = np.array([silent_for(row[10], 10, row[:10].sum()) for row in times[:4_000]])
    assert np.mean(chances < 0.05) == pytest.approx(0.05, abs=0.012)  # 3.5 standard errors


def test_the_largest_of_an_exponential_law_seldom_stands_out():
    rng = np.random.default_rng(2)
    chances = [stands_out(np.sort(rng.exponential(size=400))[::-1][:60]) for _ in range(4_000)]
    assert np.mean(np.array(chances) < 0.05) == pytest.approx(0.05, abs=0.012)


def test_counts_of_a_poisson_law_arent_overdispersed():
    rng = np.random.default_rng(3)
    assert overdispersion(rng.poisson(50, 2_000).astype(float)) < 1.15
    assert overdispersion(rng.negative_binomial(5, 0.1, 2_000).astype(float)) > 3
