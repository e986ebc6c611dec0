"""Contracts: published numbers, the plain sums, and what homogeneous customers leave of each part."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

from .orders import shares

ALIKE = {"gamma": 0.2e8, "delta": 0.8e8}  # all leave with a chance of .2, to eight digits


def valued(contracts, params, horizon, discount_rate, price=100.0):
    given = clv.estimate_from("sbg", params, period="year")
    return clv.value(clv.predict(given, contracts, horizon=horizon), price, discount_rate=discount_rate)


def amounts(found):
    return {part.part: part.amount for part in found.parts}


def test_a_life_of_one_over_churn_as_an_annuity_gives_360_where_250_is_right():
    """Gupta, Lehmann & Stuart (2004): 20% churn, 12% discount, 100 a year."""
    contracts = clv.contracts_from_survivors([125, 100, 80, 64], period="year", price=100)
    found = clv.audit(valued(contracts, ALIKE, np.inf, 0.12), heuristic="annuity_value")
    assert found.heuristic / 125 == pytest.approx(360.48, rel=0, abs=0.005)  # printed digits
    assert found.model / 64 == pytest.approx(250, rel=1e-7, abs=0)
    parts = amounts(found)
    # With two corrections that multiply, each part is the mean of what it changes before and after the other.
    assert parts["annuity"] == pytest.approx((125 + 64) / 2 * (360.4776 - 250), rel=1e-5, abs=0)
    assert parts["already_churned"] == pytest.approx((125 - 64) * (360.4776 + 250) / 2, rel=1e-5, abs=0)
    for part in ("churn_by_age", "survivors", "own_price"):
        assert parts[part] == pytest.approx(0, rel=0, abs=0.1)  # of 45,000: the customers differ by 1e-8
    assert sum(parts.values()) == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def survivors(gamma, delta, t):
    return np.exp(betaln(gamma, delta + t) - betaln(gamma, delta))


@pytest.mark.parametrize(("params", "short_by"), [((3.8, 15.2), 0.1219), ((0.067, 0.267), 0.4135)])
def test_one_retention_rate_undervalues_an_existing_base(params, short_by):
    """Five cohorts of one size at ages 0 to 4, 10% discount, the last year's churn of all ages together.

    The setting of Fader & Hardie (2010); the first of their two bases is 12% too low.
    """
    gamma, delta = params
    ages = np.repeat(np.arange(5), np.round(20_000 * survivors(gamma, delta, np.arange(5))).astype(int)).astype(float)
    contracts = clv.as_summary(pd.DataFrame({"frequency": ages, "recency": ages, "T": ages}), period="year")
    before, after = survivors(gamma, delta, np.arange(4)).sum(), survivors(gamma, delta, np.arange(1, 5)).sum()
    worth = valued(contracts, {"gamma": gamma, "delta": delta}, np.inf, 0.1, price=1.0)
    found = clv.audit(worth, heuristic="retention_value", churn=1 - after / before)
    assert 1 - found.heuristic / found.model == pytest.approx(short_by, rel=0, abs=0.0005)
    parts = amounts(found)
    assert parts["already_churned"] == 0
    assert parts["churn_by_age"] < 0
    assert parts["survivors"] < 0
    assert sum(parts.values()) == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_each_part_is_that_of_the_plain_sums():
    """sBG over ten years without discount in the formula, written out once more contract by contract."""
    gamma, delta, rate, horizon = 0.7, 1.9, 0.1, 10
    contracts = clv.contracts_from_survivors({"a": [60, 40, 31, 26], "b": [50, 32]}, period="year", price=7)
    found = clv.audit(valued(contracts, {"gamma": gamma, "delta": delta}, horizon, rate, price=7.0))
    x, T = contracts.frequency, contracts.T
    runs = (x == T).astype(float)
    k = np.arange(1, horizon + 1)
    own = np.exp(betaln(gamma, delta + T[:, None] + np.arange(3001)) - betaln(gamma, delta + T)[:, None])[:, 1:]
    churn = (x < T).sum() / (x + (x < T)).sum()
    base = (runs[:, None] * own).sum(axis=0)
    kept = base / np.append(runs.sum(), base[:-1])
    stays = np.minimum((1 - churn) * kept / kept[0], 1.0)
    stays[horizon:] = stays[horizon - 1]  # beyond the horizon the last churn goes on
    pooled = np.cumprod(stays)

    def time(on):
        if "survivors" in on:
            curve = own if "churn_by_age" in on else np.tile(pooled, (len(x), 1))
        else:
            stays = own[:, :1] if "churn_by_age" in on else np.full((len(x), 1), 1 - churn)
            curve = stays ** np.arange(1, 3001)
        v = 1.1 ** -k.astype(float) if "discount" in on else np.ones(horizon)
        if "annuity" in on:
            return (curve[:, :horizon] * v).sum(axis=1)
        life = np.minimum(1 + curve.sum(axis=1), horizon)
        return -np.expm1(-life * np.log(1.1)) / 0.1 if "discount" in on else life

    def value(on):
        return 7 * float(np.sum((runs if "already_churned" in on else 1.0) * time(on)))

    names = ["already_churned", "annuity", "churn_by_age", "survivors", "discount"]
    expected = shares(value, names)
    got = amounts(found)
    assert got.pop("own_price") == pytest.approx(0, rel=0, abs=1e-9)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9 * found.heuristic)
    assert found.heuristic == pytest.approx(7 * len(x) * min(1 / churn, horizon), rel=1e-12, abs=0)


def test_a_churn_of_everybody_leaves_a_life_of_one_period():
    contracts = clv.contracts_from_survivors([100, 80, 64], period="year", price=10)
    worth = valued(contracts, ALIKE, np.inf, 0.1, price=10.0)
    found = clv.audit(worth, heuristic="annuity_value", churn=1.0)
    assert found.heuristic == pytest.approx(100 * 10 / 1.1, rel=1e-12, abs=0)
    assert sum(amounts(found).values()) == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)
    assert clv.audit(worth, heuristic="retention_value", churn=1.0).heuristic == 0


def test_each_contracts_own_price_is_a_part():
    table = pd.DataFrame(
        {
            "start": "2020-01-01",
            "end": [None] * 30 + ["2022-06-01"] * 10,
            "price": [50.0] * 30 + [10.0] * 10,
        }
    )
    contracts = clv.as_contracts(
        table, start="start", end="end", price="price", period="year", observation_end="2024-06-01"
    )
    given = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 3.0}, period="year")
    spend = clv.estimate_from("gammagamma", {"p": 600.0, "q": 4.0, "gamma": 0.15})
    found = clv.audit(clv.value(clv.predict(given, contracts, horizon=5), spend))
    assert amounts(found)["own_price"] < 0  # those who stayed pay more than the mean
    assert sum(amounts(found).values()) == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_what_contracts_cannot_be_audited_against_is_said():
    contracts = clv.contracts_from_survivors([100, 80, 64], period="year", price=10)
    worth = valued(contracts, ALIKE, np.inf, 0.1, price=10.0)
    with pytest.raises(ArgumentError, match="finite horizon"):
        clv.audit(worth)
    with pytest.raises(ArgumentError, match="'annuity_value'"):
        clv.audit(worth, heuristic="arpu_ltv")
    with pytest.raises(ArgumentError, match="churn"):
        clv.audit(worth, heuristic="annuity_value", churn=1.5)
    nobody = valued(contracts.take(contracts.frequency == contracts.T), ALIKE, np.inf, 0.1, price=10.0)
    with pytest.raises(InputError, match="life without end"):
        clv.audit(nobody, heuristic="annuity_value")
