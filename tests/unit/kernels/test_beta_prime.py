"""Beta-prime distributions of the logarithm against fifty digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from clvmodels.kernels.beta_prime import expansion, log_cdf_at

CASES = [
    (6.25, 3.74, 0.4),
    (200.0, 123.7, 0.9),
    (0.4, 2.2, -3.0),
    (12.0, 40.0, 2.0),
    (100.0, 1.2, 5.5),
    (6.25, 3.74, -2.0),
]


def right(a, b, v):
    """Return P(Y <= e^v) in numbers of fifty digits."""
    return mp.betainc(a, b, 0, 1 / (1 + mp.exp(-v)), regularized=True)


def density(a, b, v):
    """Return its slope."""
    return mp.exp(a * v) / (1 + mp.exp(v)) ** (mp.mpf(a) + b) / mp.beta(a, b)


@pytest.mark.parametrize(("a", "b", "v"), CASES)
def test_an_expansion_has_the_coefficients_of_fifty_digits(a, b, v):
    found = expansion(*np.array([[a], [b], [v]]), 8)[:, 0]
    with mp.workdps(50):
        slopes = mp.taylor(lambda u: density(a, b, u), mp.mpf(v), 7)
        known = [float(right(a, b, mp.mpf(v))), *(float(c / (m + 1)) for m, c in enumerate(slopes))]
    largest = np.max(np.abs(known))
    np.testing.assert_allclose(found, known, rtol=1e-11, atol=1e-13 * largest)  # sums of terms that cancel in part


def test_what_is_missing_to_one_keeps_its_digits():
    a, b, v = np.array([2.0]), np.array([3.0]), np.array([9.0])
    with mp.workdps(50):
        missing = float(1 - right(2, 3, mp.mpf(9)))
    assert 1 - log_cdf_at(a, b, v)[0] == pytest.approx(missing, abs=2e-16)  # half a unit of the last place of 1, twice
    assert missing < 1e-10
