"""Customers who sleep and wake: against sums over nodes, a Markov chain, simulation, and the model without waking."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from mpmath import mp, mpf
from scipy.linalg import expm

import clvmodels as clv
from clvmodels.arrays import Ragged
from clvmodels.errors import ArgumentError, InputError
from clvmodels.kernels import gap_subsets
from clvmodels.prediction.draw_response import draw_response
from clvmodels.prediction.futures import Futures
from clvmodels.valuation.discounting import discounted_expectation
from tests.contract.individual import average, beta, gamma

PARAMS = {"r": 0.6, "alpha": 5.5, "a": 0.9, "b": 1.2, "delta": 0.08}
MODEL = clv.models.get("dormancynbd")
HISTORIES = [(39.0, []), (20.0, [12.3]), (1.0, [3, 4, 0.14, 20.0]), (30.0, [0.14] * 20), (9.0, [1, 2, 1, 8, 1, 1, 3])]


def rows(histories):
    """Return the columns of histories, each a silence and gaps."""
    gaps = Ragged.of(np.concatenate([g for _, g in histories]), np.cumsum([0, *(len(g) for _, g in histories)]))
    t_x = np.array([sum(g) for _, g in histories])
    silence = np.array([s for s, _ in histories])
    return {"x": gaps.sizes.astype(float), "t_x": t_x, "T": t_x + silence, "gaps": gaps}


def states(silence, gaps, lam, p, delta):
    """Return the densities of a history that ends awake, and of one that ends asleep."""
    lived = 1.0 + 0.0 * lam * p
    for g in gaps:
        lived = lived * ((1 - p) * lam * np.exp(-lam * g) + p * delta * lam * np.exp(-delta * lam * g))
    return lived * (1 - p) * np.exp(-lam * silence), lived * p * np.exp(-delta * lam * silence)


def base(params, n, T, seed, model="dormancynbd"):
    log = clv.simulate(model, params, n_customers=n, T=T, seed=seed)
    return clv.rfm_summary(log, customer="customer_id", time="date")


@pytest.mark.parametrize("history", HISTORIES)
def test_likelihood_and_chance_to_be_awake_are_averages_over_customers(history):
    silence, gaps = history
    laws = gamma(PARAMS["r"], PARAMS["alpha"]), beta(PARAMS["a"], PARAMS["b"])
    awake, asleep = (
        average(laws, lambda lam, p, i=i: states(silence, gaps, lam, p, PARAMS["delta"])[i]) for i in (0, 1)
    )
    h = rows([history])
    # The brute force's own error.
    assert MODEL.pointwise(PARAMS, h)[0] == pytest.approx(np.log(awake + asleep), rel=1e-9, abs=1e-9)
    assert MODEL.p_alive(PARAMS, h)[0] == pytest.approx(awake / (awake + asleep), rel=1e-9, abs=0)


@pytest.mark.parametrize("longest", [gap_subsets.LONGEST, -1], ids=["closed form", "nodes"])
@pytest.mark.parametrize("law", [tuple(PARAMS.values()), (0.05, 40.0, 0.02, 3.0, 1e-6), (12.0, 0.3, 40.0, 5.0, 0.7)])
def test_both_ways_to_a_likelihood_have_the_digits_of_a_sum_over_who_slept_when(monkeypatch, longest, law):
    monkeypatch.setattr(gap_subsets, "LONGEST", longest)
    histories = [(39.0, []), (0.0, [3.0]), (20.0, [12.3]), (1.0, [3, 4, 0.14, 20.0]), (9.0, [1, 2, 1, 8, 1, 1, 3, 0.5])]
    found = MODEL.pointwise(dict(zip(PARAMS, law, strict=True)), rows(histories))
    right = [float(mp.log(likelihood_by_subsets(law, *history))) for history in histories]
    # Nodes leave out 1e-12 of a law, and a few parts in 10^11 of what lies between them.
    np.testing.assert_allclose(found, right, atol=1e-12 if longest > 0 else 1e-10, rtol=1e-13)


def likelihood_by_subsets(law, silence, gaps):
    """Return the likelihood in 50 digits, as a sum over the gaps that were slept through."""
    with mp.workdps(50):
        r, alpha, a, b, delta = (mpf(v) for v in law)
        times = [mpf(float(g)) for g in (*gaps, silence)]
        total, x = mpf(0), len(gaps)
        for slept in product((0, 1), repeat=x + 1):
            k = sum(slept)
            rate = alpha + sum(t * (delta if s else 1) for t, s in zip(times, slept, strict=True))
            chance = mp.beta(a + k, b + x + 1 - k) / mp.beta(a, b) * delta ** sum(slept[:-1])
            total += chance * mp.gamma(r + x) / mp.gamma(r) * (alpha / rate) ** r / rate**x
        return total


def test_who_never_wakes_follows_the_model_of_leaving():
    h = rows(HISTORIES)
    narrow = {name: PARAMS[name] for name in ("r", "alpha", "a", "b")}
    leaving = clv.models.get("mbgnbd")
    wide = narrow | {"delta": 1e-12}
    # What is left of the rate asleep is 1e-12 times the weeks, and the purchases.
    np.testing.assert_allclose(MODEL.pointwise(wide, h), leaving.pointwise(narrow, h), rtol=1e-9)
    np.testing.assert_allclose(MODEL.p_alive(wide, h), leaving.p_alive(narrow, h), rtol=1e-8)
    ahead = leaving.p_alive(narrow, h) * leaving.expectation(leaving.updated(narrow, h), 26.0)
    np.testing.assert_allclose(MODEL.expectation(MODEL.updated(wide, h), 26.0), ahead, rtol=1e-8, atol=1e-8)


def test_counts_of_a_customer_are_those_of_the_chain():
    """Laws without spread, against the exponential of a chain over counts and states."""
    lam, p, delta, t, most = 0.7, 0.4, 0.15, 6.0, 40
    step = np.array([[1 - p, p], [1 - p, p]]) * np.array([[lam], [delta * lam]])
    chain = np.kron(np.eye(most), -np.diag([lam, delta * lam])) + np.kron(np.eye(most, k=1), step)
    start = np.zeros(2 * most)
    start[:2] = 1 - p, p
    right = (start @ expm(chain * t)).reshape(most, 2).sum(axis=1)
    narrow = 1e7  # the spread of the laws is then 1 / 3,000, and its square enters
    params = {"r": narrow, "alpha": narrow / lam, "a": narrow * p, "b": narrow * (1 - p), "delta": delta}
    found = MODEL.pmf(params, t, 10)
    np.testing.assert_allclose(found[:10], right[:10], rtol=1e-5)
    assert found[10] == pytest.approx(1 - right[:10].sum(), rel=1e-5, abs=0)
    assert MODEL.at_least(params, t, 3.0) == pytest.approx(1 - right[:3].sum(), rel=1e-5, abs=0)
    assert MODEL.expectation(params, t) == pytest.approx(right @ np.arange(most), rel=1e-5, abs=0)


def test_discounted_purchases_are_those_of_each_number_summed():
    n = np.arange(1, 400.0)
    for params in (PARAMS, PARAMS | {"delta": 0.6}):
        timing = MODEL.timing(params, 60.0, n, 0.01)
        total = MODEL.pmf(params, 60.0, 400)[1:400] @ timing.mean
        assert total == pytest.approx(float(discounted_expectation(MODEL, params, 60.0, 0.01)), rel=1e-4, abs=0)


def test_discounted_purchases_are_the_integral_of_expected_ones():
    points, weights = np.polynomial.legendre.leggauss(80)
    u = 30 * (points + 1)
    for force in (0.002, 0.3):
        inside = 30 * weights @ (force * np.exp(-force * u) * MODEL.expectation(PARAMS, u))
        right = inside + np.exp(-60 * force) * MODEL.expectation(PARAMS, 60.0)
        # What 80 nodes leave of the integral.
        assert discounted_expectation(MODEL, PARAMS, 60.0, force) == pytest.approx(right, rel=1e-9, abs=0)
    for params in (PARAMS, PARAMS | {"delta": 0.6}):  # a whole life is worth what a very long one is
        whole = discounted_expectation(MODEL, params, np.inf, 0.05)
        assert whole == pytest.approx(discounted_expectation(MODEL, params, 900.0, 0.05), rel=1e-9, abs=0)


def test_a_few_draws_tell_expectations_under_all():
    rfm = base(PARAMS, 60, 60.0, 6)
    rng = np.random.default_rng(5)
    given = clv.estimate_from("dormancynbd", PARAMS, period="week")
    draws = {name: value * np.exp(rng.normal(0, 0.15, 400)) for name, value in PARAMS.items()}
    futures = Futures.of(given, rfm)

    def ahead(model, params):
        return model.expectation(params, 26.0)

    response = draw_response(futures, ahead, draws)
    assert response.bent.mean() > 0.9
    told = response.of(slice(None))
    some = np.arange(0, 400, 25)
    right = futures.evaluate(ahead, {name: values[some] for name, values in draws.items()})
    off = np.sqrt(np.mean(np.square(np.log(told[some] / right)), axis=0))[response.bent]
    assert np.all(off < 0.2 * np.log(told).std(axis=0)[response.bent])  # twice what eight held-out draws allow


def test_draws_that_no_parabola_tells_are_taken_for_the_nearest():
    rfm = base(PARAMS, 20, 60.0, 6)
    rng = np.random.default_rng(5)
    draws = {name: value * np.exp(rng.normal(0, 0.15, 300)) for name, value in PARAMS.items()}
    futures = Futures.of(clv.estimate_from("dormancynbd", PARAMS, period="week"), rfm)

    def jagged(model, params):
        return 1.5 + np.sin(1e6 * params["r"] + 0.0 * params["silence"])

    told = draw_response(futures, jagged, draws).of(slice(None))
    assert told.shape == (300, len(futures.rows))
    np.testing.assert_allclose(told[0], 1.5 + np.sin(1e6 * draws["r"][0]), rtol=1e-12)  # it was looked at


def test_discount_factors_have_the_moments_of_simulated_purchases():
    n = 100_000
    who, when = MODEL.simulate(PARAMS, np.full(n, 60.0), np.random.default_rng(1))
    count, factor = np.bincount(who, minlength=n), np.bincount(who, np.exp(-0.01 * when), n)
    for k in (1, 2, 5):
        mine = factor[count == k]
        timing = MODEL.timing(PARAMS, 60.0, float(k), 0.01)
        assert timing.mean == pytest.approx(mine.mean(), abs=4 * mine.std() / np.sqrt(len(mine)))
        if k == 1:  # of several, times are taken for independent, which understates their spread
            assert timing.variance == pytest.approx(mine.var(), rel=0.05, abs=0)  # of 5,000 customers, and seeded


def test_a_summary_carries_every_gap_through_taking_and_grouping():
    rfm = base(PARAMS, 400, 60.0, 2)
    assert rfm.gaps is not None
    row = np.repeat(np.arange(len(rfm)), rfm.gaps.sizes)
    np.testing.assert_array_equal(rfm.gaps.sizes, rfm.frequency)
    np.testing.assert_allclose(np.bincount(row, rfm.gaps.values, len(rfm)), rfm.recency, rtol=1e-12)
    some = np.array([5, 3, 200])
    found = rfm.take(some).gaps
    for place, customer in enumerate(some):
        np.testing.assert_array_equal(found[[place]].values, rfm.gaps[[customer]].values)
    histories = rfm.statistics(MODEL.statistics)
    assert histories.counts.sum() == len(rfm)
    assert len(histories) > len(rfm.histories)
    given = clv.estimate_from("dormancynbd", PARAMS, period="week")
    np.testing.assert_allclose(given.pointwise(rfm)[some], given.pointwise(rfm.take(some)), rtol=1e-12)


def test_the_order_of_gaps_does_not_tell_histories_apart():
    gaps = Ragged.of(np.array([1.0, 2.0, 2.0, 1.0, 3.0]), np.array([0, 2, 4, 5, 5]))
    assert gaps.codes[0] == gaps.codes[1]
    assert len(set(gaps.codes)) == 3


@pytest.mark.slow
def test_forecasts_of_a_study_say_what_simulated_customers_do():
    log = clv.simulate("dormancynbd", PARAMS, n_customers=300, T=78.0, seed=4)
    end = log.date.min().normalize() + pd.Timedelta(weeks=52)
    rfm = clv.rfm_summary(
        log, customer="customer_id", time="date", observation_end=end, holdout_end=end + pd.Timedelta(weeks=25)
    )
    ahead = clv.predict(clv.estimate_from("dormancynbd", PARAMS, period="week"), rfm, horizon=25.0)
    came = rfm.holdout.frequency
    error = np.sqrt(ahead.variance.sum())
    # Days of several purchases are one: 3% of them at these rates.
    assert abs(came.sum() - ahead["expected_purchases"].sum()) < 4 * error + 0.03 * came.sum()
    asleep = ahead["p_alive"] < 0.3
    assert came[asleep].sum() == pytest.approx(ahead["expected_purchases"][asleep].sum(), rel=0.3, abs=0)
    worth = clv.value(ahead, 10.0, discount_rate=0.1)
    assert np.all(worth["clv"] < 10 * ahead["expected_purchases"])
    assert worth["clv"].sum() > 9.5 * ahead["expected_purchases"].sum()


def test_what_needs_gaps_says_so_where_there_are_none():
    table = pd.DataFrame({"frequency": [1, 0], "recency": [2.0, 0.0], "T": [5.0, 6.0]})
    with pytest.raises(InputError, match="intervals=True"):
        clv.fit("dormancynbd", clv.as_summary(table, period="week"))


def test_what_is_not_for_gaps_is_refused():
    rfm = base(PARAMS, 200, 40.0, 3)
    with pytest.raises(ArgumentError, match="laplace"):
        clv.fit("dormancynbd", rfm, method="nuts")
    with pytest.raises(ArgumentError, match="awake and asleep"):
        clv.with_buying_rate(rfm, clv.estimate_from("dormancynbd", PARAMS, period="week"))
    with pytest.raises(ArgumentError, match="takes no covariates"):
        clv.fit("dormancynbd", replace(rfm, groups={"shop": np.arange(len(rfm)) % 2}), covariates={"buying": "shop"})
    with pytest.raises(ArgumentError, match="nobody leaves"):
        clv.alive_range(rfm, models=["mbgnbd", "dormancynbd"], horizon=4)
    with pytest.raises(ArgumentError, match="below 1"):
        clv.estimate_from("dormancynbd", PARAMS | {"delta": 1.0}, period="week")


@pytest.mark.slow
def test_sleep_is_found_where_it_is():
    true = PARAMS | {"delta": 0.05}
    rfm = base(true, 800, 52.0, 100)
    found = clv.fit("dormancynbd", rfm, n_draws=400)
    delta = found.table(ci_prob=0.99).set_index("parameter").loc["delta"]
    assert delta["lower"] < true["delta"] < delta["upper"]
    assert clv.likelihood_ratio(clv.fit("mbgnbd", rfm), found, rfm).p_value < 0.01


@pytest.mark.slow
def test_no_sleep_is_found_where_there_is_none():
    rfm = base({n: PARAMS[n] for n in ("r", "alpha", "a", "b")}, 800, 52.0, 200, model="mbgnbd")
    found = clv.fit("dormancynbd", rfm, n_draws=400)
    assert clv.likelihood_ratio(clv.fit("mbgnbd", rfm), found, rfm).p_value > 0.05
