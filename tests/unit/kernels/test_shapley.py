"""Shares of a difference, against all orders one by one."""

from itertools import permutations

import numpy as np
import pytest

from clvmodels.kernels.shapley import shapley


def by_orders(values):
    """Return the mean of what each cause changes over all orders of switching causes on."""
    n = values.ndim
    found = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        at = [0] * n
        for cause in order:
            before = values[tuple(at)]
            at[cause] = 1
            found[cause] += values[tuple(at)] - before
    return found / len(orders)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_shares_are_the_mean_over_all_orders(n):
    values = np.random.default_rng(n).normal(size=(2,) * n)
    assert shapley(values, n) == pytest.approx(by_orders(values), rel=1e-12, abs=1e-12)


def test_shares_add_up_to_the_whole_difference():
    values = np.random.default_rng(0).normal(size=(3, 4, *(2,) * 6))
    shares = shapley(values, 6)
    whole = values[..., 1, 1, 1, 1, 1, 1] - values[..., 0, 0, 0, 0, 0, 0]
    assert shares.shape == (3, 4, 6)
    assert shares.sum(axis=-1) == pytest.approx(whole, rel=0, abs=1e-12)  # a few sums of numbers of size 1


def test_a_cause_that_changes_nothing_has_no_share():
    one = np.random.default_rng(1).normal(size=(2, 2))
    values = np.stack([one, one], axis=1)
    assert shapley(values, 3)[1] == 0
    assert shapley(values, 3)[[0, 2]] == pytest.approx(shapley(one, 2), rel=1e-12, abs=0)


def test_without_causes_nothing_is_shared_out():
    assert shapley(np.ones((4,)), 0).shape == (4, 0)
