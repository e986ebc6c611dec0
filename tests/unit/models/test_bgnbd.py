"""BG/NBD against 50-digit arithmetic."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv

from . import mp_bgnbd as exact

MODEL = clv.models.get("bgnbd")
SHAPES = (1e-3, 0.25, 2.5, 1e3)
TIMES = (1e-3, 0.3, 20.0, 1e4)  # T / alpha
PURCHASES = (0, 1, 7, 150, 5_000)
RELATIVE = 1e-10


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(exact.DIGITS):
        yield


def grid(*axes, seed, size):
    """Return a part of the grid that all runs share: every level of every axis occurs."""
    everything = list(itertools.product(*axes))
    chosen = np.random.default_rng(seed).choice(len(everything), size, replace=False)
    return [everything[i] for i in sorted(chosen)]


HISTORIES = grid(SHAPES, SHAPES, SHAPES, TIMES, PURCHASES, (0.05, 0.6, 1.0), seed=1, size=250)
FUTURES = grid(SHAPES, (1e-6, 1e-3, 0.8, 1 - 1e-9, 1.0, 1 + 1e-9, 3.0, 1e3), SHAPES, TIMES, PURCHASES, seed=2, size=150)


@pytest.mark.parametrize("alpha", [4.4, 1e5])
def test_likelihood_and_p_alive_have_ten_digits(alpha):
    for r, a, b, time, x, when in HISTORIES:
        T = time * alpha
        t_x = when * T if x else 0.0
        params = {"r": r, "alpha": alpha, "a": a, "b": b}
        h = {"x": np.array([float(x)]), "t_x": np.array([t_x]), "T": np.array([T])}
        right = float(exact.log_likelihood(r, alpha, a, b, x, t_x, T))
        # ln L enters results as L, so an absolute error of ln L is a relative one of L; ln L itself may be tiny or
        # huge.
        assert MODEL.pointwise(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), (params, h)
        right = float(exact.p_alive(r, alpha, a, b, x, t_x, T))
        assert MODEL.p_alive(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=1e-300), (params, h)


@pytest.mark.slow
def test_conditional_expectation_has_ten_digits():
    for r, a, b, time, x in FUTURES:
        alpha, T = 1.0, 30.0
        params = {"r": r, "alpha": alpha, "a": a, "b": b}
        updated = MODEL.updated(params, {"x": np.array([float(x)]), "T": np.array([T])})
        t = time * (alpha + T)
        right = float(exact.expectation(r + x, alpha + T, a, mp.mpf(b) + x, t))
        assert MODEL.expectation(updated, t)[0] == pytest.approx(right, rel=RELATIVE, abs=0), (params, x, t)


@pytest.mark.slow
def test_pmf_has_ten_digits():
    for r, a, b, time in grid(SHAPES, SHAPES, SHAPES, (1e-3, 0.3, 20.0), seed=3, size=60):
        pmf = MODEL.pmf({"r": r, "alpha": 1.0, "a": a, "b": b}, time, 40)
        for k in (0, 1, 2, 10, 39):
            right = exact.pmf(r, 1.0, a, b, time, k)
            if right > mp.mpf(10) ** -290:  # smaller ones are zero in double precision
                assert pmf[k] == pytest.approx(float(right), rel=RELATIVE, abs=0), (r, a, b, time, k)


def test_published_failures_of_other_packages_are_right_here():
    """Where the 2F1 form gives inf or NaN: many purchases, and a = 1."""
    for x in (400, 800):
        params = {"r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.4}
        updated = MODEL.updated(params, {"x": np.array([float(x)]), "T": np.array([365.0])})
        right = float(exact.expectation(0.25 + x, 369.0, 0.8, mp.mpf("2.4") + x, 1_825.0))
        assert MODEL.expectation(updated, 1_825.0)[0] == pytest.approx(right, rel=1e-9, abs=0)
    at_one = MODEL.expectation({"r": 0.25, "alpha": 4.0, "a": 1.0, "b": 2.4}, 39.0)
    assert float(at_one) == pytest.approx(float(exact.expectation(0.25, 4.0, 1.0, 2.4, 39.0)), rel=RELATIVE, abs=0)


def test_many_times_of_one_customer_are_the_times_one_by_one():
    times = np.array([[0.5], [3.0], [40.0], [900.0]])
    params = {
        "r": np.array([0.25, 5.0]),
        "alpha": np.array([4.0, 40.0]),
        "a": np.array([0.8, 0.8]),
        "b": np.array([2.4, 9.0]),
    }
    together = MODEL.expectation(params, times)
    single = np.array([MODEL.expectation(params, float(t)) for t in times[:, 0]])
    np.testing.assert_allclose(together, single, rtol=1e-11)


def test_lifetime_purchases_are_finite_only_for_a_above_one():
    assert MODEL.expectation({"r": 0.3, "alpha": 4.0, "a": 3.0, "b": 2.0}, np.inf) == pytest.approx(
        2.0, rel=1e-9, abs=0
    )
    assert np.isinf(MODEL.expectation({"r": 0.3, "alpha": 4.0, "a": 0.9, "b": 2.0}, np.inf))
    pmf = MODEL.pmf({"r": 0.3, "alpha": 4.0, "a": 3.0, "b": 2.0}, np.inf, 4_000)
    assert pmf.sum() == pytest.approx(1, abs=1e-12)
    assert pmf[0] == 0
