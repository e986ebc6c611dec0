"""Small bases whose customers differ by what is known of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import clvmodels as clv
from clvmodels.records import Period, Summary

PARAMS = {
    "nbd": {"r": 0.8, "alpha": 6.0},
    "bgnbd": {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5},
    "mbgnbd": {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5},
    "bgcnbd": {"k": 2.0, "r": 0.6, "alpha": 3.0, "a": 0.8, "b": 2.5},
    "mbgcnbd": {"k": 2.0, "r": 0.6, "alpha": 3.0, "a": 0.8, "b": 2.5},
    "paretonbd": {"r": 0.6, "alpha": 6.0, "s": 0.6, "beta": 11.0},
    "ggomnbd": {"r": 0.6, "alpha": 6.0, "b": 0.05, "s": 0.6, "beta": 1.0},
    "bgbb": {"alpha": 1.2, "beta": 2.0, "gamma": 0.7, "delta": 4.0},
    "sbg": {"gamma": 0.7, "delta": 3.8},
    "bdw": {"gamma": 0.4, "delta": 2.5, "c": 1.4},
}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def drawn(model, params, known, *, T=39.0, spend=None, seed=1):
    """Return a summary of customers who follow a model to the end of observation, one for each row of ``known``."""
    facts = clv.models.get(model)
    n = len(next(iter(known.values())))
    log = clv.simulate(
        model, params, n_customers=n, T=T, covariates=known, spend_params=spend or SPEND, seed=seed, period="week"
    )
    log["week"] = (log["date"] - log["date"].min()).dt.total_seconds() / (7 * 86_400)
    if facts.discrete:
        log["week"] = log["week"].round()
    by_customer = log.groupby("customer_id")["week"]
    gaps = by_customer.diff()
    x, first, last = (
        np.asarray(part, dtype=float) for part in (by_customer.size() - 1, by_customer.min(), by_customer.max())
    )
    repeats = log[gaps.notna()].groupby("customer_id")["amount"].mean().reindex(range(n)).fillna(0.0)
    litt = np.log(gaps.where(gaps > 0)).groupby(log["customer_id"]).sum().to_numpy()
    return Summary(
        Period.of("week"),
        np.arange(n),
        x,
        last - first,
        np.broadcast_to(np.asarray(T, dtype=float), (n,)).copy(),
        repeats.to_numpy(),
        litt=litt,
        groups={name: np.asarray(values) for name, values in known.items()},
    )


def known_of(n, seed=5):
    """Return a channel of three levels and an age for each customer."""
    rng = np.random.default_rng(seed)
    return {
        "channel": rng.choice(["shop", "web", "app"], n, p=[0.5, 0.3, 0.2]),
        "age": rng.choice([20, 30, 40, 50, 60], n),
    }


def regrouped(summary, **columns):
    """Return the summary with other group columns."""
    return replace(summary, groups=dict(summary.groups) | columns)
