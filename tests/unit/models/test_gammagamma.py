"""Gamma-Gamma against 50-digit arithmetic and its own simulation."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv

MODEL = clv.models.get("gammagamma")
SHAPES = (1e-3, 0.5, 6.25, 1e3)
RELATIVE = 1e-10


def log_density(p, q, gamma, n, m):
    p, q, gamma, n, m = map(mp.mpf, (p, q, gamma, n, m))
    beta = mp.loggamma(p * n) + mp.loggamma(q) - mp.loggamma(p * n + q)
    total = n * m
    return -mp.log(m) - beta + q * mp.log(gamma) + p * n * mp.log(total) - (p * n + q) * mp.log(gamma + total)


def test_density_has_ten_digits():
    with mp.workdps(60):
        for p, q, gamma, n, m in itertools.product(SHAPES, SHAPES, (1e-3, 15.4, 1e3), (1, 7, 5_000), (1e-3, 35.0, 1e4)):
            right = float(log_density(p, q, gamma, n, m))
            h = {"n": np.array([float(n)]), "m": np.array([m])}
            found = MODEL.pointwise({"p": p, "q": q, "gamma": gamma}, h)[0]
            assert found == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), (p, q, gamma, n, m)


def test_density_integrates_to_one():
    m = np.exp(np.linspace(-12, 14, 20_001))
    for n in (1.0, 4.0):
        density = np.exp(MODEL.pointwise({"p": 6.25, "q": 3.74, "gamma": 15.44}, {"n": np.full_like(m, n), "m": m}))
        assert np.trapezoid(density * m, np.log(m)) == pytest.approx(1, abs=1e-9)


def test_expected_spend_lies_between_the_population_and_the_customer():
    params = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    population = MODEL.expected_spend(params, np.array([0.0]), np.array([0.0]))[0]
    assert population == pytest.approx(6.25 * 15.44 / 2.74, rel=1e-9, abs=0)
    for n in (1.0, 5.0, 50.0):
        spend = MODEL.expected_spend(params, np.array([n]), np.array([100.0]))[0]
        assert population < spend < 100
    assert MODEL.expected_spend(params, np.array([1e6]), np.array([100.0]))[0] == pytest.approx(100, rel=1e-4, abs=0)


def test_mean_spend_does_not_exist_for_a_heavy_tail():
    params = {"p": 2.0, "q": 0.9, "gamma": 10.0}
    assert not MODEL.mean_exists(params, np.zeros(()))
    assert MODEL.mean_exists(params, np.array(1.0))
    assert np.isinf(MODEL.expected_spend(params, np.array([0.0]), np.array([0.0]))[0])


def test_simulated_spend_is_fitted_back():
    params = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    rng = np.random.default_rng(2)
    customers = np.repeat(np.arange(20_000), 3)
    values = MODEL.simulate_spend(params, customers, 20_000, rng)
    means = np.bincount(customers, values) / 3
    n = np.full(20_000, 3.0)
    table = pd.DataFrame({"frequency": n, "recency": n, "T": n + 1, "monetary_value": means})
    base = clv.as_summary(table, period="week")
    fitted = clv.fit("gammagamma", base)
    for name, value in params.items():
        assert abs(fitted.params[name] - value) < 4 * fitted.std_errors[name]
