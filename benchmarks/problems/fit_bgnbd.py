"""Maximum likelihood of BG/NBD, from the purchase histories to the parameters with their standard errors.

The log-likelihood of every answer is computed by the same code, so a fit that is faster because it stops early shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem

Params = Mapping[str, float]

LIKE_CDNOW = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
N_SIMULATED = 1_000_000
HISTORY = ["frequency", "recency", "T"]


def cdnow(*, sample: bool) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        log = clv.load_cdnow(sample=sample)
        rfm = clv.rfm_summary(
            log, customer="customer_id", time="date", amount="amount", period="week", observation_end="1997-09-30"
        )
        keep(rfm, folder)

    return prepare


def simulated(folder: Path) -> None:
    """Write the histories of a million customers who behave as CDNOW's do and arrive over twelve weeks, as they did."""
    watched = np.random.default_rng(1).integers(27 * 7, 39 * 7 + 1, N_SIMULATED) / 7
    log = clv.simulate("bgnbd", LIKE_CDNOW, n_customers=N_SIMULATED, T=watched, seed=1)
    keep(clv.rfm_summary(log, customer="customer_id", time="date", period="week"), folder)


def keep(rfm: clv.Summary, folder: Path) -> None:
    rfm.to_frame()[HISTORY].to_parquet(folder / "histories.parquet")


def load(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "histories.parquet")


def with_clvmodels(histories: pd.DataFrame) -> Params:
    return clv.fit("bgnbd", clv.as_summary(histories, period="week")).params


def with_lifetimes(histories: pd.DataFrame) -> Params:
    return BetaGeoFitter().fit(*(histories[name] for name in HISTORY)).params_.to_dict()


def answer(histories: pd.DataFrame, params: Params) -> Mapping[str, float]:
    estimate = clv.estimate_from("bgnbd", params, period="week")
    likelihood = estimate.log_likelihood_of(clv.as_summary(histories, period="week"))
    return {"log_likelihood": likelihood, **{name: params[name] for name in LIKE_CDNOW}}


def case(name: str, prepare: Callable[[Path], None], *, repeats: int) -> Case:
    contenders = (Contender("clvmodels", with_clvmodels, repeats), Contender("lifetimes", with_lifetimes, repeats))
    return Case(name, prepare, load, contenders)


PROBLEM = Problem(
    title="maximum likelihood of BG/NBD",
    cases=(
        case("CDNOW sample, 2,357 customers", cdnow(sample=True), repeats=9),
        case("CDNOW, 23,570 customers", cdnow(sample=False), repeats=5),
        case("simulated, 1,000,000 customers", simulated, repeats=3),
    ),
    answer=answer,
)
