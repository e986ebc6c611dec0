"""A number of phases that one customer decides on is told, and one that nobody decides on alone isn't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.records import Period, Summary

MODELS = [name for name in ("bgcnbd", "mbgcnbd") if name in clv.models.registry()]


def summary(gaps, T):
    """Return customers by the times between their purchases, one array each."""
    x = np.array([len(own) for own in gaps], dtype=float)
    t_x = np.array([own.sum() for own in gaps])
    litt = np.array([np.log(own).sum() for own in gaps])
    ids = np.array([f"C{i:03d}" for i in range(len(gaps))])
    return Summary(Period.of("week"), ids, x, t_x, np.full(len(gaps), T), litt=litt)


def random_buyers(n, k, seed, T=52.0):
    """Return the times between purchases of customers with k phases, some of whom leave after a purchase."""
    rng = np.random.default_rng(seed)
    found = []
    for rate, leaving in zip(rng.gamma(0.8, 0.2, n), rng.beta(0.8, 5.0, n), strict=True):
        times = np.cumsum(rng.gamma(k, 1 / (k * rate), 200))
        times = times[: rng.geometric(leaving)]
        found.append(np.diff(times[times < T], prepend=0.0))
    return found


def notes(estimate):
    return {note.code: note for note in estimate.notes if note.code in ("one_decides", "one_silence_decides")}


@pytest.fixture(scope="module")
def clock():
    """A hundred customers who buy at random, and one who comes like a clock."""
    return summary([*random_buyers(100, 1, seed=5), np.full(300, 1 / 6)], T=52.0)


@pytest.mark.parametrize("name", MODELS)
def test_one_who_comes_like_a_clock_decides_for_all(clock, name):
    fitted = clv.fit(name, clock)
    assert fitted.params["k"] == 2
    without = clv.fit(name, clock.take(np.arange(100)))
    assert without.params["k"] == 1
    note = notes(fitted)["one_decides"]
    assert note.level == "warning"
    assert "without customer C100 (300 repeat purchases, the last after 50 of 52 weeks), k = 1 would fit" in note.text
    # The gaps are those of fits of their own.
    here = fitted.log_likelihood - clv.fit(name, clock, held={"k": 1}).log_likelihood
    there = without.log_likelihood - clv.fit(name, clock.take(np.arange(100)), held={"k": 2}).log_likelihood
    assert f"better by {there:.3g} in log-likelihood, and with that one it fits worse by {here:.3g}" in note.text


def test_the_advice_can_be_followed_and_ends_the_warning(clock):
    text = notes(clv.fit("bgcnbd", clock))["one_decides"].text
    call = text[text.index("clv.fit(") :].rstrip(".")
    held = eval(call, {"clv": clv, "summary": clock})
    assert held.params["k"] == 1
    assert notes(held) == {}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_where_all_buy_alike_nobody_decides(name, k):
    fitted = clv.fit(name, summary(random_buyers(300, k, seed=2), T=52.0))
    assert fitted.params["k"] == k
    assert notes(fitted) == {}


@pytest.mark.parametrize("method", ["map", "laplace", "bootstrap"])
def test_every_method_says_so(clock, method):
    fitted = clv.fit("bgcnbd", clock, method=method, n_draws=20)
    assert "customer C100" in notes(fitted)["one_decides"].text


def test_where_rows_stand_for_customers_nobody_is_named(clock):
    text = notes(clv.fit("bgcnbd", replace(clock, counts=np.ones(len(clock)))))["one_decides"].text
    assert "without the customer with 300 repeat purchases, the last after 50 of 52 weeks, k = 1 would fit" in text


def test_models_without_phases_have_nothing_to_say(clock):
    assert notes(clv.fit("bgnbd", clock)) == {}


def test_one_silence_of_a_frequent_buyer_that_k_alone_calls_leaving_is_told():
    """Hardly anybody leaves: a silence of eleven usual distances is long for k = 1, and too long for k = 2."""
    rng = np.random.default_rng(3)
    T = 104.0
    steady = []
    for rate in rng.gamma(4.0, 2.0, 60):
        times = np.cumsum(rng.gamma(2, 1 / (2 * rate), 3_000))
        steady.append(np.diff(times[times < T], prepend=0.0))
    leaving = [np.diff(np.cumsum(rng.gamma(2, 0.05, n)), prepend=0.0) for n in (5, 9)]
    silent = rng.gamma(2, 1 / 20, 1_000)
    silent *= (T - 1.1) / silent.sum()
    base = summary([*steady, *leaving, silent], T)
    fitted = clv.fit("bgcnbd", base)
    assert fitted.params["k"] == 2
    random = clv.fit("bgcnbd", base, held={"k": 1})
    alive = [estimate.model.p_alive(estimate.params, estimate.histories(base).columns) for estimate in (fitted, random)]
    p = [values[fitted.histories(base).index][-1] for values in alive]
    assert p[0] < 0.01
    assert p[1] > 0.5
    note = notes(fitted)["one_silence_decides"]
    assert note.level == "warning"
    assert "for customer C062 (1,000 repeat purchases, the last after 102.9 of 104 weeks)" in note.text
    assert f": {p[0]:.4f} and {p[1]:.2f}." in note.text
    still = replace(base, recency=np.where(base.customer_id == "C062", T, base.recency))
    assert "one_silence_decides" not in notes(clv.fit("bgcnbd", still))
