"""Scores against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clvmodels.evaluation import scores
from clvmodels.evaluation.scores import (
    activity_sums,
    calibration_error,
    concentration,
    gini,
    gini_normalised,
    gini_of,
    interval_score,
    pit_curve,
    pit_distance,
    places,
)
from clvmodels.prediction.count_distribution import CountDistribution
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.purchase_sums import PurchaseSums


def counts(pmf):
    """Return distributions whose counts stand alone, and nothing beyond."""
    rows, n = pmf.shape
    ended = np.pad(pmf, ((0, 0), (0, 1)))
    return CountDistribution(np.arange(rows), np.arange(n + 1.0), ended, lambda place, at: np.zeros(len(place)))


COUNTS = st.lists(st.integers(0, 9), min_size=2, max_size=30)


def test_bias_is_relative_and_unknown_where_nothing_came():
    assert scores.bias(np.array([3.0, 3.0]), np.array([1.0, 4.0])) == pytest.approx(0.2, rel=1e-9, abs=0)
    assert np.isnan(scores.bias(np.ones(2), np.zeros(2)))


def test_crps_of_a_certain_count_is_the_distance():
    pmf = np.zeros((3, 10))
    pmf[:, 4] = 1
    np.testing.assert_allclose(counts(pmf).crps(np.array([4.0, 1.0, 9.0])), [0, 3, 5])


def test_crps_of_counts_is_its_energy_form():
    """E|X - y| - E|X - X'| / 2, by enumeration."""
    rng = np.random.default_rng(2)
    pmf = rng.dirichlet(np.ones(8), size=5)
    y = np.array([0, 1, 3, 6, 7])
    k = np.arange(8)
    to_y = (pmf * np.abs(k - y[:, None])).sum(axis=1)
    apart = np.einsum("ri,rj,ij->r", pmf, pmf, np.abs(k[:, None] - k))
    np.testing.assert_allclose(counts(pmf).crps(y.astype(float)), to_y - apart / 2, atol=1e-12)


def test_crps_of_a_sum_is_its_energy_form():
    pmf = np.array([stats.nbinom(0.8, 0.3).pmf(np.arange(60))] * 3)
    pmf[:, -1] += 1 - pmf.sum(axis=1)
    compound = Compound.of(PurchaseSums.of_pmf(pmf), np.full(3, 20.0), np.full(3, 6.25), np.full(3, 3.7))
    rng = np.random.default_rng(6)
    size = 400_000
    k = rng.choice(60, size=2 * size, p=pmf[0])
    sums = np.where(k > 0, rng.gamma(np.maximum(k, 1) * 6.25, 1.0), 0.0) / rng.gamma(3.7, 1 / 20.0, 2 * size)
    came = np.array([0.0, 35.0, 900.0])
    apart = np.abs(sums[:size] - sums[size:]).mean() / 2
    right = [np.abs(sums - y).mean() - apart for y in came]
    np.testing.assert_allclose(compound.crps(came), right, rtol=0.02)  # simulation errs by about 0.5%


@given(COUNTS, st.integers(0, 1_000))
def test_ranking_scores_do_not_hang_on_the_last_digits_of_sums(actual, seed):
    rng = np.random.default_rng(seed)
    actual = np.array(actual, dtype=float)
    spent = np.round(rng.integers(1, 4, len(actual)) * 11.77, 2)
    otherwise = spent * (1 + rng.choice([-2.0, 0.0, 2.0], len(spent)) * np.finfo(float).eps)
    assert scores.cumulative_gain(spent, actual, np.array(0.1)) == pytest.approx(
        scores.cumulative_gain(otherwise, actual, np.array(0.1)), rel=1e-9, abs=1e-12, nan_ok=True
    )
    for score in (scores.spearman, scores.gini):
        right = pytest.approx(score(spent, actual), rel=1e-9, abs=1e-12, nan_ok=True)
        assert score(otherwise, actual) == right


@given(COUNTS, st.integers(0, 10**6))
def test_ranking_scores_do_not_depend_on_the_order_of_the_table(actual, seed):
    actual = np.array(actual, dtype=float)
    rng = np.random.default_rng(seed)
    ranking = rng.integers(0, 4, len(actual)).astype(float)
    order = rng.permutation(len(actual))
    share = np.array([0.1, 0.5])
    np.testing.assert_allclose(
        scores.cumulative_gain(ranking, actual, share), scores.cumulative_gain(ranking[order], actual[order], share)
    )


@given(COUNTS)
def test_nobody_ranks_better_than_who_knows_the_outcome(actual):
    actual = np.array(actual, dtype=float)
    if actual.sum() == 0:
        assert np.isnan(scores.gini(actual, actual))
        return
    best = scores.gini(actual, actual)
    assert -1e-9 <= best < 1
    for seed in range(3):
        assert scores.gini(np.random.default_rng(seed).random(len(actual)), actual) <= best + 1e-12
    assert scores.gini(np.ones(len(actual)), actual) == 0


def test_infinite_values_have_places_of_their_own():
    assert scores.places(np.array([1.0, np.inf, 0.0, np.inf, -np.inf])).tolist() == [2, 3, 1, 3, 0]


def test_top_tenth_of_a_known_base():
    actual = np.array([50.0, *np.ones(9)])
    assert scores.cumulative_gain(actual, actual, np.array([0.1]))[0] == pytest.approx(50 / 59, rel=1e-9, abs=0)
    assert scores.cumulative_gain(np.ones(10), actual, np.array([0.1]))[0] == pytest.approx(0.1, rel=1e-9, abs=0)


def test_rank_correlation_is_the_known_one_and_unknown_for_a_constant():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 5, 50).astype(float), rng.normal(size=50)
    assert scores.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, rel=1e-9, abs=0)
    assert np.isnan(scores.spearman(np.ones(50), b))


def test_log_score_of_the_impossible_is_large_and_finite():
    assert np.isfinite(scores.log_score_of(np.zeros(1)))
    assert scores.log_score_of(np.array([0.25]))[0] == pytest.approx(np.log(4), rel=1e-9, abs=0)


@pytest.mark.slow
def test_crps_of_counts_is_that_of_scoringrules():
    from scoringrules import rps_score  # it compiles its kernels when it is loaded

    rng = np.random.default_rng(5)
    pmf = rng.dirichlet(np.ones(12), 200)
    actual = rng.integers(0, 12, 200).astype(float)
    np.testing.assert_allclose(counts(pmf).crps(actual), rps_score(actual + 1, pmf), rtol=1e-12)


def test_the_interval_score_is_smallest_for_the_true_quantiles():
    """Its definition by hand, and its mean over draws against that of intervals moved and stretched."""
    score = interval_score(np.array([1.0, 1.0, 1.0]), np.array([3.0, 3.0, 3.0]), np.array([2.0, 0.5, 3.1]), 0.9)
    np.testing.assert_allclose(score, [2.0, 2.0 + 20 * 0.5, 2.0 + 20 * 0.1], rtol=1e-12)
    drawn = np.random.default_rng(1).normal(size=200_000)
    means = {
        (low, high): interval_score(np.full(len(drawn), low), np.full(len(drawn), high), drawn, 0.9).mean()
        for low, high in ((-1.645, 1.645), (-1.4, 1.4), (-1.9, 1.9), (-1.445, 1.845))
    }
    assert min(means, key=means.get) == (-1.645, 1.645)


def test_the_pit_of_a_right_forecast_of_counts_lies_on_the_diagonal():
    """Each outcome weighed by its probability, so that no chance enters: what is left is rounding."""
    k = np.arange(40)
    mass = stats.poisson.pmf(k, 1.3)
    below = np.concatenate([[0.0], np.cumsum(mass)[:-1]])
    often = np.repeat(k, np.round(mass * 100_000).astype(int))
    assert pit_distance(pit_curve(below[often], mass[often])) < 5e-4  # shares are rounded to 1 in 100,000, forty times
    wrong = stats.poisson.pmf(k, 1.0)
    below = np.concatenate([[0.0], np.cumsum(wrong)[:-1]])
    # Where too few are expected, the curve lies furthest below the diagonal, within the step of it that k = 0 spans.
    assert pit_distance(pit_curve(below[often], wrong[often])) == pytest.approx(
        max(wrong[:j].sum() - mass[:j].sum() for j in range(1, 6)), abs=0.005
    )


def test_the_pit_of_outcomes_without_a_probability_is_the_usual_one():
    u = np.random.default_rng(2).random(500) ** 1.2
    curve = pit_curve(u, np.zeros(500))
    grid = np.linspace(0, 1, 201)[1:-1]
    np.testing.assert_array_equal(curve, [(u < point).mean() for point in grid])


def test_the_calibration_error_is_the_mean_distance_in_tenths():
    p = np.array([0.02, 0.08, 0.31, 0.39, 1.0])
    active = np.array([0.0, 1.0, 1.0, 1.0, 1.0])
    # Tenth 1: .05 against .5, two customers; tenth 4: .35 against 1, two; tenth 10: 1 against 1.
    assert calibration_error(activity_sums(p, active)) == pytest.approx((2 * 0.45 + 2 * 0.65) / 5, rel=1e-12, abs=0)


def test_a_curve_of_weights_is_that_of_a_base_with_copies():
    rng = np.random.default_rng(3)
    ranking, actual, copies = rng.integers(0, 9, 60).astype(float), rng.poisson(1.0, 60) * 1.0, rng.integers(0, 4, 60)
    weighed = gini_of(concentration(places(-ranking), actual, copies.astype(float)))
    assert weighed == pytest.approx(gini(np.repeat(ranking, copies), np.repeat(actual, copies)), rel=1e-9, abs=0)
    assert gini_normalised(actual, actual) == 1
    assert gini_normalised(-actual, actual) == pytest.approx(-1, rel=1e-9, abs=0)
    assert np.isnan(gini_normalised(ranking, np.ones(60)))  # all alike: nobody is first
