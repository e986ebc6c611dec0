"""Each customer's expected purchases over 39 weeks with their interval, under 4,000 draws of BG/NBD's parameters.

Ours are `predict`, which gives P(alive), P(active) and the interval of the purchases too; the peer gives an array of
draws x customers, from which the mean and the interval are taken. Both get the same draws.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem
from benchmarks.problems.fit_bgnbd import HISTORY, LIKE_CDNOW, cdnow, keep

N_DRAWS, HORIZON, TAILS = 4_000, 39.0, [0.05, 0.95]


def with_draws(prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return what writes histories and an estimate of 4,000 draws."""

    def prepared(folder: Path) -> None:
        prepare(folder)
        histories = pd.read_parquet(folder / "histories.parquet")
        found = clv.fit("bgnbd", clv.as_summary(histories, period="week"), n_draws=N_DRAWS)
        clv.save(found, folder / "estimate.json")

    return prepared


def simulated(folder: Path) -> None:
    watched = np.random.default_rng(1).integers(27 * 7, 39 * 7 + 1, 100_000) / 7
    log = clv.simulate("bgnbd", LIKE_CDNOW, n_customers=100_000, T=watched, seed=1)
    keep(clv.rfm_summary(log, customer="customer_id", time="date", period="week"), folder)


def load(folder: Path) -> Mapping[str, Any]:
    draws = json.loads((folder / "estimate.json").read_text())["draws"]
    return {
        "histories": pd.read_parquet(folder / "histories.parquet"),
        "estimate": clv.load(folder / "estimate.json"),
        "draws": {name: np.array(values, dtype=float) for name, values in draws.items()},
    }


def with_clvmodels(data: Mapping[str, Any]) -> pd.DataFrame:
    base = clv.as_summary(data["histories"], period="week")
    return clv.predict(data["estimate"], base, horizon=HORIZON).to_frame()


def with_pymc_marketing(data: Mapping[str, Any]) -> pd.DataFrame:
    from pymc_marketing.clv import BetaGeoModel

    table = data["histories"][HISTORY].assign(customer_id=np.arange(len(data["histories"])))
    model = BetaGeoModel()
    model.build_model(table)
    posterior = xr.Dataset({name: (("chain", "draw"), values[None, :]) for name, values in data["draws"].items()})
    model.idata = xr.DataTree.from_dict({"posterior": posterior, "fit_data": table.to_xarray()})
    drawn = model.expected_purchases(table, future_t=HORIZON).to_numpy().reshape(N_DRAWS, -1)
    lower, upper = np.quantile(drawn, TAILS, axis=0)
    return pd.DataFrame(
        {
            "expected_purchases": drawn.mean(axis=0),
            "expected_purchases_lower": lower,
            "expected_purchases_upper": upper,
        }
    )


def answer(data: Mapping[str, Any], found: pd.DataFrame) -> Mapping[str, float]:
    names = ("expected_purchases", "expected_purchases_lower", "expected_purchases_upper")
    return {name: float(found[name].sum()) for name in names}


PROBLEM = Problem(
    title="expected purchases with 4,000 draws",
    cases=(
        Case(
            "CDNOW, 23,570 customers",
            with_draws(cdnow(sample=False)),
            load,
            (Contender("clvmodels", with_clvmodels, 5), Contender("pymc-marketing", with_pymc_marketing, 1)),
        ),
        Case(
            "simulated, 100,000 customers",
            with_draws(simulated),
            load,
            (Contender("clvmodels", with_clvmodels, 3),),  # the peer's arrays don't fit into 24 GB
        ),
    ),
    answer=answer,
)
