"""Values against their parts and against simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, FitError

BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
PARETO = {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def buying(rfm):
    return clv.fit("bgnbd", rfm, n_draws=200)


@pytest.fixture(scope="module")
def spend(rfm):
    return clv.fit("gammagamma", rfm, n_draws=200, first_purchase="leave_out")


@pytest.fixture(scope="module")
def ahead(rfm, buying):
    return clv.predict(buying, rfm, horizon=39)


@pytest.fixture(scope="module")
def newcomer():
    return clv.predict(clv.estimate_from("bgnbd", BUYING, period="week"), None, horizon=52)


def given_spend(**other):
    return clv.estimate_from("gammagamma", SPEND | other)


def test_without_discount_value_is_margin_times_purchases_times_spend(ahead, spend):
    worth = clv.value(ahead, spend, margin=0.3)
    np.testing.assert_allclose(worth["clv"], 0.3 * worth["expected_purchases"] * worth["expected_spend"], rtol=1e-10)
    for bound in ("clv_lower", "clv_upper", "clv_expected_lower"):
        np.testing.assert_allclose(worth[bound], 0.3 * clv.value(ahead, spend)[bound], rtol=1e-8)


def test_expected_spend_is_pulled_from_the_own_mean_to_that_of_all(rfm, ahead, spend):
    worth = clv.value(ahead, spend)["expected_spend"]
    p, q, gamma = (spend.params[name] for name in ("p", "q", "gamma"))
    m, n = rfm.monetary_value, np.where(rfm.monetary_value > 0, rfm.frequency, 0)
    np.testing.assert_allclose(worth, p * (gamma + n * m) / (q + p * n - 1), rtol=1e-12)


@pytest.mark.slow
def test_discount_lowers_value_and_horizon_raises_it(rfm, buying, spend, ahead):
    plain, dear = clv.value(ahead, spend), clv.value(ahead, spend, discount_rate=0.15)
    ratio = dear.total.expected / plain.total.expected
    assert 1 / 1.15 < ratio < 1  # nothing comes later than 39 weeks
    for bound in ("clv", "clv_upper", "clv_expected_upper"):
        assert np.all(dear[bound] <= plain[bound] + 1e-9)
    whole_life = clv.value(clv.predict(buying, rfm, horizon=float("inf")), spend, discount_rate=0.15)
    assert np.all(whole_life["clv"] > dear["clv"])
    assert np.all(np.isfinite(whole_life["clv_upper"]))


@pytest.mark.slow
def test_whole_life_is_the_limit_of_long_horizons(rfm, buying, spend):
    few = rfm.take(np.arange(30))
    whole = clv.value(clv.predict(buying, few, horizon=float("inf")), spend, discount_rate=0.15)["clv"]
    long = clv.value(clv.predict(buying, few, horizon="150 years"), spend, discount_rate=0.15)["clv"]
    np.testing.assert_allclose(long, whole, rtol=1e-7)


def test_cost_is_taken_off_once_and_profit_has_its_probability(newcomer):
    plain, charged = clv.value(newcomer, given_spend()), clv.value(newcomer, given_spend(), acquisition_cost=20)
    for column in ("clv", "clv_lower", "clv_upper", "clv_expected_lower"):
        assert charged[column][0] == pytest.approx(plain[column][0] - 20, rel=1e-9, abs=0)
    assert "p_profitable" not in plain.columns
    rng = np.random.default_rng(3)
    model, n = newcomer.estimate.model, 200_000
    who, _ = model.simulate(BUYING, np.full(n, 52.0), rng)
    amounts = clv.models.get("gammagamma").simulate_spend(SPEND, who, n, rng)
    revenue = np.bincount(who, amounts, n)
    assert charged["p_profitable"][0] == pytest.approx((revenue > 20).mean(), abs=4.5 * 0.5 / np.sqrt(n))
    assert plain["clv_upper"][0] == pytest.approx(np.quantile(revenue, 0.95), rel=0.03, abs=0)


def test_path_sums_to_the_total(ahead, spend):
    worth = clv.value(ahead, spend, margin=0.3, discount_rate=0.15)
    path = worth.path.to_frame()
    assert path.value.sum() == pytest.approx(worth.total.expected, rel=1e-9, abs=0)
    assert path.purchases.sum() == pytest.approx(ahead.total.expected, rel=1e-9, abs=0)
    assert path.month_end.iloc[-1] == pytest.approx(39 * 7 / 30.4375, rel=1e-9, abs=0)
    assert path.revenue.is_monotonic_decreasing


def test_interval_of_the_expectation_is_made_of_both_models_draws(rfm, buying, spend):
    few = rfm.take(np.flatnonzero(rfm.frequency > 0)[:25])
    found = clv.value(clv.predict(buying, few, horizon=39, ci_prob=0.8), spend)
    model, worth = buying.model, spend.model
    h = {"x": few.frequency, "t_x": few.recency, "T": few.T}
    each = []
    for i in range(200):
        params, money = ({name: draws[i] for name, draws in e.draws.items()} for e in (buying, spend))
        purchases = model.p_alive(params, h) * model.expectation(model.updated(params, h), 39.0)
        each.append(purchases * worth.expected_spend(money, few.frequency, few.monetary_value))
    lower = np.quantile(each, 0.1, axis=0, method="inverted_cdf")
    np.testing.assert_allclose(found["clv_expected_lower"], lower, rtol=1e-8)


def test_total_holds_more_than_the_sum_of_chances(rfm, buying, spend, ahead):
    plugged = clv.predict(clv.estimate_from("bgnbd", buying.params, period="week"), rfm, horizon=39)
    chance = clv.value(plugged, clv.estimate_from("gammagamma", spend.params)).total
    whole = clv.value(ahead, spend).total
    assert whole.upper - whole.lower > chance.upper - chance.lower
    assert whole.expected == pytest.approx(chance.expected, rel=1e-9, abs=0)
    assert whole.contains == ("parameters", "chance")


def test_a_free_margin_is_worth_nothing(ahead, spend):
    worth = clv.value(ahead, spend, margin=0, acquisition_cost=5)
    assert np.all(worth["clv"] == -5)
    assert np.all(worth["p_profitable"] == 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"margin": 1.2}, "margin is 1.2"),
        ({"margin": -0.1}, "margin"),
        ({"discount_rate": -0.1}, "effective rate a year"),
        ({"discount_rate": float("inf")}, "discount_rate"),
        ({"discount_rate": 15}, r"discount_rate is 15; .* \(0.15 is 15%\)"),
        ({"acquisition_cost": -3}, "acquisition_cost"),
        ({"margin": "half"}, "not a number"),
    ],
)
def test_terms_that_cannot_be_are_refused(ahead, spend, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        clv.value(ahead, spend, **arguments)


def test_an_unlimited_horizon_needs_a_discount(newcomer):
    endless = clv.predict(newcomer.estimate, None, horizon=float("inf"))
    with pytest.raises(ArgumentError, match="discount_rate above 0"):
        clv.value(endless, given_spend())


def test_a_mean_that_does_not_exist_is_refused(rfm, ahead, newcomer):
    with pytest.raises(FitError, match=r"1,411 customers doesn't exist|1,41\d customers doesn't exist"):
        clv.value(ahead, given_spend(q=0.9))
    with pytest.raises(FitError, match="too heavy"):
        clv.value(newcomer, given_spend(q=1.0))
    repeaters = rfm.take(rfm.monetary_value > 0)
    valued = clv.value(clv.predict(newcomer.estimate, repeaters, horizon=39), given_spend(q=0.9))
    assert np.all(np.isfinite(valued["clv"]))


def test_models_in_the_wrong_place_are_refused(ahead, buying, spend, rfm):
    with pytest.raises(ArgumentError, match="model of spend is needed"):
        clv.value(ahead, buying)
    with pytest.raises(ArgumentError, match="model of buying is needed"):
        clv.predict(spend, rfm, horizon=3)


def test_an_acquisition_cost_of_known_customers_is_warned_of(ahead, spend):
    codes = {note.code for note in clv.value(ahead, spend, acquisition_cost=10).notes}
    assert "acquisition_cost_of_known_customers" in codes


def test_one_price_makes_value_a_multiple_of_purchases():
    table = pd.DataFrame({"frequency": [2.0, 0.0, 9.0], "recency": [30.0, 0.0, 38.0], "T": [39.0, 39.0, 39.0]})
    base = clv.as_summary(table.assign(monetary_value=[20.0, 0.0, 20.0]), period="week")
    ahead = clv.predict(clv.estimate_from("paretonbd", PARETO, period="week"), base, horizon=39)
    worth = clv.value(ahead, 20.0, margin=0.5)
    # Amounts are held to a hundred-thousandth, so that their distribution stays the one of every other valuation.
    np.testing.assert_allclose(worth["clv"], 10 * ahead["expected_purchases"], rtol=1e-9)
    np.testing.assert_allclose(worth["clv_upper"], 10 * ahead["purchases_upper"], rtol=1e-4)
    np.testing.assert_allclose(worth["clv_lower"], 10 * ahead["purchases_lower"], rtol=1e-4, atol=1e-9)
    assert worth.total.upper == pytest.approx(10 * ahead.total.upper, rel=1e-3, abs=0)


def test_a_price_values_customers_of_whose_spend_nothing_is_known():
    table = pd.DataFrame({"frequency": [2.0, 0.0], "recency": [30.0, 0.0], "T": [39.0, 39.0]})
    base = clv.as_summary(table, period="week")
    ahead = clv.predict(clv.estimate_from("paretonbd", PARETO, period="week"), base, horizon=39)
    np.testing.assert_allclose(clv.value(ahead, 7)["clv"], 7 * ahead["expected_purchases"], rtol=1e-9)


@pytest.mark.parametrize(
    ("price", "words"), [(21.0, "2 customers paid another"), (0.0, "spend"), (float("nan"), "spend"), ("x", "spend")]
)
def test_a_price_that_cannot_be_ends_in_one_sentence(price, words):
    table = pd.DataFrame({"frequency": [2.0, 0.0, 9.0], "recency": [30.0, 0.0, 38.0], "T": [39.0, 39.0, 39.0]})
    base = clv.as_summary(table.assign(monetary_value=[20.0, 0.0, 20.0]), period="week")
    ahead = clv.predict(clv.estimate_from("paretonbd", PARETO, period="week"), base, horizon=39)
    with pytest.raises(ArgumentError, match=words):
        clv.value(ahead, price)


@pytest.mark.parametrize("rate", [0.15, 1.0])
def test_discounted_value_of_steady_buyers_has_the_spread_of_a_discounted_stream(rate):
    """Under NBD, purchases of one price fall evenly over the horizon, so the mean and variance of their discounted sum
    are integrals of e^(-delta u) and of its square: Campbell's theorem, averaged over the buyer's own rate."""
    given = {"r": 0.8, "alpha": 5.0}
    table = pd.DataFrame({"frequency": [0.0, 6.0, 60.0], "recency": [0.0, 30.0, 51.0], "T": [20.0, 39.0, 52.0]})
    base = clv.as_summary(table, period="week")
    ahead = clv.predict(clv.estimate_from("nbd", given, period="week"), base, horizon=52)
    worth = clv.value(ahead, 10.0, margin=0.5, discount_rate=rate)
    delta = np.log1p(rate) / (365.25 / 7)
    once, twice = (-np.expm1(-d * 52) / d for d in (delta, 2 * delta))
    shape, rest = given["r"] + table["frequency"], given["alpha"] + table["T"]
    # A price is held to a hundred-thousandth.
    np.testing.assert_allclose(worth["clv"], 5 * shape / rest * once, rtol=1e-5)
    variance = shape / rest * twice + shape / rest**2 * once**2
    # Large counts within 5% of each other may stand for one another.
    np.testing.assert_allclose(worth.variance, 25 * variance, rtol=5e-3)
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.gamma(shape, 1 / rest, (20_000, 3)) * 52)
    for i in range(3):
        who = np.repeat(np.arange(len(counts)), counts[:, i])
        sums = np.bincount(who, 5 * np.exp(-delta * rng.uniform(0, 52, len(who))), len(counts))
        # 20,000 draws know a probability to .002; a distribution by two moments of timing is off by a little more.
        assert np.mean(sums > worth["clv_upper"][i]) == pytest.approx(0.05, abs=0.01)
