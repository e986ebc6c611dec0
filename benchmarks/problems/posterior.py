"""Draws of BG/NBD's posterior: effective ones a second, by importance sampling and by NUTS, ours and the peer's.

All take 4 x 1,000 draws, NUTS after as many steps of warm-up. Effective draws are ArviZ's bulk figure for NUTS, the
worst parameter counting. For importance sampling they are 1 / (1 / draws kept + 1 / effective draws proposed): the
draws kept are a resample, and lose by it. The clock holds all from the table of histories to the draws, compilation
too.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
from pymc_marketing.clv import BetaGeoModel

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem
from benchmarks.problems.fit_bgnbd import HISTORY, cdnow, load

CHAINS, DRAWS = 4, 1_000
PARAMETERS = ("r", "alpha", "a", "b")

Solution = Mapping[str, Any]


def by_importance(histories: pd.DataFrame) -> Solution:
    start = perf_counter()
    found = clv.fit("bgnbd", clv.as_summary(histories, period="week"), method="laplace", n_draws=CHAINS * DRAWS)
    seconds = perf_counter() - start
    effective = 1 / (1 / found.n_draws + 1 / found.diagnostics["ess"])
    return {"seconds": seconds, "effective": effective, "means": {n: v.mean() for n, v in found.draws.items()}}


def by_nuts(histories: pd.DataFrame) -> Solution:
    start = perf_counter()
    settings = clv.Sampling(chains=CHAINS, tune=DRAWS, progress=False)
    found = clv.fit(
        "bgnbd",
        clv.as_summary(histories, period="week"),
        method="nuts",
        n_draws=CHAINS * DRAWS,
        sampling=settings,
    )
    seconds = perf_counter() - start
    draws = {name: values.reshape(CHAINS, DRAWS) for name, values in found.draws.items()}
    return {"seconds": seconds, **_judged(draws)}


def with_pymc_marketing(histories: pd.DataFrame) -> Solution:
    start = perf_counter()
    model = BetaGeoModel()
    table = histories[HISTORY].assign(customer_id=np.arange(len(histories)))
    found = model.fit(table, random_seed=1, progressbar=False, chains=CHAINS, draws=DRAWS, tune=DRAWS)
    seconds = perf_counter() - start
    return {"seconds": seconds, **_judged({name: found["posterior"][name].to_numpy() for name in PARAMETERS})}


def _judged(draws: Mapping[str, Any]) -> Solution:
    effective = min(float(az.ess(values, method="bulk")) for values in draws.values())
    return {"effective": effective, "means": {name: values.mean() for name, values in draws.items()}}


def answer(histories: pd.DataFrame, solution: Solution) -> Mapping[str, float]:
    a_second = solution["effective"] / solution["seconds"]
    return {"effective": solution["effective"], "effective_per_s": a_second, **solution["means"]}


def case(name: str, *, sample: bool) -> Case:
    return Case(
        name,
        cdnow(sample=sample),
        load,
        (
            Contender("clvmodels, laplace", by_importance, 5),
            Contender("clvmodels, nuts", by_nuts, 2),
            Contender("pymc-marketing, nuts", with_pymc_marketing, 1),
        ),
    )


PROBLEM = Problem(
    title="draws of BG/NBD's posterior",
    cases=(case("CDNOW sample, 2,357 customers", sample=True), case("CDNOW, 23,570 customers", sample=False)),
    answer=answer,
)
