"""ln B(a, b) against 40-digit arithmetic."""

import itertools

import mpmath as mp
import numpy as np
import pytest

from clvmodels.kernels.special import betaln

SIZES = (1e-6, 0.3, 1.0, 19.9, 20.1, 1e3, 5e6, 1e9)


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations_with_replacement(SIZES, 2)))
def test_log_beta_keeps_its_digits_for_large_arguments(a, b):
    with mp.workdps(60):
        right = float(mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(mp.mpf(a) + mp.mpf(b)))
    assert betaln(a, b) == pytest.approx(right, rel=4e-15, abs=2e-14)
    assert betaln(b, a) == betaln(a, b)


def test_log_beta_broadcasts():
    assert betaln(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
