"""Cases at the edges, each with the value that is right: heavy buyers, long horizons, one price, one newcomer."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.valuation.discounting import discounted_expectation

CDNOW = {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}
NEWCOMERS = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def summary(**columns):
    return clv.as_summary(pd.DataFrame(columns), period="week")


def ahead(model, params, horizon, **columns):
    return clv.predict(clv.estimate_from(model, params, period="week"), summary(**columns), horizon=horizon)


@pytest.mark.parametrize("horizon", [4, 39, 260])
def test_who_bought_five_hundred_times_is_active_at_any_horizon(horizon):
    bought = {"frequency": [500, 200, 1000], "recency": [38.99] * 3, "T": [39.0] * 3}
    found = ahead("paretonbd", CDNOW, horizon, **bought)["p_active"]
    # P(alive) of each: within weeks, whoever is alive has bought.
    assert found[0] == pytest.approx(0.99869063, rel=1e-7, abs=0)
    assert found[1] == pytest.approx(0.9969, rel=1e-4, abs=0)
    assert found[2] == pytest.approx(0.99927503, rel=1e-7, abs=0)


def test_the_last_of_many_is_forecast_as_if_alone():
    T = np.arange(1, 366) / 7
    params = {"r": 0.8, "alpha": 0.4, "s": 1.1, "beta": 52.0}
    together = ahead("paretonbd", params, 26, frequency=0 * T, recency=0 * T, T=T)["expected_purchases"]
    alone = ahead("paretonbd", params, 26, frequency=[0], recency=[0.0], T=T[-1:])["expected_purchases"]
    assert together[-1] == pytest.approx(alone[0], rel=1e-12, abs=0)
    assert alone[0] == pytest.approx(0.05666, rel=1e-4, abs=0)


def test_five_thousand_purchases_have_an_interval_around_what_is_expected():
    found = ahead("nbd", {"r": 0.4, "alpha": 12.0}, 39, frequency=[5000], recency=[38.0], T=[39.0])
    # A negative binomial with shape 5,000.4: its quantiles by SciPy's own.
    from scipy.stats import nbinom

    law = nbinom(5000.4, 51 / 90)
    assert found["purchases_lower"][0] == law.ppf(0.05)
    assert found["purchases_upper"][0] == law.ppf(0.95)
    assert found["expected_purchases"][0] == pytest.approx(5000.4 * 39 / 51, rel=1e-12, abs=0)


def test_five_years_of_a_heavy_buyer_are_within_their_intervals():
    params = {"r": 0.5, "alpha": 0.3, "a": 0.05, "b": 5.0}
    found = ahead("bgnbd", params, "5 years", frequency=[700], recency=[104.0], T=[104.0])
    worth = clv.value(found, 4.0)
    assert found["purchases_lower"][0] < found["expected_purchases"][0] < found["purchases_upper"][0]
    assert worth["clv_lower"][0] < worth["clv"][0] < worth["clv_upper"][0]
    assert worth["clv"][0] == pytest.approx(6750.87, rel=1e-5, abs=0)


def test_a_bot_does_not_change_the_others():
    x, t_x = [0, 20, 50, 100, 200, 50_000], [0] + [103.9] * 5
    params = {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}
    found = ahead("paretonbd", params, 52, frequency=x, recency=t_x, T=[104.0] * 6)
    assert found["purchases_upper"].tolist() == [0, 15, 32, 59, 109, 0]  # the bot, silent for .1 weeks, has left


def test_nearly_equal_prices_have_finite_values():
    x = np.arange(1, 31)
    columns = {"frequency": x, "recency": 0 * x + 29.0, "T": 0 * x + 30.0, "monetary_value": 0 * x + 30.0}
    found = ahead("bgnbd", {"r": 0.5, "alpha": 8.0, "a": 0.8, "b": 2.5}, 52, **columns)
    worth = clv.value(found, clv.estimate_from("gammagamma", {"p": 1e5, "q": 1e3, "gamma": 30 * 999 / 1e5}))
    assert worth["clv"].max() == pytest.approx(826.68, rel=1e-4, abs=0)
    # Purchases hardly differ in value: bounds are 30 times those of the counts, give or take a percent.
    np.testing.assert_allclose(worth["clv_upper"], 30 * found["purchases_upper"], rtol=0.015)


def test_one_price_times_the_purchases_is_the_value():
    found = ahead("nbd", {"r": 0.5, "alpha": 10.0}, 100, frequency=[567], recency=[99.0], T=[100.0])
    assert clv.value(found, 10.0)["clv_upper"][0] == pytest.approx(5_680, rel=1e-12, abs=0)


def test_a_discount_is_exact_where_scales_lie_far_apart():
    """Leaving within hours, buying within years: the mean rate times the discounted time alive."""
    r, alpha, s, beta, T = 0.674 + 9, 636 + 5.9, 23.3, 1.0 + 5.9, 52.0
    delta = np.log(1.1) * 7 / 365.25
    model = clv.models.get("paretonbd")
    found = discounted_expectation(model, {"r": r, "alpha": alpha, "s": s, "beta": beta}, T, delta)
    right = r / alpha * mp.quad(lambda u: mp.exp(-delta * u) * (1 + u / beta) ** -s, [0, 0.1, 0.5, 2, 10, T])
    assert float(found) == pytest.approx(float(right), rel=1e-10, abs=0)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.02, 0.5])
def test_a_life_without_end_has_the_quantiles_of_simulated_ones(rate):
    """The best of the CDNOW sample at the parameters of its whole log, by simulation until nothing is left."""
    p = {"r": 0.25356, "alpha": 5.44726, "a": 0.60736, "b": 2.64723}
    q = {"p": 4.68345, "q": 4.18978, "gamma": 24.39055}
    x, t_x, T, m = 41, 66.0, 67.857143, 41.533415
    endless = ahead("bgnbd", p, np.inf, frequency=[x], recency=[t_x], T=[T], monetary_value=[m])
    worth = clv.value(endless, clv.estimate_from("gammagamma", q), discount_rate=rate)
    rng, n = np.random.default_rng(1), 60_000
    odds = p["a"] / (p["b"] + x - 1) * ((p["alpha"] + T) / (p["alpha"] + t_x)) ** (p["r"] + x)
    buying = np.flatnonzero(rng.random(n) < 1 / (1 + odds))
    lam, leave = rng.gamma(p["r"] + x, 1 / (p["alpha"] + T), n), rng.beta(p["a"], p["b"] + x, n)
    nu = rng.gamma(q["q"] + q["p"] * x, 1 / (q["gamma"] + x * m), n)
    delta, total, clock = np.log1p(rate) * 7 / 365.25, np.zeros(n), np.zeros(n)
    while len(buying):
        clock[buying] += rng.exponential(size=len(buying)) / lam[buying]
        total[buying] += rng.gamma(q["p"], 1, len(buying)) / nu[buying] * np.exp(-delta * clock[buying])
        stays = rng.random(len(buying)) >= leave[buying]
        buying = buying[stays & (delta * clock[buying] < 14)]
    assert worth["clv"][0] == pytest.approx(total.mean(), rel=4 * total.std() / total.mean() / np.sqrt(n), abs=0)
    for probability in (0.25, 0.5, 0.75, 0.95):
        found = clv.quantiles(worth, probabilities=[probability]).iloc[0, 1]
        # Four standard errors of a share of 60,000, and half a percent for two moments given the number.
        assert np.mean(total <= found) == pytest.approx(probability, abs=4 * 0.5 / np.sqrt(n) + 0.005)


def test_one_newcomer_has_the_interval_of_their_own_distribution():
    buying = clv.estimate_from("bgnbd", NEWCOMERS, period="week")
    worth = clv.value(clv.predict(buying, None, horizon="1 year"), clv.estimate_from("gammagamma", SPEND))
    upper = clv.totals(worth)["upper"][0]
    assert upper == pytest.approx(worth["clv_upper"][0], rel=2e-3, abs=0)  # a grid of a thousand cells
    assert upper == pytest.approx(232.4, rel=2e-3, abs=0)


@pytest.mark.parametrize("customers", [5, 20, 60])
def test_totals_of_a_few_are_those_of_simulated_ones(customers):
    buying, spend = clv.estimate_from("bgnbd", NEWCOMERS, period="week"), clv.estimate_from("gammagamma", SPEND)
    zero = [0.0] * customers
    base = summary(frequency=zero, recency=zero, T=[1e-9] * customers, monetary_value=zero)
    found = clv.predict(buying, base, horizon=52)
    totals = found.total, clv.value(found, spend).total
    rng, n = np.random.default_rng(2), 4_000
    who, _ = buying.model.simulate(NEWCOMERS, np.full(n * customers, 52.0), rng)
    worth = spend.model.simulate_spend(SPEND, who, n * customers, rng)
    simulated = [np.bincount(who, w, n * customers).reshape(n, -1).sum(axis=1) for w in (np.ones(len(who)), worth)]
    for total, came in zip(totals, simulated, strict=True):
        # Four standard errors of a share of 4,000; counts are coarse.
        assert np.mean(came < total.lower) < 0.05 + 4 * 0.22 / np.sqrt(n)
        assert np.mean(came <= total.upper) > 0.95 - 4 * 0.22 / np.sqrt(n)
        assert np.mean(came <= total.upper) < 0.975
