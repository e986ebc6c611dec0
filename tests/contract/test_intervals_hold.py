"""Predictive intervals are honest where the model is true: simulated customers, parameters fitted to them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

import clvmodels as clv
from clvmodels.records import Holdout, Period, Summary

from .cases import ORDINARY, purchase_models

pytestmark = pytest.mark.usefixtures("muted_findings")

N, AHEAD = 20_000, 39.0
QUICK = ("bgnbd", "sbg")  # with and without contracts; the others are held to the same, with the slow tests
MODELS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in purchase_models()]


def simulated(name, seed, discount_rate=0.0, n=N, params=None):
    """Return customers with a holdout in which what is spent is worth what it is today."""
    model, spending = clv.models.get(name), clv.models.get("gammagamma")
    rng = np.random.default_rng(seed)
    follow = rng.integers(27 * 7, 39 * 7 + 1, n) / 7  # customers came in over twelve weeks, as in CDNOW
    if model.discrete:
        follow = np.round((follow - 27) / 6) * 6 + 27  # at three opportunities
    who, when = model.simulate(params or ORDINARY[name], follow + AHEAD, rng)
    worth = spending.simulate_spend(ORDINARY["gammagamma"], who, n, rng)
    seen = when <= follow[who]
    x = np.bincount(who[seen], minlength=n).astype(float)
    t_x = np.zeros(n)
    np.maximum.at(t_x, who[seen], when[seen])
    order = np.lexsort((when[seen], who[seen]))
    whose, times = who[seen][order], when[seen][order]
    before = np.where(np.diff(whose, prepend=-1) == 0, np.roll(times, 1), 0.0)
    litt = np.bincount(whose, np.log(times - before), n)
    mean = np.bincount(who[seen], worth[seen], n) / np.maximum(x, 1)
    years = (when - follow[who])[~seen] * 7 / 365.25
    later = np.bincount(who[~seen], worth[~seen] * (1 + discount_rate) ** -years, n)
    holdout = Holdout(AHEAD, np.bincount(who[~seen], minlength=n).astype(float), later)
    return Summary(Period.of("week"), np.arange(n), x, t_x, follow, mean, litt=litt, holdout=holdout)


def distance(u):
    """Return the Kolmogorov-Smirnov distance to the uniform distribution; .0096 is its 95% point by chance."""
    return kstest(u, "uniform").statistic


@pytest.mark.parametrize("name", MODELS)
def test_pit_of_holdout_purchases_and_revenue_is_uniform(name):
    base = simulated(name, seed=4)
    ahead = clv.predict(clv.fit(name, base), base, horizon=AHEAD)
    assert distance(clv.pit(ahead, base.holdout.frequency)) < 0.015
    worth = clv.value(ahead, clv.fit("gammagamma", base))
    assert distance(clv.pit(worth, base.holdout.spend)) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_pit_of_discounted_revenue_is_uniform(name):
    base = simulated(name, seed=5, discount_rate=0.3)
    ahead = clv.predict(clv.fit(name, base), base, horizon=AHEAD)
    worth = clv.value(ahead, clv.fit("gammagamma", base), discount_rate=0.3)
    assert distance(clv.pit(worth, base.holdout.spend)) < 0.02


@pytest.mark.parametrize("name", MODELS)
def test_pit_notices_a_forecast_that_is_too_high(name):
    base = simulated(name, seed=4)
    for_longer = clv.predict(clv.fit(name, base), base, horizon=1.5 * AHEAD)
    assert distance(clv.pit(for_longer, base.holdout.frequency)) > 0.015


@pytest.mark.parametrize("name", MODELS)
def test_intervals_of_purchases_and_value_cover_what_comes(name):
    base = simulated(name, seed=6)
    ahead = clv.predict(clv.fit(name, base), base, horizon=AHEAD, ci_prob=0.9)
    worth = clv.value(ahead, clv.fit("gammagamma", base))
    bought, spent = base.holdout.frequency, base.holdout.spend
    # Counts are coarse, so an interval of at least 90% holds more; binomial error of a share of 20,000 is .002.
    assert np.mean((ahead["purchases_lower"] <= bought) & (bought <= ahead["purchases_upper"])) > 0.9 - 0.006
    assert np.mean((worth["clv_lower"] - 1e-9 <= spent) & (spent <= worth["clv_upper"])) > 0.9 - 0.006


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgnbd", "paretonbd", "sbg"])
def test_intervals_of_totals_cover_what_comes_in_nine_of_ten_cohorts(name):
    cohorts, customers = 60, 2_000
    held = np.zeros(2)
    for seed in range(cohorts):
        base = simulated(name, seed=100 + seed, n=customers)
        ahead = clv.predict(clv.fit(name, base), base, horizon=AHEAD, ci_prob=0.9)
        totals = (ahead.total, clv.value(ahead, clv.fit("gammagamma", base)).total)
        came = (base.holdout.frequency.sum(), base.holdout.spend.sum())
        held += [total.lower <= actual <= total.upper for total, actual in zip(totals, came, strict=True)]
    # 54 are expected of 60; fewer than 46 come by chance once in a thousand, and more than 59 twice in a thousand.
    assert np.all((held >= 46) & (held <= 59)), held
