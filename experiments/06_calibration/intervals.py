"""Coverage of 95% intervals over simulated cohorts: parameters, forecasts and chances of single customers.

    python experiments/06_calibration/intervals.py WORLD CUSTOMERS [METHOD] [COHORTS]

Parameters are fixed, cohorts are drawn from them again and again, and each is fitted with the default priors. Counted
is how often the interval of a parameter, of E[X(52)] of a new customer, and of P(alive) and DERT of four customers
holds the truth. Writes results/coverage_METHOD_WORLD_CUSTOMERS.csv.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from worlds import base

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
WORLDS = {
    "bgnbd": ("bgnbd", {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.5}),
    "bgnbd_ridge": ("bgnbd", {"r": 0.5, "alpha": 6.0, "a": 6.0, "b": 24.0}),
    "paretonbd": ("paretonbd", {"r": 0.55, "alpha": 6.0, "s": 0.6, "beta": 12.0}),
    "paretonbd_ridge": ("paretonbd", {"r": 0.55, "alpha": 6.0, "s": 4.0, "beta": 160.0}),
}
PROFILES = clv.as_summary(
    pd.DataFrame(
        {
            "frequency": [0, 2, 6, 12],
            "recency": [0.0, 45.0, 30.0, 50.0],
            "T": [52.0, 52.0, 52.0, 52.0],
        }
    ),
    period="week",
)
HORIZON, CI_PROB = 52.0, 0.95
FORCE = np.log(1.15) * 7 / 365.25  # 15% a year, by the week
TAILS = [(1 - CI_PROB) / 2, (1 + CI_PROB) / 2]


def of_draws(model, params):
    """Return what intervals are wanted for, one number a draw: parameters, E[X(52)], P(alive) and DERT."""
    facts = clv.models.get(model)
    columns = {"x": PROFILES.frequency, "t_x": PROFILES.recency, "T": PROFILES.T}
    found = {name: np.atleast_1d(values) for name, values in params.items()}
    rows = {name: values[:, None] for name, values in found.items()}
    alive = facts.p_alive(rows, columns)
    worth = alive * discounted(facts, facts.updated(rows, columns))
    some = [i for i in range(len(PROFILES)) if model != "bgnbd" or PROFILES.frequency[i] > 0]  # else P(alive) is 1
    return (
        found
        | {"E[X(52)]": facts.expectation(found, HORIZON)}
        | {f"P(alive) {i}": alive[:, i] for i in some}
        | {f"DERT {i}": worth[:, i] for i in range(len(PROFILES))}
    )


def discounted(facts, params):
    """Return expected discounted purchases over a whole life, by Gauss-Laguerre in discounted time."""
    points, weights = np.polynomial.laguerre.laggauss(12)
    return sum(weight * facts.expectation(params, point / FORCE) for point, weight in zip(points, weights, strict=True))


def run(world, n_customers, method="laplace", cohorts=1_000):
    """Return one row a cohort and quantity: lower, upper, truth."""
    model, truth = WORLDS[world]
    known = of_draws(model, truth)
    rows = []
    for i in range(cohorts):
        found = clv.fit(model, base(model, truth, n_customers, 10_000 + i), method=method, seed=i)
        drawn = of_draws(model, found.draws)
        for name, value in known.items():
            lower, upper = np.quantile(drawn[name], TAILS)
            rows.append((i, name, lower, upper, float(value[0]), found.diagnostics.get("pareto_k", np.nan)))
    table = pd.DataFrame(rows, columns=["cohort", "quantity", "lower", "upper", "truth", "pareto_k"])
    held = table.assign(inside=table.truth.between(table.lower, table.upper), width=table.upper - table.lower)
    summed = held.groupby("quantity", sort=False).agg(
        truth=("truth", "first"),
        coverage=("inside", "mean"),
        median_width=("width", "median"),
        k=("pareto_k", "median"),
    )
    return summed.assign(cohorts=cohorts).reset_index()


if __name__ == "__main__":
    where, size = sys.argv[1], int(sys.argv[2])
    how = sys.argv[3] if len(sys.argv) > 3 else "laplace"
    n = int(sys.argv[4]) if len(sys.argv) > 4 else 1_000
    RESULTS.mkdir(exist_ok=True)
    run(where, size, how, n).to_csv(RESULTS / f"coverage_{how}_{where}_{size}.csv", index=False)
