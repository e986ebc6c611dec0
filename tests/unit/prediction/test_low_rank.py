"""Expectations of all draws and rows, from few of both."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.prediction.low_rank import equal_tails, low_rank, over_draws


@pytest.mark.parametrize("model", ["bgnbd", "mbgcnbd"])
def test_all_draws_are_those_computed_one_by_one(model):
    rfm = clv.rfm_summary(
        clv.load_cdnow(sample=True), customer="customer_id", time="date", observation_end="1997-09-30"
    )
    estimate = clv.fit(model, rfm, n_draws=800)
    states = CustomerStates.of(estimate, rfm)
    rows = slice(0, len(states.histories))
    found = over_draws(states, lambda model, params: model.expectation(params, 39.0), estimate.draws)(rows)
    ahead = states.evaluate(lambda model, params: model.expectation(params, 39.0), estimate.draws)
    exact = states.weigh(states.alive_in_phases(estimate.draws, rows), ahead, rows)
    assert np.max(np.abs(found - exact) / exact.max(axis=0)) < 1e-5  # looked for at 20 draws with 1e-6


def test_rows_that_are_no_combination_of_few_are_left_to_be_computed():
    rng = np.random.default_rng(1)
    noise = rng.random((700, 700))
    draws = {"a": np.arange(700.0)}
    assert low_rank(lambda some, rows: noise[np.ix_(some["a"].astype(int), rows)], draws, 700) is None


def test_rows_like_no_other_stand_for_themselves():
    rng = np.random.default_rng(4)
    values = rng.random((800, 5)) @ rng.random((5, 700))
    values[:, 333] = rng.random(800)
    values[:, 334] = 0.0
    draws = {"a": np.arange(800.0)}
    found = low_rank(lambda some, rows: values[np.ix_(some["a"].astype(int), rows)], draws, 700)
    assert found.few.shape[1] < 20
    np.testing.assert_allclose(found.of(slice(0, 700)), values, rtol=1e-9)


def test_a_row_that_no_candidate_is_like_stands_for_itself():
    rng = np.random.default_rng(5)
    values = rng.random((800, 5)) @ rng.random((5, 9_000))
    values[:, 7] = rng.random(800)  # of 9,000 rows every fourth or fifth is a candidate, and this one isn't
    draws = {"a": np.arange(800.0)}
    found = low_rank(lambda some, rows: values[np.ix_(some["a"].astype(int), rows)], draws, 9_000)
    np.testing.assert_allclose(found.of(np.array([7, 8, 4_500])), values[:, [7, 8, 4_500]], rtol=1e-9)


def test_bounds_are_those_of_the_inverted_distribution():
    values = np.random.default_rng(3).random((400, 7))
    for ci_prob in (0.5, 0.9):
        tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
        right = np.quantile(values, tails, axis=0, method="inverted_cdf")
        np.testing.assert_array_equal(equal_tails(values, ci_prob), right)
    # (1 - 0.95) / 2 x 400 is 10 and a rounding error, which takes NumPy to the eleventh.
    np.testing.assert_array_equal(equal_tails(values, 0.95), np.sort(values, axis=0)[[9, 389]])


def test_what_is_asked_again_is_told_from_what_was_found():
    base = clv.rfm_summary(
        clv.load_cdnow(sample=True).head(300), customer="customer_id", time="date", observation_end="1997-09-30"
    )
    estimate = clv.estimate_from("bgnbd", {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}, period="week")
    states, times = CustomerStates.of(estimate, base), []

    def until(horizon):
        return lambda model, params: times.append(horizon) or model.expectation(params, horizon)

    every = slice(0, len(states.histories))
    first = over_draws(states, until(39.0), estimate.draws, (39.0, 0.0))(every)
    again = over_draws(states, until(39.0), estimate.draws, (39.0, 0.0))(every)
    np.testing.assert_array_equal(first, again)
    assert len(times) == 1
    later = over_draws(states, until(52.0), estimate.draws, (52.0, 0.0))(every)
    assert np.all(later > first)
    other = {name: values * 1.1 for name, values in estimate.draws.items()}
    assert not np.array_equal(over_draws(states, until(52.0), other, (52.0, 0.0))(every), later)
    assert times == [39.0, 52.0, 52.0]
