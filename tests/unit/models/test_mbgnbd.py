"""MBG/NBD against 50-digit arithmetic, and against BG/NBD where they meet."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv

from . import mp_bgnbd as exact

MODEL = clv.models.get("mbgnbd")
SHAPES = (1e-3, 0.25, 2.5, 1e3)
RELATIVE = 1e-10


def histories():
    grid = list(itertools.product(SHAPES, SHAPES, SHAPES, (1e-3, 0.3, 20.0, 1e4), (0, 1, 7, 150, 5_000), (0.05, 1.0)))
    chosen = np.random.default_rng(1).choice(len(grid), 200, replace=False)
    return [grid[i] for i in sorted(chosen)]


def test_likelihood_and_p_alive_have_ten_digits():
    with mp.workdps(exact.DIGITS):
        for r, a, b, T, x, when in histories():
            t_x = when * T if x else 0.0
            R, A, B = map(mp.mpf, (r, a, b))
            c = mp.loggamma(R + x) - mp.loggamma(R)
            beta = mp.log(mp.beta(A, B))
            alive = c + mp.log(mp.beta(A, B + x + 1)) - beta - (R + x) * mp.log(1 + mp.mpf(T))
            gone = c + mp.log(mp.beta(A + 1, B + x)) - beta - (R + x) * mp.log(1 + mp.mpf(t_x))
            params = {"r": r, "alpha": 1.0, "a": a, "b": b}
            h = {"x": np.array([float(x)]), "t_x": np.array([t_x]), "T": np.array([T])}
            right = float(mp.log(mp.exp(alive) + mp.exp(gone)))
            # An absolute error of ln L is a relative one of L.
            assert MODEL.pointwise(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), (params, h)
            right = float(1 / (1 + mp.exp(gone - alive)))
            assert MODEL.p_alive(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=1e-300), (params, h)


@pytest.mark.slow
def test_expectation_has_ten_digits():
    with mp.workdps(exact.DIGITS):
        for r, a, b, t in itertools.product(SHAPES, (1e-3, 0.8, 1.0, 1 + 1e-9, 3.0), SHAPES, (1e-3, 0.3, 1e4)):
            R, A, B, z = mp.mpf(r), mp.mpf(a), mp.mpf(b), mp.mpf(t) / (1 + mp.mpf(t))
            if A == 1:
                A += mp.mpf(10) ** -100
            right = float(B / (A - 1) * (1 - (1 - z) ** R * mp.hyp2f1(R, B + 1, A + B, z)))
            found = MODEL.expectation({"r": r, "alpha": 1.0, "a": a, "b": b}, t)
            assert float(found) == pytest.approx(right, rel=RELATIVE, abs=0), (r, a, b, t)


def test_whoever_is_alive_follows_bgnbd():
    """Buying on, a customer with one more coin passed is a BG/NBD customer with b + 1."""
    params = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}
    h = {"x": np.array([3.0]), "t_x": np.array([20.0]), "T": np.array([39.0])}
    bgnbd = clv.models.get("bgnbd")
    one, other = bgnbd.updated(params | {"b": 2.6}, h), MODEL.updated(params, h)
    assert MODEL.expectation(other, 20.0) == bgnbd.expectation(one, 20.0)
    np.testing.assert_array_equal(MODEL.pmf(other, 20.0, 5), bgnbd.pmf(one, 20.0, 5))


def test_a_customer_without_a_repeat_purchase_may_have_left():
    params = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}
    never = {"x": np.zeros(3), "t_x": np.zeros(3), "T": np.array([1.0, 10.0, 100.0])}
    p_alive = MODEL.p_alive(params, never)
    assert np.all(np.diff(p_alive) < 0)
    assert p_alive[0] < 1.6 / 2.5
