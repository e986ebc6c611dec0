"""Simulation-based calibration, short: the truth lies anywhere among the draws of the posterior, and nowhere rather.

The long runs, for every model, are in experiments/06_calibration.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import clvmodels as clv

PRIORS = {
    "nbd": {"mean_rate": (0.08, 0.5), "rate_spread": (1.2, 0.3)},
    "bgnbd": {
        "mean_rate": (0.08, 0.5),
        "rate_spread": (1.2, 0.3),
        "mean_dropout": (0.25, 0.6),
        "dropout_spread": (0.25, 0.6),
    },
    "sbg": {"mean_churn": (0.3, 0.6), "churn_spread": (0.25, 0.6)},
}
REPLICATIONS, CUSTOMERS, DRAWS = 120, 250, 99


def base(model, params, seed):
    """Return a base that follows a model exactly: its times aren't rounded to days."""
    facts, rng = clv.models.get(model), np.random.default_rng(seed)
    T = rng.integers(4, 9, CUSTOMERS).astype(float) if facts.discrete else rng.uniform(26, 52, CUSTOMERS)
    who, when = facts.simulate(params, T, rng)
    last = np.zeros(CUSTOMERS)
    np.maximum.at(last, who, when)
    table = {"frequency": np.bincount(who, minlength=CUSTOMERS), "recency": last, "T": T}
    return clv.as_summary(pd.DataFrame(table), period="week")


def ranks(model, narrowed=1.0):
    """Return where the truth lies among the draws, in (0, 1), for each parameter; narrowed draws are wrong ones."""
    distributions = {name: clv.Prior(*law) for name, law in PRIORS[model].items()}
    priors = clv.Priors(clv.models.get(model).quantities, distributions)
    truth = clv.prior_draws(model, priors, n_draws=REPLICATIONS, seed=5)
    found = {name: np.empty(REPLICATIONS) for name in truth}
    for i in range(REPLICATIONS):
        params = {name: float(values[i]) for name, values in truth.items()}
        estimate = clv.fit(model, base(model, params, i), method="laplace", priors=priors, n_draws=DRAWS, seed=i)
        for name, values in estimate.draws.items():
            centre = np.log(values).mean()
            drawn = centre + narrowed * (np.log(values) - centre)
            below = np.sum(drawn < np.log(params[name]))
            found[name][i] = (below + np.random.default_rng(i).random()) / (DRAWS + 1)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("model", sorted(PRIORS))
def test_the_truth_lies_anywhere_among_the_draws(model):
    for name, u in ranks(model).items():
        assert kstest(u, "uniform").pvalue > 1e-3, name  # 8 parameters in all: a right posterior fails 1 run in 100


@pytest.mark.slow
def test_draws_that_are_too_narrow_are_caught():
    assert min(kstest(u, "uniform").pvalue for u in ranks("nbd", narrowed=0.4).values()) < 1e-3
