"""The promises of docs/accuracy.md on random cases, and the reference against itself."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from mpmath import mp, mpf

from clvmodels.models import registry

from . import coins
from .arithmetic import beta_cdf, settled
from .cases import ORDINARY, Case, cases
from .reference import REFERENCES
from .steps import Renewals
from .sweep import PROMISED, Comparison, comparisons

FEW, MANY = 10, 50  # cases of each model; the page holds a thousand
SEED = 20  # another one than the page's

# A model of gaps has arithmetic of its own beside it (tests/unit/models/test_dormancynbd.py).
MODELS = [name for name, model in registry().items() if "gaps" not in model.statistics]


@cache
def compared(model, count, seed):
    return [found for case in cases(model, count, seed) for found in comparisons(case)]


def broken(model, count, seed):
    return [str(found) for found in compared(model, count, seed) if not found.holds]


@pytest.mark.parametrize("model", MODELS)
def test_promised_digits_hold_on_random_cases(model):
    assert broken(model, FEW, SEED) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_promised_digits_hold_on_many_random_cases(model):
    assert broken(model, MANY, SEED + 1) == []


def test_every_model_has_a_reference_and_cases():
    assert set(MODELS) == set(REFERENCES) == set(ORDINARY)


def test_the_sweep_asks_for_everything_that_is_promised():
    asked = {found.quantity for model in MODELS for found in compared(model, FEW, SEED)}
    assert asked == set(PROMISED)


@pytest.mark.parametrize("quantity", list(PROMISED))
def test_an_error_above_the_promise_is_noticed(quantity):
    case = Case(model="nbd", kind="ordinary", params={}, history={})
    limit = PROMISED[quantity][1]
    assert Comparison(case, quantity, 1.0 + limit / 2, 1.0).holds
    assert not Comparison(case, quantity, 1.0 + 2 * limit, 1.0).holds
    assert not Comparison(case, quantity, np.nan, 1.0).holds
    assert not Comparison(case, quantity, 1.0, np.nan).holds
    assert not Comparison(case, quantity, np.inf, 1.0).holds


@pytest.mark.parametrize("wrong", ["updated r", "one purchase more", "horizon"])
def test_a_slip_of_the_model_is_noticed(wrong):
    """What the reference is asked is shifted a little, as a slip in the model would."""
    case = dataclasses.replace(cases("bgnbd", 1, SEED)[0], n=2)
    changes = {
        "updated r": {"history": case.history | {"x": case.history["x"] + 1}},
        "one purchase more": {"n": case.n + 1},
        "horizon": {"t": case.t * (1 + 1e-8)},
    }
    other = dataclasses.replace(case, living=True, **changes[wrong])
    right = {found.quantity: found.right for found in comparisons(dataclasses.replace(case, living=True))}
    mixed = [dataclasses.replace(found, right=right[found.quantity]) for found in comparisons(other)]
    assert not all(found.holds for found in mixed)


@pytest.mark.parametrize(("k", "phase"), [(1, 0), (3, 0), (3, 2), (4, 1)])
@pytest.mark.parametrize("law", [("0.3", "5", "0.8", "2.4"), ("99.3", "7", "1000", "1099"), ("2", "1e3", "1", "0.1")])
def test_the_sum_over_events_is_the_average_over_coins(k, phase, law, monkeypatch):
    with mp.workdps(30):
        r, y, a, b = map(mpf, law)
        summed = coins._summed(k, phase, r, y, a, b)
        monkeypatch.setattr(coins, "_EVENTS", 0)
        averaged = coins._expected(k, phase, r, y, a, b)
        assert abs(summed / averaged - 1) < mpf(10) ** -18


@pytest.mark.parametrize("c", [mpf(1), mpf("0.4"), mpf("2.5")])
def test_abel_and_planas_sum_is_the_sum_of_all_terms(c):
    p = {"gamma": mpf(3), "delta": mpf(40), "c": c, "age": mpf(7)}
    summed = settled(lambda: Renewals().discounted(p, mpf("0.01"), mpf(3_000)))
    with mp.workdps(30):
        terms = (mp.exp(Renewals()._log_stays(p, mpf(7), 7 + k) - k / mpf(100)) for k in map(mpf, range(1, 3_001)))
        assert abs(mp.fsum(terms) / summed - 1) < mpf(10) ** -17


@pytest.mark.parametrize("name", ["paretonbd", "ggomnbd"])
def test_chances_over_the_time_of_leaving_sum_to_one(name):
    p = {key: mpf(value) for key, value in ORDINARY[name].items()}
    t, right = mpf(39), REFERENCES[name]
    with mp.workdps(30):
        total = mp.fsum(right.pmf(p, t, k) for k in range(6)) + right.at_least(p, t, 6)
        assert abs(total - 1) < mpf(10) ** -18


def test_the_series_of_an_incomplete_beta_function_agrees_with_mpmath():
    with mp.workdps(30):
        for x, a, b in [("0.2", "3", "0.5"), ("0.999", "40", "0.01"), ("0.6", "500", "300")]:
            x, a, b = map(mpf, (x, a, b))
            assert abs(beta_cdf(x, 1 - x, a, b) / mp.betainc(a, b, 0, x, regularized=True) - 1) < mpf(10) ** -18


@pytest.mark.parametrize("name", [name for name in MODELS if "T" in registry()[name].statistics])
def test_tails_are_the_same_of_a_number_and_of_an_array(name):
    model, params = registry()[name], ORDINARY[name]
    alone = model.at_least(params, 5.0, 3.0)
    assert np.shape(alone) == ()
    together = model.at_least(params, np.array([5.0, 9.0]), np.array([3.0, 2.0]))
    assert together[0] == pytest.approx(float(alone), rel=1e-14, abs=0)  # sums may be added in another order


def test_a_beta_law_beside_many_opportunities_keeps_its_digits():
    """beta + T - x is beta where every opportunity was taken, and not what is left of it after adding T."""
    params = {"alpha": 1e3, "beta": 1e-3, "gamma": 0.5, "delta": 3.0}
    history = {"x": 1_900.0, "t_x": 1_900.0, "T": 1_900.0}
    for found in comparisons(Case(model="bgbb", kind="ridge", params=params, history=history, t=1_900.0, n=1_900)):
        assert found.relative < 1e-11, found  # the terms are sums of 2,000 logarithms
