"""Discounted expectations against the integral of the purchase rate, in 30-digit arithmetic."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.records import BusinessTerms, Period
from clvmodels.valuation.discounting import discounted_expectation

MODEL = clv.models.get("bgnbd")


def exact(r, alpha, a, b, horizon, delta):
    """Integrate e^(-delta u) times the rate of purchases, which is written without the package's forms."""
    r, alpha, a, b = map(mp.mpf, (r, alpha, a, b))

    def worth(u):
        return mp.exp(-delta * u) * r / alpha * mp.hyp2f1(r + 1, a, a + b, -u / alpha)

    ends = [0, alpha, 10 * alpha, 100 * alpha]
    return mp.quad(worth, [end for end in ends if end < horizon] + [horizon])


@pytest.mark.parametrize("shape", [(0.2426, 4.4136, 0.7929, 2.4259), (29.2, 40.0, 0.72, 31.0), (0.5, 34.0, 1.0, 2.4)])
@pytest.mark.parametrize(
    ("horizon", "delta"), [(39, 2.7e-3), (520, 2.7e-3), (39, 0.5), (mp.inf, 2.7e-3), (mp.inf, 2e-4)]
)
def test_discounted_expectation_has_ten_digits(shape, horizon, delta):
    with mp.workdps(30):
        right = float(exact(*shape, horizon, delta))
    params = {name: np.array([[v]]) for name, v in zip(("r", "alpha", "a", "b"), shape, strict=True)}
    found = discounted_expectation(MODEL, params, float(horizon), delta)[0, 0]
    assert found == pytest.approx(right, rel=1e-10, abs=0)


def test_no_discount_is_the_plain_expectation():
    params = {"r": np.array([0.3]), "alpha": np.array([4.0]), "a": np.array([0.8]), "b": np.array([2.0])}
    assert discounted_expectation(MODEL, params, 39.0, 0.0) == pytest.approx(
        MODEL.expectation(params, 39.0), rel=1e-9, abs=0
    )


@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
def test_a_yearly_rate_discounts_a_year_by_itself(period):
    unit = Period.of(period)
    assert np.exp(-BusinessTerms(discount_rate=0.15).force_of_interest(unit) * unit.per_year) == pytest.approx(
        1 / 1.15, rel=1e-9, abs=0
    )


@pytest.mark.parametrize("delta", [0.004, 0.1, 3.0])
@pytest.mark.parametrize("horizon", [0.5, 1.0, 12.9, 64.0, 65.0, 3_000.0, np.inf])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("sbg", {"gamma": 0.7, "delta": 1.2}),
        ("bdw", {"gamma": 0.5, "delta": 0.9, "c": 1.2, "age": 7.0}),
        ("bgbb", {"alpha": 1.2, "beta": 0.75, "gamma": 1.0, "delta": 2.8}),
    ],
)
def test_steps_are_discounted_one_by_one(name, shape, horizon, delta):
    model = clv.models.get(name)
    params = {key: np.array([[value]]) for key, value in shape.items()}
    k = np.arange(0.0, min(np.floor(horizon), np.ceil(40 / delta)) + 1)
    bought = np.diff(model.expectation(shape, k))  # loses digits where k is large and what is bought small
    right = np.sum(np.exp(-delta * k[1:]) * bought)
    assert discounted_expectation(model, params, horizon, delta)[0, 0] == pytest.approx(right, rel=1e-9, abs=0)
