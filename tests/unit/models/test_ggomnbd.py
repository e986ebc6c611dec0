"""GGompertz/NBD against arbitrary precision, and against the models it becomes at its edges."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.kernels.gompertz_lifetime import log_gompertz_integral, log_growth

MODEL = clv.models.get("ggomnbd")
OF_INTEGRALS = 1e-9
H = {"x": np.array([0.0, 0.0, 2.0, 9.0, 30.0]), "t_x": np.array([0.0, 0.0, 30.0, 12.0, 38.0])}
H["T"] = np.array([39.0, 0.5, 39.0, 39.0, 39.0])

# r + x, alpha, s, beta, b, lower, upper
INTEGRALS = [
    (0.5, 10.0, 0.6, 0.6, 0.05, 0.0, 39.0),
    (3.5, 10.0, 0.6, 1e-5, 1e-6, 30.0, 39.0),
    (0.001, 1e3, 1e-3, 1e3, 1.0, 0.0, 90.0),
    (300.0, 0.1, 5.0, 40.0, 3.0, 20.0, 39.0),
    (5_000.2, 0.1, 0.3, 1e-3, 0.01, 20.0, 39.0),
    (5_000.2, 10.0, 900.0, 17.0, 0.1, 15.0, 39.0),
    (0.2, 1e5, 1e3, 1e4, 0.5, 0.0, 39.0),
    (4.0, 10.0, 0.1, 1e6, 2.0, 1.0, 39.0),
]


def integral(A, alpha, s, beta, b, lower, upper):
    """Return ln of the integral over steps that start at the length on which the integrand changes."""
    A, alpha, s, beta, b, lower, upper = map(mp.mpf, (A, alpha, s, beta, b, lower, upper))

    def leaving(y):
        grown = beta + mp.expm1(b * y)
        power = mp.exp(-A * mp.log((alpha + y) / (alpha + lower)))
        return power * s * b * mp.exp(b * y) / grown * (beta / grown) ** s

    edges, step = (
        [lower],
        1 / (A / (alpha + lower) + (s + 1) * b * mp.exp(b * lower) / (beta + mp.expm1(b * lower)) + b),
    )
    while edges[-1] + step < upper and len(edges) < 200:
        edges.append(edges[-1] + step)
        step = min(step * mp.mpf("1.25"), 2 / b)
    return mp.log(mp.quad(leaving, [*edges, upper])) - A * mp.log(alpha + lower)


@pytest.mark.parametrize("case", INTEGRALS)
def test_the_integral_over_leaving_has_nine_digits(case):
    with mp.workdps(30):
        right = integral(*case)
    # An absolute error of ln I is a relative one of I.
    assert float(log_gompertz_integral(*case)[0]) == pytest.approx(float(right), rel=1e-12, abs=OF_INTEGRALS)


def test_growth_of_the_hazard_holds_for_any_time():
    with mp.workdps(60):
        for beta in (1e-6, 0.6, 1.0, 1e5):
            for b, t in ((1e-9, 1.0), (0.05, 39.0), (50.0, 39.0), (50.0, 1e4)):
                right = mp.log1p(mp.expm1(mp.mpf(b) * t) / beta)
                assert float(log_growth(t, beta, b)[0]) == pytest.approx(float(right), rel=1e-12, abs=0), (beta, b, t)


def test_without_growth_lifetimes_are_exponential():
    """With b to zero and beta / b fixed it is the Pareto/NBD."""
    pareto = {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}
    b = 1e-9
    same = {"r": 0.5533, "alpha": 10.578, "b": b, "s": 0.6062, "beta": 11.669 * b}
    other = clv.models.get("paretonbd")
    # They differ by b T = 4e-8 in the hazard.
    np.testing.assert_allclose(MODEL.pointwise(same, H), other.pointwise(pareto, H), rtol=1e-7)
    np.testing.assert_allclose(MODEL.p_alive(same, H), other.p_alive(pareto, H), rtol=1e-6)
    np.testing.assert_allclose(MODEL.expectation(same, 52.0), other.expectation(pareto, 52.0), rtol=1e-6)
    np.testing.assert_allclose(MODEL.pmf(same, 52.0, 9), other.pmf(pareto, 52.0, 9), rtol=1e-6)


def test_expectation_is_the_integral_of_survival():
    with mp.workdps(30):
        for s, beta, b, t in (
            (0.6, 0.6, 0.05, 52.0),
            (20.0, 1.0, 0.1, 500.0),
            (0.3, 1e6, 3.0, 39.0),
            (2.0, 1e-6, 1e-7, 9.0),
        ):
            bend = mp.log(max(beta, 1)) / b

            def survival(y, s=s, beta=beta, b=b):
                return (beta / (beta + mp.expm1(mp.mpf(b) * y))) ** s

            edges = sorted({mp.mpf(0), mp.mpf(t), *(min(mp.mpf(t), bend + k / mp.mpf(b) / s) for k in range(12))})
            right = float(mp.quad(survival, edges)) * 0.5 / 10.0
            found = MODEL.expectation({"r": 0.5, "alpha": 10.0, "b": b, "s": s, "beta": beta}, t)
            assert float(found) == pytest.approx(right, rel=OF_INTEGRALS, abs=0), (s, beta, b, t)


def test_a_whole_life_is_finite():
    params = {"r": 0.5, "alpha": 10.0, "b": 0.05, "s": 0.4, "beta": 0.6}
    whole = float(MODEL.expectation(params, np.inf))
    assert whole == pytest.approx(float(MODEL.expectation(params, 1e5)), rel=1e-12, abs=0)
    assert MODEL.pmf(params, np.inf, 800).sum() == pytest.approx(1, abs=1e-11)


def test_the_living_keep_the_law_with_an_older_hazard():
    """Survival from T on is S(T + t) / S(T)."""
    params = {"r": 0.5, "alpha": 10.0, "b": 0.05, "s": 0.4, "beta": 3.0}
    older = MODEL.updated(params, {"x": np.zeros(1), "T": np.array([39.0])})

    def log_survival(t, beta):
        return -0.4 * log_growth(t, beta, 0.05)[0]

    for t in (0.1, 10.0, 300.0):
        right = log_survival(39.0 + t, 3.0) - log_survival(39.0, 3.0)
        assert float(log_survival(t, older["beta"])[0]) == pytest.approx(float(right), rel=1e-12, abs=0)


@pytest.mark.slow
def test_simulated_customers_are_fitted_back():
    params, n = {"r": 0.8, "alpha": 4.0, "b": 0.15, "s": 0.8, "beta": 8.0}, 20_000
    who, when = MODEL.simulate(params, np.full(n, 80.0), np.random.default_rng(5))
    last = np.zeros(n)
    np.maximum.at(last, who, when)
    table = pd.DataFrame({"frequency": np.bincount(who, minlength=n), "recency": last, "T": 80.0})
    fitted = clv.fit("ggomnbd", clv.as_summary(table, period="week"))
    assert fitted.outcome.converged, fitted.outcome.text
    for name, true in params.items():
        assert abs(np.log(fitted.params[name] / true)) < 4 * fitted.std_errors[name] / fitted.params[name], name
