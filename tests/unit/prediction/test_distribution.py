"""A forecast carries its distribution: asked often, made once, and kept only where it is small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.prediction import counts, distribution
from clvmodels.voice import muted


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    some = log[log["customer_id"] % 8 < 1]
    return clv.rfm_summary(some, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def fitted(rfm):
    with muted():
        return clv.fit("bgnbd", rfm, n_draws=100), clv.fit("gammagamma", rfm, n_draws=100)


@pytest.fixture
def made(monkeypatch):
    """Return horizons for which distributions of counts were made."""
    horizons = []
    make = counts.count_distributions
    monkeypatch.setattr(
        counts, "count_distributions", lambda f, e, horizon: horizons.append(horizon) or make(f, e, horizon)
    )
    return horizons


def ask(fitted, rfm):
    with muted():
        ahead = clv.predict(fitted[0], rfm, horizon=26)
        worth = clv.value(ahead, fitted[1], margin=0.3, acquisition_cost=2.0)
    tables = [clv.quantiles(ahead), clv.quantiles(worth)]
    chances = [clv.p_above(ahead, 2), clv.p_top(ahead), clv.p_above(worth, 10.0), clv.p_top(worth)]
    return ahead, worth, tables, chances


def test_whoever_asks_again_gets_what_was_made(fitted, rfm, made):
    ask(fitted, rfm)
    assert made == [26.0]


def test_a_large_base_is_not_kept_and_says_the_same(fitted, rfm, made, monkeypatch):
    *_, tables, chances = ask(fitted, rfm)
    monkeypatch.setattr(distribution, "_KEPT", 1_000)
    *_, anew, others = ask(fitted, rfm)
    assert len(made) > 5
    for one, other in zip([*tables, *chances], [*anew, *others], strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_several_quantiles_take_one_look(fitted, rfm, made, monkeypatch):
    monkeypatch.setattr(distribution, "_KEPT", 0)
    with muted():
        ahead = clv.predict(fitted[0], rfm, horizon=26)
    made.clear()
    clv.quantiles(ahead, probabilities=[0.1, 0.5, 0.9])
    assert made == [26.0]


def test_what_a_record_says_is_what_its_distribution_says(fitted, rfm):
    ahead, worth, *_ = ask(fitted, rfm)
    for forecast, name in ((ahead, "purchases"), (worth, "clv")):
        told = forecast.distribution
        for bound, p in (("lower", 0.05), ("upper", 0.95)):
            np.testing.assert_allclose(told.quantile(p), forecast[f"{name}_{bound}"], rtol=1e-10, atol=0)
        at = forecast[f"{name}_upper"]
        np.testing.assert_allclose(told.cdf(at) + told.sf(at), 1, rtol=1e-12)
        assert np.all(told.cdf(at) >= 0.95 - 1e-9)
        np.testing.assert_array_equal(told.sf(3.0), told.sf(np.full(len(forecast), 3.0)))
    np.testing.assert_array_equal(ahead.distribution.variance(), ahead.variance)
    mean = ahead.distribution.mean()  # over draws, of which the expectation's interval is told
    assert np.all((ahead["expected_purchases_lower"] < mean) & (mean < ahead["expected_purchases_upper"]))
    np.testing.assert_allclose(worth["p_profitable"], worth.distribution.sf(0.0), rtol=0, atol=1e-15)


def test_money_at_one_price_is_as_likely_as_the_purchases(fitted, rfm):
    with muted():
        ahead = clv.predict(fitted[0], replace(rfm, monetary_value=None), horizon=26)
        worth = clv.value(ahead, 19.99)
    bought = np.arange(len(rfm)) % 4.0
    np.testing.assert_allclose(clv.pit(worth, 19.99 * bought), clv.pit(ahead, bought), rtol=0, atol=1e-12)


@pytest.fixture(scope="module")
def some(fitted, rfm):
    with muted():
        ahead = clv.predict(fitted[0], rfm.take(np.arange(4)), horizon=26)
        return ahead.distribution, clv.value(ahead, fitted[1], margin=0.3, acquisition_cost=2.0).distribution


def test_scores_of_a_count_are_those_of_its_cdf(some):
    counts_ahead = np.arange(40)
    cdf = np.array([some[0].cdf(float(k)) for k in counts_ahead])
    prob = np.exp([some[0].log_prob(float(k)) for k in counts_ahead])
    np.testing.assert_allclose(prob.cumsum(axis=0), cdf, atol=1e-9)
    score = ((cdf - (counts_ahead[:, None] >= 3)) ** 2).sum(axis=0)
    np.testing.assert_allclose(some[0].crps(3.0), score, atol=1e-9)


def test_scores_of_a_value_are_those_of_its_cdf(some):
    cdf, h = some[1].cdf, 1e-4
    slope = (cdf(25.0 + h) - cdf(25.0 - h)) / (2 * h)
    np.testing.assert_allclose(np.exp(some[1].log_prob(25.0)), slope, rtol=1e-5)
    np.testing.assert_allclose(np.exp(some[1].log_prob(-2.0)), cdf(-2.0), rtol=1e-9)  # who buys nothing costs that
    assert (some[1].log_prob(-2.5) == -np.inf).all()
    grid = np.concatenate([np.linspace(-2.0, 40.0, 85), np.geomspace(42.0, 3_000.0, 60)])
    below = np.array([cdf(float(x)) for x in grid])
    for actual in (-7.0, -2.0, 25.0):
        score = np.trapezoid((below - (grid[:, None] >= actual)) ** 2, grid, axis=0) + max(-2.0 - actual, 0.0)
        np.testing.assert_allclose(some[1].crps(actual), score, rtol=0.02)
