"""An earlier forecast compared with bases that stayed as they were, and against some that didn't."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

BUYING = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
DECILES = [str(decile) for decile in range(1, 11)]


def made_up(seed=1):
    """Return the log of 2,000 customers who came over a year, and the day 13 weeks before its end."""
    T = np.linspace(5.0, 60.0, 2_000)
    log = clv.simulate("bgnbd", BUYING, n_customers=2_000, T=T, spend_params=SPEND, seed=seed)
    log = log.assign(date=log["date"].dt.floor("D"))
    return log, log["date"].max() - pd.Timedelta(weeks=13)


def forecast(log, end, *, money=True, start=(None, None)):
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end=end)
    ahead = clv.predict(clv.fit("bgnbd", rfm, start=start[0]), rfm, horizon=26)
    return clv.value(ahead, clv.fit("gammagamma", rfm, start=start[1])) if money else ahead


def both(log, end, **told):
    return forecast(log, end, **told), forecast(log, log["date"].max(), **told)


@pytest.fixture(scope="module")
def steady():
    log, end = made_up()
    ends = both(log, end)
    return log, end, *ends, clv.drift(*ends)


@pytest.fixture(scope="module")
def pair():
    """Two forecasts of purchases of one small base."""
    log, end = made_up()
    few = log[log["customer_id"] % 10 == 0]
    return few, end, *both(few, end, money=False)


def rows(drift, who="known"):
    return drift.forecast[drift.forecast["who"] == who].set_index("target")


def test_a_base_that_stayed_as_it_was_shows_no_drift(steady):
    drift = steady[-1]
    assert drift.elapsed == 13
    assert rows(drift)["inside"].all()
    apart = drift.parameters["std_errors_apart"].dropna()
    assert len(apart) >= 4  # all of the model of buying at least
    assert (apart.abs() < 3).all()
    assert not [note for note in drift.notes if note.level == "warning"]


@pytest.mark.slow
def test_a_base_that_buys_half_as_often_shows_it():
    log, end = made_up()
    came = log["date"] > end
    first = log.groupby("customer_id")["date"].transform("min")
    kept = ~came | (log["date"] == first) | (np.random.default_rng(1).random(len(log)) < 0.5)
    drift = clv.drift(*both(log[kept], end, money=False))
    purchases = rows(drift).loc["purchases"]
    assert not purchases["inside"]
    assert purchases["actual"] < 0.65 * purchases["expected"]
    assert drift.parameters["std_errors_apart"].abs().max() > 3
    assert "forecast_missed" in {note.code for note in drift.notes}
    assert "outside" in str(drift)


def test_what_came_is_what_the_log_says(steady):
    log, end, before, _, drift = steady
    days = log.groupby(["customer_id", "date"], as_index=False)["amount"].sum()
    came = days[days["date"] > end]
    known = came["customer_id"].isin(before.prediction.summary.customer_id)
    for who, part in (("known", came[known]), ("new", came[~known])):
        assert rows(drift, who).loc["purchases", "actual"] == len(part)
        assert rows(drift, who).loc["spend", "actual"] == pytest.approx(part["amount"].sum(), rel=1e-9, abs=0)
    assert rows(drift, "new").loc["purchases", "customers"] == came.loc[~known, "customer_id"].nunique() > 0


def test_the_forecast_is_that_of_the_earlier_estimate_over_the_time_between(steady):
    _, _, before, _, drift = steady
    ahead = clv.predict(before.prediction.estimate, before.prediction.summary, horizon=13)
    for target, total in (("purchases", ahead.total), ("spend", clv.value(ahead, before.spend).total)):
        row = rows(drift).loc[target]
        assert (row["expected"], row["lower"], row["upper"]) == (total.expected, total.lower, total.upper)
        assert row["contains"] == "parameters and chance"


def test_deciles_add_up(steady):
    _, _, before, after, drift = steady
    table = drift.deciles.set_index("before")
    assert table.index.tolist() == [*DECILES, "new"]
    assert table.loc[DECILES].to_numpy().sum() == len(before)
    assert table[DECILES].to_numpy().sum() == len(after)
    for ranked, counts in ((before, table.loc[DECILES].sum(axis=1)), (after, table[DECILES].sum())):
        assert counts.tolist() == clv.rank(ranked)["decile"].value_counts().sort_index().tolist()
    assert table["gone"].sum() == 0


def test_movers_are_those_who_gained_and_lost_most(steady):
    _, _, before, after, drift = steady
    then, now = (clv.rank(forecast).set_index("customer_id") for forecast in (before, after))
    change = (now["clv"] - then["clv"]).dropna()
    movers = drift.movers.set_index("customer_id")
    assert movers["direction"].tolist() == ["up"] * 20 + ["down"] * 20
    assert movers["change"].iloc[0] == pytest.approx(change.max(), rel=1e-9, abs=0)
    assert movers["change"].iloc[20] == pytest.approx(change.min(), rel=1e-9, abs=0)
    for name, table in (("before", then), ("after", now)):
        assert (movers[f"{name}_decile"] == table.loc[movers.index, "decile"]).all()
        np.testing.assert_array_equal(movers[name], table.loc[movers.index, "clv"])


def test_the_change_is_counted_in_errors_of_a_change(steady):
    _, _, before, after, drift = steady
    then, now = before.prediction.estimate, after.prediction.estimate
    errors = [np.log(estimate.draws["r"]).std() for estimate in (then, now)]
    told = drift.parameters.set_index("parameter").loc["r", "std_errors_apart"]
    assert told == pytest.approx(
        np.log(now.params["r"] / then.params["r"]) / np.sqrt(errors[0] ** 2 - errors[1] ** 2), rel=1e-9, abs=0
    )


def test_one_estimate_at_both_ends_has_no_change_in_parameters(pair):
    _, _, before, after = pair
    still = clv.predict(before.estimate, after.summary, horizon=26)
    drift = clv.drift(before, still)
    assert (drift.parameters["change"] == 0).all()
    assert drift.parameters["std_errors_apart"].isna().all()
    assert drift.worth == "expected_purchases"
    assert drift.forecast["target"].unique().tolist() == ["purchases"]


def test_customers_who_are_gone_or_corrected_are_told_and_do_not_count_against_the_forecast(pair):
    log, end, before, _ = pair
    summary = before.summary
    gone = summary.customer_id[0]
    shrunk = summary.customer_id[np.argmax(summary.frequency)]
    visits = log[(log["customer_id"] == shrunk) & (log["date"] <= end)]
    later = log.drop(visits.index[1:])[lambda left: left["customer_id"] != gone]
    later = later[(later["customer_id"] != shrunk) | (later["date"] <= end)]
    drift = clv.drift(before, forecast(later, log["date"].max(), money=False))
    (note,) = [note for note in drift.notes if note.code == "corrected_histories"]
    assert "1 are no longer there, 1 have fewer purchases than before" in note.text
    assert rows(drift).loc["purchases", "customers"] == len(summary) - 1
    came = later[later["customer_id"].isin(summary.customer_id) & (later["date"] > end)]
    assert rows(drift).loc["purchases", "actual"] == len(came[["customer_id", "date"]].drop_duplicates())
    assert drift.deciles["gone"].sum() == 1


def test_another_base_is_called_one(pair):
    log, _, before, _ = pair
    other = log[log["customer_id"] % 20 == 0]
    drift = clv.drift(before, forecast(other, log["date"].max(), money=False))
    (note,) = [note for note in drift.notes if note.code == "other_base"]
    assert note.level == "warning"
    assert "50.0% don't fit the later log" in note.text


def test_parameters_that_speak_of_another_average_customer_say_so(pair):
    log, end, *_ = pair
    log = log.assign(age=log["customer_id"] % 7 + log["customer_id"] / 1_000)
    forecasts = []
    for last in (end, log["date"].max()):
        rfm = clv.rfm_summary(log, customer="customer_id", time="date", groups="age", observation_end=last)
        forecasts.append(clv.predict(clv.fit("bgnbd", rfm, covariates={"buying": "age"}), rfm, horizon=26))
    drift = clv.drift(*forecasts)
    assert "other_centre" in {note.code for note in drift.notes}
    assert "buying[age]" in drift.parameters["parameter"].tolist()


@pytest.mark.slow
def test_bases_counted_by_whole_periods_compare_by_whole_periods(pair):
    log, end, *_ = pair
    forecasts = []
    for last in (end, end + pd.Timedelta(days=17)):
        rfm = clv.rfm_summary(log, customer="customer_id", time="date", collapse="period", observation_end=last)
        forecasts.append(clv.predict(clv.fit("bgbb", rfm), rfm, horizon=26))
    drift = clv.drift(*forecasts)
    assert drift.elapsed in (2, 3)
    then, now = (pd.Series(f.summary.T, index=f.summary.customer_id) for f in forecasts)
    assert (now - then).dropna().unique().tolist() == [drift.elapsed]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one, two: (two, one), "so there is no time between them to look at"),
        (lambda one, two: (one, one), "so there is no time between them to look at"),
        (lambda one, two: (one, clv.predict(two.estimate, two.summary, horizon=13)), "26 and 13 periods ahead"),
        (lambda one, two: (one, clv.value(two, clv.fit("gammagamma", two.summary))), "value both or none"),
        (lambda one, two: (one, two.summary), "a Summary was given"),
        (lambda one, two: (clv.predict(one.estimate, None, horizon=26), two), "customers not seen yet"),
        (lambda one, two: (one, replace(two, summary=replace(two.summary, observation_end=None))), "doesn't say when"),
    ],
)
def test_forecasts_that_do_not_compare_are_refused(pair, change, words):
    with pytest.raises(ArgumentError, match=words):
        clv.drift(*change(*pair[2:]))


def test_customers_who_cannot_be_followed_are_refused(pair):
    _, _, before, after = pair
    named = replace(after.summary, customer_id=after.summary.customer_id.astype(str))
    twice = replace(after.summary, customer_id=np.zeros(len(after), dtype=int))
    for summary, words in ((named, "None of the .* earlier customers is in the later base"), (twice, "repeat a")):
        with pytest.raises(InputError, match=words):
            clv.drift(before, replace(after, summary=summary))


def test_cdnow_bought_more_at_christmas_than_autumn_had_forecast():
    log = clv.load_cdnow(sample=True)
    forecasts = []
    for end in ("1997-09-30", "1997-12-30"):
        rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end=end)
        forecasts.append(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39))
    drift = clv.drift(*forecasts)
    days = log[(log["date"] > "1997-09-30") & (log["date"] <= "1997-12-30")]
    purchases = rows(drift).loc["purchases"]
    assert purchases["actual"] == len(days[["customer_id", "date"]].drop_duplicates()) == 726
    assert purchases["expected"] == pytest.approx(628.02, abs=0.01)
    assert not purchases["inside"]
