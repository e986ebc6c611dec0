"""Simulation-based calibration: where the truth lies among the draws of the posterior.

    python experiments/06_calibration/sbc.py MODEL [METHOD] [REPLICATIONS]

Draws parameters from priors, makes a base of customers, fits it with the same priors, and notes how many of 99 draws
lie below the truth. Where posteriors are right, these ranks are uniform. Writes results/ranks_METHOD_MODEL.csv, which
report.py compares with the simultaneous band.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from worlds import HELD, PRIORS, STEPPED, base, spenders

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
CUSTOMERS = 400
DRAWS = 99


def quantities(model, params):
    """Return what is ranked: the parameters, and a forecast for a new customer."""
    found = {name: np.asarray(value) for name, value in params.items() if name != "k"}
    facts = clv.models.get(model)
    if model == "gammagamma":
        return found | {"typical spend": found["p"] * found["gamma"] / found["q"]}
    horizon = 8.0 if model in STEPPED else 52.0
    return found | {"expected purchases": facts.expectation(params, horizon)}


def replication(model, method, priors, params, seed, held):
    """Return the rank of the truth for each quantity, and the diagnostics; None where the base can't be fitted."""
    summary = spenders(params, CUSTOMERS, seed) if model == "gammagamma" else base(model, params, CUSTOMERS, seed)
    settings = {"sampling": clv.Sampling(chains=2, tune=500, progress=False)} if method == "nuts" else {}
    try:  # draws take k as known, so here it is
        found = clv.fit(model, summary, method=method, priors=priors, seed=seed, n_draws=1_000, held=held, **settings)
    except clv.errors.FitError:
        return None
    some = np.linspace(0, found.n_draws - 1, DRAWS).astype(int)
    drawn = quantities(model, {name: values[some] for name, values in found.draws.items()})
    truth = quantities(model, params)
    ranks = {name: int(np.sum(drawn[name] < truth[name])) for name in truth}
    return ranks | dict(found.diagnostics)


def run(model, method="laplace", replications=1_000):
    """Return one row a replication."""
    priors = clv.Priors(
        clv.models.get(model).quantities, {name: clv.Prior(*law) for name, law in PRIORS[model].items()}
    )
    held = HELD.get(model)
    drawn = clv.prior_draws(model, priors, n_draws=replications, seed=7, held=held)
    found = []
    for i in range(replications):
        params = {name: float(values[i]) for name, values in drawn.items()}
        found.append((i, replication(model, method, priors, params, i, held)))
    return pd.DataFrame([{"replication": i} | (row or {}) for i, row in found])


if __name__ == "__main__":
    name, how = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "laplace"
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
    RESULTS.mkdir(exist_ok=True)
    run(name, how, n).to_csv(RESULTS / f"ranks_{how}_{name}.csv", index=False)
