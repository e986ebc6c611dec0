"""Two points that stand for many values."""

import numpy as np
import pytest

from clvmodels.kernels.two_points import two_points

SPREADS = [
    [3.0],
    [1.0, 1.0, 1.0],
    [1.0, 2.0],
    [0.0, 0.0, 1.0],
    [-0.5, 0.1, 0.2, 0.45],
    [5.0, 5.0, 5.0, 5.000001],
    np.random.default_rng(1).gamma(0.3, 1.0, 1_000).tolist(),
    np.random.default_rng(2).uniform(-0.5, 0.5, 10_000).tolist(),
]


@pytest.mark.parametrize("values", SPREADS)
def test_two_points_keep_sums_up_to_third_powers(values):
    v = np.array(values)
    points, weights = two_points(*(np.array([np.sum(v**k)]) for k in range(4)))
    for k in range(4):
        assert float((weights * points**k).sum()) == pytest.approx(float(np.sum(v**k)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("values", SPREADS)
def test_the_points_lie_among_the_values_and_stand_for_customers(values):
    v = np.array(values)
    points, weights = two_points(*(np.array([np.sum(v**k)]) for k in range(4)))
    rounding = 1e-6 * max(np.abs(v).max(), 1.0)  # of a spread that is the difference of two sums of squares
    assert np.all(weights >= 0)
    assert np.all((points[weights > 0] >= v.min() - rounding) & (points[weights > 0] <= v.max() + rounding))
