"""Coverage and calibration of customers whose future follows the forecast exactly, and of some whose doesn't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records import Holdout, Period, Summary

N, AHEAD = 4_000, 39.0
BUYING = clv.estimate_from("bgnbd", {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 2.4}, period="week")
SPEND = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})


@pytest.fixture(scope="module")
def base():
    """Return customers who have just come, with what came."""
    rng = np.random.default_rng(1)
    who, _ = BUYING.model.simulate(BUYING.params, np.full(N, AHEAD), rng)
    worth = SPEND.model.simulate_spend(SPEND.params, who, N, rng)
    holdout = Holdout(AHEAD, np.bincount(who, minlength=N).astype(float), np.bincount(who, worth, N))
    nothing = np.zeros(N)
    return Summary(Period.of("week"), np.arange(N), nothing, nothing, nothing, nothing, holdout=holdout)


@pytest.fixture(scope="module")
def ahead(base):
    return clv.predict(BUYING, base, horizon=AHEAD, ci_prob=0.8)


def test_a_true_forecast_covers_as_many_as_it_means_to(ahead):
    for forecast in (ahead, clv.value(ahead, SPEND)):
        table = clv.coverage_table(forecast)
        error = np.sqrt(table["expected"] * (1 - table["expected"]) / N)
        assert (np.abs(table["covered"] - table["expected"]) < 4 * error).all()
        assert (table["expected"] >= table["level"] - 1e-9).all()


def test_intervals_are_those_of_the_forecast(ahead, base):
    bought, spent = base.holdout.frequency, base.holdout.spend
    inside = (ahead["purchases_lower"] <= bought) & (bought <= ahead["purchases_upper"])
    assert clv.coverage_table(ahead, levels=[0.8])["covered"].item() == inside.mean()
    worth = clv.value(ahead, SPEND)
    inside = (worth["clv_lower"] <= spent) & (spent <= worth["clv_upper"])
    assert clv.coverage_table(worth, levels=[0.8])["covered"].item() == inside.mean()


def test_the_expected_coverage_is_the_probability_of_the_interval(ahead):
    """All customers share one distribution here, so it can be summed by hand."""
    pmf = BUYING.model.pmf(BUYING.params, AHEAD, 200)
    low, high = (int(ahead[f"purchases_{side}"][0]) for side in ("lower", "upper"))
    assert clv.coverage_table(ahead, levels=[0.8])["expected"].item() == pytest.approx(
        pmf[low : high + 1].sum(), rel=1e-9, abs=0
    )


def test_a_forecast_of_too_little_covers_too_few(base):
    slow = clv.estimate_from("bgnbd", BUYING.params | {"alpha": 20.0}, period="week")
    table = clv.coverage_table(clv.predict(slow, base, horizon=AHEAD), levels=[0.8])
    # The binomial error is .006.
    assert (table["expected"] - table["covered"]).item() > 0.1


def test_the_calibration_error_is_the_distance_of_probability_and_share(ahead, base):
    table = clv.activity_table(ahead)
    active, p = np.mean(base.holdout.frequency > 0), ahead["p_active"][0]
    assert table[["customers", "predicted", "active"]].iloc[0].to_list() == pytest.approx(
        [N, p, active], rel=1e-9, abs=0
    )
    assert table["low"].item() <= p <= table["high"].item()
    assert table.attrs["error"] == pytest.approx(abs(p - active), rel=1e-9, abs=0)


def test_the_calibration_error_weighs_tenths_by_their_customers(ahead, base):
    x = np.arange(N) % 3.0
    told = replace(base, frequency=x, recency=x * 5, T=np.full(N, 12.0))
    forecast = clv.predict(BUYING, told, horizon=AHEAD)
    table = clv.activity_table(forecast)
    assert table["customers"].sum() == N
    assert len(table) == 3
    by_hand = [
        abs(np.mean(forecast["p_active"][x == k]) - np.mean(base.holdout.frequency[x == k] > 0)) * np.mean(x == k)
        for k in range(3)
    ]
    assert table.attrs["error"] == pytest.approx(sum(by_hand), rel=1e-9, abs=0)


def test_a_forecast_without_its_truth_is_refused(ahead, base):
    with pytest.raises(InputError, match="no holdout"):
        clv.coverage_table(clv.predict(BUYING, replace(base, holdout=None), horizon=AHEAD))
    with pytest.raises(InputError, match="39 long"):
        clv.activity_table(clv.predict(BUYING, base, horizon=12))
    with pytest.raises(ArgumentError, match="a level"):
        clv.coverage_table(ahead, levels=[90])
