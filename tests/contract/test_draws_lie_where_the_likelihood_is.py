"""No draw of any estimate lies where the likelihood has never been, whatever the model, the method and the data.

How far below the top a draw can lie is a matter of how many parameters there are: under a parabola it falls by half a
chi-square. What one draw in 10^12 falls is taken as the most; a draw that was cut off at an arbitrary width lies 70 to
thousands below.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.inference.parabola import lowest

from .cases import ORDINARY, of_tables, purchase_models
from .test_intervals_hold import simulated

pytestmark = pytest.mark.usefixtures("muted_findings")

# Hardly anybody leaves, or customers are all alike: what the model adds to a simpler one isn't there to be found.
FLAT = {
    "nbd": {"r": 50.0, "alpha": 500.0},
    "bgnbd": {"r": 1.0, "alpha": 10.0, "a": 1e-3, "b": 10.0},
    "mbgnbd": {"r": 1.0, "alpha": 10.0, "a": 1e-3, "b": 10.0},
    "bgcnbd": {"k": 2.0, "r": 1.0, "alpha": 5.0, "a": 1e-3, "b": 10.0},
    "mbgcnbd": {"k": 2.0, "r": 1.0, "alpha": 5.0, "a": 1e-3, "b": 10.0},
    "paretonbd": {"r": 1.0, "alpha": 10.0, "s": 0.01, "beta": 10.0},
    "ggomnbd": {"r": 1.0, "alpha": 10.0, "b": 0.01, "s": 0.01, "beta": 1.0},
    "bgbb": {"alpha": 1.2, "beta": 0.75, "gamma": 0.01, "delta": 10.0},
    "sbg": {"gamma": 300.0, "delta": 3_000.0},
    "bdw": {"gamma": 300.0, "delta": 3_000.0, "c": 1.0},
}
SPEND_ALL_ALIKE = {"p": 6.0, "q": 3_000.0, "gamma": 15_000.0}
DATA = ("ordinary", "flat")
SLOW = ("ggomnbd",)  # seconds a fit
MODELS = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else []) for name in of_tables()]


def base_of(name, data, seed=3, n=400):
    """Return customers of a model, or of one that hardly differs from a simpler one."""
    if name != "gammagamma":
        return simulated(name, seed, n=n, params=ORDINARY[name] if data == "ordinary" else FLAT[name])
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), rng.integers(1, 5, n))
    params = ORDINARY[name] if data == "ordinary" else SPEND_ALL_ALIKE
    amounts = clv.models.get(name).simulate_spend(params, who, n, rng)
    bought = np.bincount(who, minlength=n)
    mean = np.bincount(who, amounts, n) / bought
    columns = {"frequency": bought, "recency": np.full(n, 30.0), "T": np.full(n, 39.0), "monetary_value": mean}
    return clv.as_summary(pd.DataFrame(columns), period="week")


def deepest(estimate, base):
    """Return how far the lowest draw lies below the estimate, in log-likelihood."""
    histories = base.statistics(estimate.model.statistics)
    if "n" in histories.columns:  # who has no spend says nothing of it
        assert np.all(histories.columns["n"] > 0)
    found = []
    for part in np.array_split(np.arange(estimate.n_draws), 10):
        params = {name: values[part, None] for name, values in estimate.draws.items()}
        found.append(estimate.model.pointwise(params, histories.columns) @ histories.counts)
    heights = np.concatenate(found)
    assert np.all(np.isfinite(heights))
    return estimate.log_likelihood - heights.min()


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("method", ["mle", *(pytest.param(m, marks=pytest.mark.slow) for m in ("map", "laplace"))])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n == "ggomnbd" else []) for n in of_tables()]
)
def test_every_draw_lies_near_the_top(name, method, data):
    base = base_of(name, data)
    fitted = clv.fit(name, base, method=method)
    n_free = len(clv.models.get(name).free)
    assert deepest(fitted, base) < lowest(n_free)
    assert all(np.ptp(fitted.draws[p.name]) > 0 for p in clv.models.get(name).free)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in purchase_models() if name not in SLOW])
def test_an_interval_of_an_expectation_has_a_width_on_flat_ground(name):
    base = base_of(name, "flat")
    ahead = clv.predict(clv.fit(name, base), base, horizon=26)
    lower, upper = ahead["expected_purchases_lower"], ahead["expected_purchases_upper"]
    assert np.all(np.isfinite(lower) & np.isfinite(upper))
    assert np.all(upper[ahead["expected_purchases"] > 0] > lower[ahead["expected_purchases"] > 0])
    assert 0 < ahead.total.lower < ahead.total.upper < np.inf


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgnbd", "sbg", "bgbb"])
def test_draws_of_resampled_bases_lie_near_the_top(name):
    for data in DATA:
        base = base_of(name, data)
        fitted = clv.fit(name, base, method="bootstrap", n_draws=60)
        # Not below what the base itself gives by chance: bases differ by as much as parameters are uncertain.
        assert deepest(fitted, base) < lowest(len(clv.models.get(name).free))
