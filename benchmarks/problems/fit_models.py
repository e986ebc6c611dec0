"""Fit of every model that a peer has too, and of ours that none has, from the histories to the parameters.

Peers fit by maximum likelihood (lifetimes) or at the mode of their default posterior (pymc-marketing); ours are maximum
likelihood with standard errors and draws. The log-likelihood of every answer is computed by the same code, so a fit
that is faster because it stops early shows, and one at a posterior's mode lies a little lower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem

Params = Mapping[str, float]
Solve = Callable[[pd.DataFrame], Params]

LIKE_CDNOW = {
    "nbd": {"r": 0.3848, "alpha": 12.072},
    "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "mbgnbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "bgcnbd": {"k": 2, "r": 0.2426, "alpha": 2.2, "a": 0.7929, "b": 2.4259},
    "mbgcnbd": {"k": 2, "r": 0.525, "alpha": 3.1, "a": 0.891, "b": 1.614},
    "paretonbd": {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669},
    "ggomnbd": {"r": 0.5533, "alpha": 10.578, "b": 0.05, "s": 0.4, "beta": 0.6},
    "bgbb": {"alpha": 1.2035, "beta": 0.7497, "gamma": 0.6567, "delta": 2.7834},
    "sbg": {"gamma": 0.704, "delta": 1.182},
    "bdw": {"gamma": 0.523, "delta": 0.894, "c": 1.196},
}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
SIZES = (2_357, 23_570, 100_000)
STEPS = {"bgbb": 6.0, "sbg": 7.0, "bdw": 7.0}  # opportunities or renewals, where time passes in steps
FROM_CDNOW = ("bgnbd", "mbgnbd", "nbd", "paretonbd", "gammagamma")  # the others don't meet CDNOW's kind of customer


def made(model: str, n: int) -> Callable[[Path], None]:
    """Return what writes n histories: CDNOW's where it has so many, else simulated ones."""

    def prepare(folder: Path) -> None:
        found = _cdnow(n) if model in FROM_CDNOW and n != SIZES[-1] else _simulated(model, n)
        if model == "gammagamma":
            found = found[(found["frequency"] > 0) & (found["monetary_value"] > 0)]
        found.to_parquet(folder / "histories.parquet")

    return prepare


def _cdnow(n: int) -> pd.DataFrame:
    log = clv.load_cdnow(sample=n == SIZES[0])
    return clv.rfm_summary(
        log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30"
    ).to_frame()


def _simulated(model: str, n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    if model in STEPS:
        facts = clv.models.get(model)
        who, when = facts.simulate(LIKE_CDNOW[model], np.full(n, STEPS[model]), rng)
        last = np.zeros(n)
        np.maximum.at(last, who, when)
        times = {"frequency": np.bincount(who, minlength=n), "recency": last, "T": STEPS[model]}
        return pd.DataFrame({"customer_id": np.arange(n), **times})
    watched = rng.integers(27 * 7, 39 * 7 + 1, n) / 7  # customers arrive over twelve weeks, as CDNOW's did
    buying = "bgnbd" if model == "gammagamma" else model
    log = clv.simulate(buying, LIKE_CDNOW[buying], n_customers=n, T=watched, spend_params=SPEND, seed=1)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount").to_frame()


def load(model: str) -> Callable[[Path], pd.DataFrame]:
    def read(folder: Path) -> pd.DataFrame:
        histories = pd.read_parquet(folder / "histories.parquet")
        histories.attrs["model"] = model
        return histories

    return read


def with_clvmodels(model: str) -> Solve:
    asked = {"first_purchase": "leave_out"} if model == "gammagamma" else {}  # what the other packages fit
    return lambda histories: clv.fit(model, clv.as_summary(histories, period="week"), **asked).params


def with_lifetimes(model: str) -> Solve:
    def solve(histories: pd.DataFrame) -> Params:
        import lifetimes

        fitter = getattr(lifetimes, clv.models.get(model).lifetimes_name)()
        names = ["frequency", "monetary_value"] if model == "gammagamma" else ["frequency", "recency", "T"]
        return dict(clv.from_lifetimes(fitter.fit(*(histories[name] for name in names)), period="week").params)

    return solve


def grouped_with_lifetimes(histories: pd.DataFrame) -> Params:
    """Fit BG/BB, of which lifetimes wants equal histories grouped."""
    from lifetimes import BetaGeoBetaBinomFitter

    rows = histories.groupby(["frequency", "recency", "T"]).size().reset_index(name="weights")
    fitter = BetaGeoBetaBinomFitter().fit(rows["frequency"], rows["recency"], rows["T"], rows["weights"])
    return dict(clv.from_lifetimes(fitter, period="week").params)


PYMC_NAMES = {
    "bgnbd": ("BetaGeoModel", {}),
    "mbgnbd": ("ModifiedBetaGeoModel", {}),
    "paretonbd": ("ParetoNBDModel", {}),
    "bgbb": ("BetaGeoBetaBinomModel", {}),
    "gammagamma": ("GammaGammaModel", {"v": "gamma"}),
}


def with_pymc_marketing(model: str) -> Solve:
    def solve(histories: pd.DataFrame) -> Params:
        import pymc_marketing.clv

        name, renamed = PYMC_NAMES[model]
        known = ["frequency", "monetary_value"] if model == "gammagamma" else ["frequency", "recency", "T"]
        fitted = getattr(pymc_marketing.clv, name)()
        fitted.fit(histories[["customer_id", *known]], method="map", progressbar=False)
        found = {renamed.get(str(k), str(k)): float(v.to_numpy().item()) for k, v in fitted.idata.posterior.items()}
        return {p.name: found[p.name] for p in clv.models.get(model).parameters}

    return solve


def answer(histories: pd.DataFrame, params: Params) -> Mapping[str, float]:
    model = histories.attrs["model"]
    given = clv.estimate_from(model, params, period=None if model == "gammagamma" else "week")
    return {"log_likelihood": given.log_likelihood_of(clv.as_summary(histories, period="week"))}


def case(model: str, n: int) -> Case:
    contenders = [Contender("clvmodels", with_clvmodels(model), 3)]
    if model == "bgbb":
        contenders.append(Contender("lifetimes", grouped_with_lifetimes, 1))
    elif clv.models.get(model).lifetimes_name:
        contenders.append(Contender("lifetimes", with_lifetimes(model), 1))
    if model in PYMC_NAMES:
        contenders.append(Contender("pymc-marketing", with_pymc_marketing(model), 2))  # the second call is warm
    title = clv.models.get(model).title
    return Case(f"{title}, {n:,} customers", made(model, n), load(model), tuple(contenders))


PROBLEM = Problem(
    title="fit of every model",
    cases=tuple(case(model, n) for model in [*LIKE_CDNOW, "gammagamma"] for n in SIZES),
    answer=answer,
)
