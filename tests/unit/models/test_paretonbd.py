"""Pareto/NBD against 250-digit arithmetic, through its ridges and removable points."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.kernels.power_integral import log_power_integral

MODEL = clv.models.get("paretonbd")
SHAPES = (1e-3, 0.25, 2.5, 1e3)
SCALES = (1e-2, 10.0, 1e5)
TIMES = (1e-3, 0.3, 20.0, 1e4)  # T / alpha
PURCHASES = (0, 1, 7, 150, 5_000)
RELATIVE = 1e-10
OF_INTEGRALS = 1e-9


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(60):
        yield


def log_integral(A, alpha, B, beta, lower, upper):
    """Return ln of the integral of (alpha + y)^-A (beta + y)^-B by a positive hypergeometric series (Euler's form)."""
    if upper == lower:
        return mp.ninf
    if alpha > beta:
        A, alpha, B, beta = B, beta, A, alpha
    w = A + B - 1

    def beyond(t):
        power = -(A - 1) * mp.log(alpha + t) - B * mp.log(beta + t)
        return power + mp.log(mp.hyp2f1(1, B, w + 1, (beta - alpha) / (beta + t))) - mp.log(w)

    first = beyond(lower)
    return first + mp.log(-mp.expm1(beyond(upper) - first))


def terms(r, alpha, s, beta, x, t_x, T):
    """Return ln of the alive and the gone term."""
    r, alpha, s, beta, x, t_x, T = map(mp.mpf, (r, alpha, s, beta, x, t_x, T))
    c = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) + s * mp.log(beta)
    alive = c - (r + x) * mp.log(alpha + T) - s * mp.log(beta + T)
    return alive, c + mp.log(s) + log_integral(r + x, alpha, s + 1, beta, t_x, T)


def chosen(axes, seed, size):
    everything = list(itertools.product(*axes))
    return [everything[i] for i in sorted(np.random.default_rng(seed).choice(len(everything), size, replace=False))]


HISTORIES = chosen((SHAPES, SHAPES, SCALES, SCALES, TIMES, PURCHASES, (0.05, 0.6, 1.0)), 1, 150)
RIDGES = [
    (0.5, 10.0, 20.0, 1e5, 7, 3.0, 39.0),
    (0.5, 10.0, 20.0, 1e5, 0, 0.0, 39.0),
    (20.0, 1e5, 0.6, 12.0, 2, 20.0, 39.0),
    (0.25, 0.01, 0.6, 12.0, 3_000, 30.0, 39.0),
    (0.5, 10.0, 0.6, 1e3, 250, 30.0, 39.0),
    (0.5, 10.0, 1e-6, 12.0, 3, 30.0, 39.0),
    (0.5, 10.0, 1.0, 10.0, 3, 30.0, 39.0),
]


def compare(r, alpha, s, beta, x, t_x, T):
    params = {"r": r, "alpha": alpha, "s": s, "beta": beta}
    h = {"x": np.array([float(x)]), "t_x": np.array([t_x]), "T": np.array([T])}
    alive, gone = terms(r, alpha, s, beta, x, t_x, T)
    right = float(mp.log(mp.exp(alive) + mp.exp(gone)))
    # ln L enters results as L, so an absolute error of ln L is a relative one of L; ln L itself may be tiny or huge.
    assert MODEL.pointwise(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), (params, h)
    right = float(1 / (1 + mp.exp(gone - alive)))
    assert MODEL.p_alive(params, h)[0] == pytest.approx(right, rel=OF_INTEGRALS, abs=1e-300), (params, h)


@pytest.mark.parametrize("alpha", SCALES)
def test_likelihood_and_p_alive_have_ten_digits(alpha):
    for r, s, scale, beta, time, x, when in HISTORIES:
        if scale == alpha:
            T = time * alpha
            compare(r, alpha, s, beta, x, when * T if x else 0.0, T)


@pytest.mark.parametrize("case", RIDGES)
def test_likelihood_and_p_alive_hold_on_ridges_and_at_removable_points(case):
    compare(*case)


def test_a_likelihood_that_overflows_elsewhere_is_right():
    """250 purchases with alpha = 10 and beta = 1000: the hypergeometric form of the textbooks gives +inf."""
    params = {"r": 0.5, "alpha": 10.0, "s": 0.6, "beta": 1e3}
    h = {"x": np.array([250.0]), "t_x": np.array([30.0]), "T": np.array([39.0])}
    alive, gone = terms(0.5, 10, mp.mpf("0.6"), 1000, 250, 30, 39)
    assert MODEL.pointwise(params, h)[0] == pytest.approx(float(mp.log(mp.exp(alive) + mp.exp(gone))), rel=1e-12, abs=0)


def test_expectation_has_ten_digits():
    for s, beta, t in itertools.product((1e-6, 0.3, 1.0, 1 + 1e-9, 1 - 1e-9, 3.0, 1e3), SCALES, (1e-3, 1.0, 39.0, 1e4)):
        S, B = mp.mpf(s), mp.mpf(beta)
        grown = mp.log(1 + t / B)
        within = B * grown if S == 1 else B / (S - 1) * -mp.expm1(-(S - 1) * grown)
        found = MODEL.expectation({"r": 0.5, "alpha": 10.0, "s": s, "beta": beta}, t)
        assert float(found) == pytest.approx(float(within / 20), rel=RELATIVE, abs=0), (s, beta, t)


def test_pmf_has_nine_digits_against_quadrature():
    for r, alpha, s, beta, t in (
        (0.5, 10.0, 0.6, 12.0, 39.0),
        (2.0, 0.1, 3.0, 50.0, 200.0),
        (0.3, 1e3, 0.01, 0.1, 52.0),
    ):
        pmf = MODEL.pmf({"r": r, "alpha": alpha, "s": s, "beta": beta}, t, 40)
        for k in (0, 1, 39):

            def bought(y, k=k, r=r, alpha=alpha):
                return mp.binomial(r + k - 1, k) * (alpha / (alpha + y)) ** r * (y / (alpha + y)) ** k

            def leaving(u, s=s, beta=beta, t=t, bought=bought):
                y = mp.e**u
                # as a part of the other term: the quadrature ends where what is left is small beside 1
                return bought(y) / bought(t) * s / (beta + y) * (beta / (beta + y)) ** s * y

            with mp.workdps(20):
                edges = [mp.log(t) - 60, mp.log(t) - 20, *(mp.log(t) - 20 + 2 * i for i in range(1, 11))]
                right = bought(t) * (mp.quad(leaving, edges) + (beta / (beta + t)) ** s)
            # All counts share nodes, so what is promised of the smallest is an absolute error.
            assert pmf[k] == pytest.approx(float(right), rel=OF_INTEGRALS, abs=1e-15), (r, alpha, s, beta, k)


def test_pmf_of_a_whole_life_sums_to_one():
    for params in ({"r": 0.5, "alpha": 10.0, "s": 0.6, "beta": 12.0}, {"r": 5.0, "alpha": 1.0, "s": 3.0, "beta": 90.0}):
        pmf = MODEL.pmf(params, np.inf, 600)
        assert pmf.sum() == pytest.approx(1, abs=1e-11)
        assert np.all(pmf >= 0)


def test_expectation_of_a_whole_life_is_finite_only_for_s_above_one():
    assert MODEL.expectation({"r": 0.5, "alpha": 10.0, "s": 3.0, "beta": 40.0}, np.inf) == pytest.approx(
        1.0, rel=1e-9, abs=0
    )
    assert np.isinf(MODEL.expectation({"r": 0.5, "alpha": 10.0, "s": 0.9, "beta": 40.0}, np.inf))


def test_slopes_of_the_integral_are_its_derivatives():
    point = np.array([3.5, 10.0, 1.6, 12.0])

    def value(*v):
        return float(log_power_integral(*v, 5.0, 39.0)[0])

    slopes = log_power_integral(*point, 5.0, 39.0, slopes=True)[1]
    for i, slope in enumerate(slopes):
        step = np.eye(4)[i] * 1e-5 * point[i]
        # Central differences err by a millionth of a millionth of the third derivative, and by rounding over the step.
        assert float(slope) == pytest.approx(
            (value(*point + step) - value(*point - step)) / (2 * step[i]), rel=1e-7, abs=0
        )


def test_an_interval_without_length_has_no_mass():
    value, slopes = log_power_integral(3.5, 10.0, 1.6, 12.0, 39.0, 39.0, slopes=True)
    assert value == -np.inf
    assert np.all(np.isfinite(slopes))


def test_without_dropout_it_is_nbd():
    h = {"x": np.array([0.0, 4.0]), "t_x": np.array([0.0, 30.0]), "T": np.array([39.0, 39.0])}
    still = MODEL.pointwise({"r": 0.4, "alpha": 12.0, "s": 1e-12, "beta": 10.0}, h)
    np.testing.assert_allclose(still, clv.models.get("nbd").pointwise({"r": 0.4, "alpha": 12.0}, h), atol=1e-10)
