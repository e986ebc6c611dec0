"""BG/BB against 50-digit arithmetic."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest
from lifetimes import BetaGeoBetaBinomFitter

import clvmodels as clv

MODEL = clv.models.get("bgbb")
SHAPES = (1e-3, 0.7, 2.5, 1e3)
RELATIVE = 1e-10
DIGITS = 50


def drawn(n, *lists):
    grid = list(itertools.product(*lists))
    return [grid[i] for i in np.random.default_rng(3).choice(len(grid), n, replace=False)]


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def survival(gamma, delta, k):
    return mp.exp(log_beta(gamma, delta + k) - log_beta(gamma, delta))


def buys(alpha, beta, made, missed):
    """Return the chance of one row of opportunities with so many taken and missed."""
    return mp.exp(log_beta(alpha + made, beta + missed) - log_beta(alpha, beta))


def leaves(gamma, delta, k):
    return mp.exp(log_beta(gamma + 1, delta + k) - log_beta(gamma, delta))


@pytest.mark.slow
@pytest.mark.parametrize("history", [(0, 0, 6), (0, 0, 300), (1, 1, 1), (4, 5, 6), (3, 40, 200), (150, 150, 300)])
def test_likelihood_and_p_alive_have_ten_digits(history):
    x, t_x, T = history
    with mp.workdps(DIGITS):
        for shapes in drawn(25, *[SHAPES] * 4):
            alpha, beta, gamma, delta = map(mp.mpf, shapes)
            alive = buys(alpha, beta, x, T - x) * survival(gamma, delta, T)
            gone = mp.fsum(buys(alpha, beta, x, t_x - x + i) * leaves(gamma, delta, t_x + i) for i in range(T - t_x))
            params = dict(zip(("alpha", "beta", "gamma", "delta"), shapes, strict=True))
            h = {name: np.array([float(v)]) for name, v in zip(("x", "t_x", "T"), history, strict=True)}
            # An absolute error of ln L is a relative one of L.
            right = float(mp.log(alive + gone))
            assert MODEL.pointwise(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), params
            right = float(alive / (alive + gone))
            assert MODEL.p_alive(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=1e-300), params


def test_expectation_has_ten_digits_and_no_pole_at_gamma_1():
    with mp.workdps(200):  # near gamma = 1 the closed form loses as many digits as gamma - 1 has zeros
        for gamma, delta, n in itertools.product(
            (1e-3, 0.66, 1.0, 1 + 1e-9, 1 + 2e-16, 3.0, 1e3), SHAPES, (1, 6, 10_000)
        ):
            G, D = mp.mpf(gamma), mp.mpf(delta)
            if G == 1:
                G += mp.mpf(10) ** -90
            rest = mp.gammaprod([G + D, D + 1 + n], [D + 1, G + D + n])
            right = float(mp.mpf(1.2) / (mp.mpf(1.2) + mp.mpf(0.75)) * D / (G - 1) * (1 - rest))
            found = MODEL.expectation({"alpha": 1.2, "beta": 0.75, "gamma": gamma, "delta": delta}, float(n))
            assert float(found) == pytest.approx(right, rel=RELATIVE, abs=0), (gamma, delta, n)


@pytest.mark.parametrize("t", [1, 7, 64, 90])
def test_pmf_has_ten_digits(t):
    with mp.workdps(DIGITS):
        for shapes in drawn(6, *[SHAPES] * 4):
            alpha, beta, gamma, delta = map(mp.mpf, shapes)
            pmf = MODEL.pmf(dict(zip(("alpha", "beta", "gamma", "delta"), shapes, strict=True)), float(t), 5)
            exact = []
            for k in range(5):
                ways = [mp.binomial(i, k) * buys(alpha, beta, k, i - k) if i >= k else mp.mpf(0) for i in range(t + 1)]
                there = mp.fsum(ways[i] * leaves(gamma, delta, i) for i in range(t))
                exact.append(there + ways[t] * survival(gamma, delta, t))
            right = [float(p) for p in exact] + [float(1 - mp.fsum(exact))]
            np.testing.assert_allclose(pmf, right, rtol=RELATIVE, atol=1e-40, err_msg=str(shapes))


@pytest.mark.parametrize("shapes", [(1.2, 0.75, 0.66, 2.8), (100.0, 900.0, 0.66, 2_000.0), (0.1, 3.0, 1.5, 40.0)])
def test_pmf_of_many_opportunities_is_as_exact_as_that_of_few(shapes):
    """With more counts asked for, the lifetimes up to 4 times as many are summed one by one."""
    params = dict(zip(("alpha", "beta", "gamma", "delta"), shapes, strict=True))
    in_blocks, one_by_one = MODEL.pmf(params, 3_000.0, 20), MODEL.pmf(params, 3_000.0, 800)
    np.testing.assert_allclose(in_blocks[:20], one_by_one[:20], rtol=RELATIVE)
    assert in_blocks[20] == pytest.approx(one_by_one[20:].sum(), rel=RELATIVE, abs=0)


@pytest.mark.slow
def test_without_end_the_mean_of_the_pmf_is_the_expectation():
    params = {"alpha": 1.2, "beta": 3.0, "gamma": 4.0, "delta": 5.0}
    pmf = MODEL.pmf(params, np.inf, 400)
    assert pmf.sum() == pytest.approx(1, abs=1e-12)
    # What lies beyond 400 purchases falls like 400^-4 and weighs 400^-3.
    assert pmf @ np.arange(401) == pytest.approx(float(MODEL.expectation(params, np.inf)), rel=1e-6, abs=0)


def test_parameters_and_times_broadcast():
    gamma = np.array([0.5, 1.0, 2.0])
    params = {"alpha": 1.2, "beta": 0.75, "gamma": gamma, "delta": np.array([[2.0], [30.0]])}
    times = np.array([3.0, 70.0, 500.0]).reshape(3, 1, 1)
    together = MODEL.expectation(params, times)
    assert together.shape == (3, 2, 3)
    one = {"alpha": 1.2, "beta": 0.75, "gamma": 2.0, "delta": 30.0}
    assert together[1, 1, 2] == MODEL.expectation(one, 70.0)
    assert MODEL.pmf(params, times, 4)[2, 1, 1, 2] == pytest.approx(MODEL.pmf(one, 70.0, 4)[2], rel=1e-13, abs=0)


def test_a_fit_of_lifetimes_is_taken_over():
    donors = clv.load_donations()
    counted = donors.groupby(["frequency", "recency", "T"]).size().reset_index(name="weight")
    fitter = BetaGeoBetaBinomFitter().fit(*(counted[name] for name in counted))
    taken, own = clv.from_lifetimes(fitter, period="year"), clv.fit("bgbb", clv.as_summary(donors, period="year"))
    for name, value in own.params.items():
        assert taken.params[name] == pytest.approx(value, rel=1e-3, abs=0)  # its optimiser stops that far from the top
