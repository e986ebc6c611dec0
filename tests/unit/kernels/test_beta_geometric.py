"""Purchases of customers who may leave after each one, against 40-digit arithmetic."""

import pytest
from mpmath import mp, mpf

from clvmodels.kernels.beta_geometric import expected_purchases


@pytest.mark.parametrize("y", [6e2, 6e5, 6e8])
def test_expectations_hold_where_few_leave_and_many_purchases_lie_ahead(y):
    """Below a = 1 the integrand hardly falls between its bends, and all of the upper one counts."""
    r, a, b = 19.56, 0.9875, 21.75
    with mp.workdps(40):
        right = float((mpf(a) + b - 1) / (mpf(a) - 1) * (1 - mp.hyp2f1(r, mpf(a) - 1, mpf(a) + b - 1, -y)))
    assert float(expected_purchases(r, y, a, b)) == pytest.approx(right, rel=1e-10, abs=0)
