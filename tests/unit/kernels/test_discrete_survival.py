"""Declines of survival, and their slopes, against 60-digit arithmetic."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.kernels.discrete_survival import log_decline, log_leaving, log_staying

# Ranges of ln: gamma and delta from 1e-3 to 1e3, steps from 1e-7 (long contracts, small c) to 1e6.
SHAPE = st.floats(np.log(1e-3), np.log(1e3)).map(np.exp)
STEP = st.floats(np.log(1e-7), np.log(1e6)).map(np.exp)
ABOVE_ONE = st.sampled_from([-0.999, -0.5, -1e-9, 2e-16, 1e-9, 0.3, 50.0])


def exact(gamma, a, d):
    gamma, a, d = map(mp.mpf, (gamma, a, d))
    return mp.loggamma(a) + mp.loggamma(a + gamma + d) - mp.loggamma(a + gamma) - mp.loggamma(a + d)


@given(SHAPE, SHAPE, STEP)
def test_a_decline_has_eleven_digits(gamma, a, d):
    with mp.workdps(60):
        right = float(exact(gamma, a, d))
    assert float(log_decline(gamma, a, d)) == pytest.approx(right, rel=1e-11, abs=0)


@given(ABOVE_ONE, SHAPE, STEP)
def test_gamma_may_be_small_and_negative(gamma, a, d):
    with mp.workdps(60):
        right = float(exact(gamma, a + 1, d))
    assert float(log_decline(gamma, a + 1, d)) == pytest.approx(right, rel=1e-11, abs=0)


@pytest.mark.parametrize("function", [log_leaving, log_staying])
@pytest.mark.parametrize("t", [0.0, 1.0, 7.0, 4_000.0])
@given(SHAPE, SHAPE, st.floats(0.01, 5.0))
def test_slopes_are_derivatives(function, t, gamma, delta, c):
    def log_survival(g, d, c, t):
        return -exact(g, d, mp.mpf(t) ** c if t else mp.mpf(0))

    def right(g, d, c):
        if function is log_staying:
            return log_survival(g, d, c, t)
        now, then = log_survival(g, d, c, t), log_survival(g, d, c, t + 1)
        return mp.log(-mp.expm1(then - now))

    _, slopes = function(gamma, delta, c, t, slopes=True)
    with mp.workdps(60):
        at = tuple(map(mp.mpf, (gamma, delta, c)))
        for i, found in enumerate(slopes):
            known = float(mp.diff(right, at, tuple(int(i == j) for j in range(3))))
            # Slopes only lead the search: eight digits are plenty, and none where a slope is nearly zero.
            assert float(found) == pytest.approx(known, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("t", [1e5, 1e6, 1e12])
@pytest.mark.parametrize("c", [1.0, 8.0, 20.0])
def test_staying_is_right_far_out(c, t):
    with mp.workdps(400):  # t^c has up to 240 digits
        right = float(-exact(1e-3, 2.0, mp.mpf(t) ** c))
    assert float(log_staying(1e-3, 2.0, c, t)[0]) == pytest.approx(right, rel=1e-11, abs=0)
