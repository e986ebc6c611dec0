"""Forecasts against brute force."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.records import Period, Summary

PARAMS = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}


def customers(x, t_x, T):
    x, t_x, T = (np.asarray(v, dtype=float) for v in (x, t_x, T))
    return Summary(Period.of("week"), np.arange(len(x)), x, t_x, T)


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def fitted(rfm):
    return clv.fit("bgnbd", rfm, n_draws=200)


def test_expectations_are_those_of_each_customer_alone(rfm, fitted):
    """Grouping, interpolation along T and blocks change nothing."""
    together = clv.predict(fitted, rfm, horizon=39)
    model = fitted.model
    h = {"x": rfm.frequency, "t_x": rfm.recency, "T": rfm.T}
    alone = model.p_alive(fitted.params, h) * model.expectation(model.updated(fitted.params, h), 39.0)
    np.testing.assert_allclose(together["expected_purchases"], alone, rtol=1e-10)
    some = clv.predict(fitted, rfm.take(np.array([5, 700, 31])), horizon=39)
    np.testing.assert_allclose(some["expected_purchases"], alone[[5, 700, 31]], rtol=1e-10)


def test_interval_of_the_expectation_is_made_of_all_draws(rfm, fitted):
    few = rfm.take(np.arange(40))
    found = clv.predict(fitted, few, horizon=39, ci_prob=0.8)
    model, h = fitted.model, {"x": few.frequency, "t_x": few.recency, "T": few.T}
    each = []
    for i in range(fitted.n_draws):
        params = {name: draws[i] for name, draws in fitted.draws.items()}
        each.append(model.p_alive(params, h) * model.expectation(model.updated(params, h), 39.0))
    lower, upper = np.quantile(each, [0.1, 0.9], axis=0, method="inverted_cdf")
    np.testing.assert_allclose(found["expected_purchases_lower"], lower, rtol=1e-9)
    np.testing.assert_allclose(found["expected_purchases_upper"], upper, rtol=1e-9)


def test_predictive_interval_is_that_of_the_conditional_pmf():
    base = customers([0, 2, 26, 40], [0, 30.43, 30.86, 38.0], [38.86, 38.86, 31, 38.86])
    given = clv.estimate_from("bgnbd", PARAMS, period="week")
    found = clv.predict(given, base, horizon=39, ci_prob=0.9)
    model, h = given.model, {"x": base.frequency, "t_x": base.recency, "T": base.T}
    pmf = model.p_alive(PARAMS, h) * model.pmf(model.updated(PARAMS, h), 39.0, 400)
    pmf[0] += 1 - model.p_alive(PARAMS, h)
    cdf = np.cumsum(pmf, axis=0)
    np.testing.assert_array_equal(found["purchases_lower"], (cdf >= 0.05).argmax(axis=0))
    np.testing.assert_array_equal(found["purchases_upper"], (cdf >= 0.95).argmax(axis=0))
    np.testing.assert_allclose(found["p_active"], 1 - pmf[0], rtol=1e-9)
    k = np.arange(401)[:, None]
    np.testing.assert_allclose(found["expected_purchases"], (pmf * k).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.variance, (pmf * k**2).sum(axis=0) - (pmf * k).sum(axis=0) ** 2, rtol=1e-7)


def test_a_forecast_does_not_depend_on_who_else_is_in_the_call(rfm, fitted):
    whole = clv.predict(fitted, rfm, horizon=39).to_frame()
    part = clv.predict(fitted, rfm.take(np.arange(0, 2_357, 50)), horizon=39).to_frame()
    same = whole.iloc[::50].reset_index(drop=True)
    for column in part:
        np.testing.assert_allclose(part[column], same[column], rtol=1e-9, err_msg=column)


def test_predictive_interval_holds_more_than_the_interval_of_the_expectation(rfm, fitted):
    found = clv.predict(fitted, rfm, horizon=39).to_frame()
    assert (found.expected_purchases_lower <= found.expected_purchases).mean() > 0.99
    assert (found.expected_purchases_upper >= found.expected_purchases).mean() > 0.99
    wide = (found.purchases_upper - found.purchases_lower).sum()
    assert wide > 5 * (found.expected_purchases_upper - found.expected_purchases_lower).sum()


def test_a_longer_horizon_brings_more(rfm, fitted):
    totals = [clv.predict(fitted, rfm, horizon=h).total.expected for h in (1, 10, 39, "2 years")]
    assert totals == sorted(totals)


def test_total_without_parameter_uncertainty_holds_chance_alone(rfm, fitted):
    plugged_in = clv.estimate_from("bgnbd", fitted.params, period="week")
    total = clv.predict(plugged_in, rfm, horizon=39).total
    # Published 90% plug-in interval on this holdout: 1536 to 1769, by simulation of the same quantity.
    assert total.lower == pytest.approx(1536, abs=4)
    assert total.upper == pytest.approx(1769, abs=4)
    assert total.contains == ("chance",)
    whole = clv.predict(fitted, rfm, horizon=39).total
    assert whole.upper - whole.lower > total.upper - total.lower
    assert whole.contains == ("parameters", "chance")


def test_a_customer_not_seen_yet_follows_the_model_itself():
    given = clv.estimate_from("bgnbd", PARAMS, period="week")
    new = clv.predict(given, None, horizon="1 year")
    assert len(new) == 1
    assert new["p_alive"][0] == 1
    assert new["expected_purchases"][0] == pytest.approx(
        float(given.model.expectation(PARAMS, 365.25 / 7)), rel=1e-9, abs=0
    )
    assert "customer_id" not in new.to_frame()


def test_a_whole_life_is_infinite_on_average_where_some_never_leave_and_this_is_said():
    given = clv.estimate_from("bgnbd", PARAMS, period="week")
    found = clv.predict(given, customers([0, 3], [0, 20.0], [39, 39.0]), horizon=float("inf"))
    assert np.all(np.isinf(found["expected_purchases"]))
    assert np.all(np.isfinite(found["purchases_upper"]))
    assert "infinite_expectation" in {note.code for note in found.notes}
    finite = clv.estimate_from("bgnbd", PARAMS | {"a": 2.5}, period="week")
    assert np.all(np.isfinite(clv.predict(finite, None, horizon=float("inf"))["expected_purchases"]))


def test_a_horizon_beyond_the_data_is_said(rfm, fitted):
    assert "horizon_beyond_data" in {note.code for note in clv.predict(fitted, rfm, horizon=52).notes}
    assert not clv.predict(fitted, rfm, horizon=20).notes


def test_arrivals_over_years_are_interpolated_to_ten_digits():
    """The widest range of T asks most of the interpolation."""
    T = np.arange(0, 1_100) / 7
    base = customers(np.zeros(1_100), np.zeros(1_100), T)
    given = clv.estimate_from("bgnbd", PARAMS, period="week")
    states = CustomerStates.of(given, base)
    assert len(states.grid["T"]) < 60  # of 1,100
    wide = {name: np.array([0.5 * v, v, 2.0 * v]) for name, v in PARAMS.items()}
    found = states.evaluate(lambda model, params: model.expectation(params, 52.0), wide)
    for i in range(3):
        params = {name: draws[i] for name, draws in wide.items()}
        right = given.model.expectation(given.model.updated(params, {"x": np.zeros(1_100), "T": T}), 52.0)
        np.testing.assert_allclose(found[i], right[np.argsort(T)], rtol=1e-9)


def test_an_interval_of_full_certainty_is_refused():
    given = clv.estimate_from("bgnbd", PARAMS, period="week")
    for ci_prob in (0, 1, 1.5, "wide"):
        with pytest.raises(ArgumentError, match="ci_prob"):
            clv.predict(given, None, horizon=1, ci_prob=ci_prob)
