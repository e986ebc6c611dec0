"""Weights whose largest are smoothed by a Pareto distribution."""

import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from clvmodels.kernels.pareto_tail import smoothed

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("n", [60, 400, 1_000, 4_000])
@pytest.mark.parametrize("scale", [0.01, 0.5, 3.0])
def test_weights_and_shape_are_those_of_arviz(n, scale):
    for log_weights in (scale * RNG.standard_normal(n), scale * RNG.exponential(size=n), scale * RNG.standard_t(3, n)):
        weights, k = smoothed(log_weights)
        log_known, known_k = array_stats.psislw(-log_weights)  # it wants minus the logarithms
        assert k == pytest.approx(float(known_k), rel=1e-10, abs=1e-10)  # sums of a hundred terms, and k may be 0
        np.testing.assert_allclose(weights, np.exp(log_known), rtol=1e-9)


def test_the_largest_weights_are_no_larger_than_they_were():
    log_weights = 2 * RNG.standard_normal(2_000)
    weights, _ = smoothed(log_weights)
    plain = np.exp(log_weights - log_weights.max())
    assert weights.max() / weights.min() <= 1.0000001 * plain.max() / plain.min()
    assert np.sum(weights) == pytest.approx(1.0, rel=1e-12, abs=0)


def test_equal_weights_have_no_tail():
    weights, k = smoothed(np.full(1_000, -3.0))
    assert k == 0.0
    np.testing.assert_allclose(weights, 1e-3, rtol=1e-12)


@pytest.mark.parametrize("nowhere", [-np.inf, np.nan])
def test_where_nothing_has_a_likelihood_no_draw_has_weight(nowhere):
    weights, k = smoothed(np.full(500, nowhere))
    assert k == np.inf
    assert not weights.any()
    one = np.full(500, nowhere)
    one[17] = 0.0
    weights, k = smoothed(one)
    assert weights[17] == 1.0
    assert k == np.inf


def test_a_few_weights_are_left_as_they_are():
    weights, k = smoothed(np.log([1.0, 2.0, 5.0]))
    np.testing.assert_allclose(weights, [0.125, 0.25, 0.625], rtol=1e-12)
    assert k == np.inf
