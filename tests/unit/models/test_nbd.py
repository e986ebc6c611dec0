"""NBD against 50-digit arithmetic."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv

MODEL = clv.models.get("nbd")
SHAPES = (1e-3, 0.25, 2.5, 1e3)
RELATIVE = 1e-10


def test_likelihood_has_ten_digits():
    with mp.workdps(50):
        for r, alpha, time, x in itertools.product(
            SHAPES, (1e-2, 4.4, 1e5), (1e-3, 0.3, 20.0, 1e4), (0, 1, 150, 5_000)
        ):
            T = time * alpha
            R, A = mp.mpf(r), mp.mpf(alpha)
            right = mp.loggamma(R + x) - mp.loggamma(R) + R * mp.log(A) - (R + x) * mp.log(A + mp.mpf(T))
            h = {"x": np.array([float(x)]), "t_x": np.array([0.9 * T if x else 0.0]), "T": np.array([T])}
            found = MODEL.pointwise({"r": r, "alpha": alpha}, h)[0]
            # An absolute error of ln L is a relative one of L.
            assert found == pytest.approx(float(right), rel=RELATIVE, abs=RELATIVE), (r, alpha, time, x)


def test_pmf_has_ten_digits():
    with mp.workdps(50):
        for r, y in itertools.product(SHAPES, (1e-3, 0.3, 20.0)):
            pmf = MODEL.pmf({"r": r, "alpha": 1.0}, y, 40)
            R, z = mp.mpf(r), mp.mpf(y) / (1 + mp.mpf(y))
            for k in (0, 1, 10, 39):
                right = mp.gamma(R + k) / (mp.gamma(R) * mp.factorial(k)) * (1 - z) ** R * z**k
                assert pmf[k] == pytest.approx(float(right), rel=RELATIVE, abs=1e-300), (r, y, k)


def test_everybody_is_alive():
    h = {"x": np.array([0.0, 50.0]), "t_x": np.array([0.0, 1.0]), "T": np.array([1e4, 1e4])}
    np.testing.assert_array_equal(MODEL.p_alive({"r": 0.4, "alpha": 12.0}, h), 1.0)
