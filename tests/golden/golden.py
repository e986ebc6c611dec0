"""Every public column of forecasts of six bases, made from parameters that are given, so that no search enters.

    python -m tests.golden.golden

writes numbers.json anew: the numbers that a change of structure must not move.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels.records import Estimate, Summary
from clvmodels.voice import muted

from ..contract.cases import ORDINARY

NUMBERS = Path(__file__).with_name("numbers.json")
SHOWN = 20  # customers of each base whose numbers are kept, evenly spaced; sums speak for the others

type Columns = dict[str, list[float]]


def believed(name: str, *, n_draws: int = 24, spread: float = 0.1) -> Estimate:
    """Return an estimate with draws of all but the parameters that take few values."""
    params = ORDINARY[name]
    given = clv.estimate_from(name, params, period=None if name == "gammagamma" else "week")
    few = {p.name for p in given.model.parameters if p.among}
    rng = np.random.default_rng(7)
    noise = {p: np.zeros(n_draws) if p in few else rng.normal(0, spread, n_draws) for p in params}
    return replace(given, draws={p: value * np.exp(noise[p]) for p, value in params.items()})


def cdnow() -> Summary:
    """Return the sample of CDNOW in two groups, with its holdout."""
    log = clv.load_cdnow(sample=True)
    log = log.assign(channel=np.where(log["customer_id"] % 3 == 0, "web", "shop"))
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
        groups="channel",
    )


def donations() -> Summary:
    """Return one donor in twenty."""
    return clv.as_summary(clv.load_donations().iloc[::20].reset_index(drop=True), period="week")


def contracts() -> Summary:
    """Return the contracts of one segment."""
    table = clv.load_contracts()
    regular = table[table["segment"] == "Regular"]
    survivors = np.round(10 * regular["survivors_percent"].to_numpy())  # of a thousand
    return clv.contracts_from_survivors(survivors, period="week")


def simulated(name: str) -> Callable[[], Summary]:
    """Return what draws customers who follow a model, with amounts."""

    def base() -> Summary:
        asked = {"n_customers": 200, "T": np.linspace(20, 60, 200), "period": "week", "seed": 5}
        log = clv.simulate(name, ORDINARY[name], spend_params=ORDINARY["gammagamma"], **asked)
        return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount")

    return base


CASES: dict[str, tuple[Callable[[], Summary], tuple[str, ...]]] = {
    "cdnow": (cdnow, ("bgnbd", "mbgnbd", "paretonbd", "nbd")),
    "donations": (donations, ("bgbb",)),
    "contracts": (contracts, ("sbg", "bdw")),
    "simulated_bgcnbd": (simulated("bgcnbd"), ("bgcnbd", "mbgcnbd")),
    "simulated_ggomnbd": (simulated("ggomnbd"), ("ggomnbd",)),
    "simulated_nbd": (simulated("nbd"), ("nbd",)),
}


def of_case(case: str, model: str) -> dict[str, Columns]:
    """Return all numbers of a base under a model, by table and column."""
    base, _ = CASES[case]
    with muted():
        summary = base()
        ahead = clv.predict(believed(model), summary, horizon=39.0, shock=0.1)
        spend = 10.0 if summary.monetary_value is None else believed("gammagamma")
        worth = clv.value(ahead, spend, margin=0.3, acquisition_cost=2.0)
        later = clv.value(ahead, spend, discount_rate=0.15)
        found = {
            "predict": told(ahead.to_frame()),
            "value": told(worth.to_frame()),
            "discounted": told(later.to_frame()),
        }
        for name, forecast in (("purchases", ahead), ("worth", worth)):
            found[f"total of {name}"] = {"total": [forecast.total.expected, forecast.total.lower, forecast.total.upper]}
            if summary.counts is not None:  # rows stand for several customers
                continue
            found[f"quantiles of {name}"] = told(clv.quantiles(forecast, probabilities=[0.1, 0.5, 0.99]))
            chances = {"above": clv.p_above(forecast, 3.0), "top": clv.p_top(forecast)}
            found[f"chances of {name}"] = told(pd.DataFrame(chances))
            found[f"path of {name}"] = told(clv.total_path(forecast))
        if summary.holdout is not None:
            found |= against_holdout(summary, model)
    return found


def against_holdout(summary: Summary, model: str) -> dict[str, Columns]:
    """Return what is said beside the truth."""
    ahead = clv.predict(believed(model), summary, horizon=summary.holdout.duration)
    board = clv.compare(summary, models=[believed(model)], spend=believed("gammagamma"), by="channel")
    found = {f"compare {target}": told(table) for target, table in board.tables.items()}
    found["coverage"] = told(clv.coverage_table(ahead))
    found["activity"] = told(clv.activity_table(ahead))
    found["totals"] = told(clv.totals(ahead, by="channel"))
    return found


def told(table: pd.DataFrame) -> Columns:
    """Return the numbers of some rows of a table, and the sum of all, by column."""
    rows = np.unique(np.linspace(0, len(table) - 1, SHOWN).round().astype(int))
    numbers = table.select_dtypes("number").drop(columns="customer_id", errors="ignore").astype(float)
    return {str(name): [*values.to_numpy()[rows], float(values.sum())] for name, values in numbers.items()}


def main() -> None:
    """Write the numbers of all cases."""
    found = {f"{case} {model}": of_case(case, model) for case, (_, models) in CASES.items() for model in models}
    tables = {f"{base}: {name}": table for base, named in found.items() for name, table in named.items()}
    NUMBERS.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(t)}" for k, t in tables.items()) + "\n}\n")


if __name__ == "__main__":
    main()
