"""How the parameters of a model changed from one fit to a later one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError
from clvmodels.inference.fixed_estimates import PRICE
from clvmodels.records import Estimate, Note

_GAIN = 0.95  # of the earlier variance: above it, the errors of both are too alike for their difference to be known


def parameter_changes(before: Estimate, after: Estimate, ci_prob: float) -> pd.DataFrame:
    """Return the parameters of one model at both ends."""
    if PRICE in (before.method, after.method):
        return pd.DataFrame()
    if before.model.name != after.model.name:
        raise ArgumentError(
            f"The forecasts come from {before.model.title} and {after.model.title}, whose parameters don't compare; "
            f"use one model at both ends."
        )
    then, now = (estimate.table(ci_prob=ci_prob).set_index("parameter") for estimate in (before, after))
    names = [*then.index, *now.index.difference(then.index, sort=False)]
    then, now = then.reindex(names), now.reindex(names)
    change = now["estimate"] - then["estimate"]
    return pd.DataFrame(
        {
            "model": before.model.name,
            "parameter": names,
            "before": then["estimate"],
            "before_lower": then["lower"],
            "before_upper": then["upper"],
            "after": now["estimate"],
            "after_lower": now["lower"],
            "after_upper": now["upper"],
            "change": change,
            "std_errors_apart": [_apart(before, after, name) for name in names],
        }
    ).reset_index(drop=True)


def _is_coefficient(estimate: Estimate, name: str) -> bool:
    return estimate.covariates is not None and name in estimate.covariates.names


def _error(estimate: Estimate, name: str) -> float:
    """Return the standard error of a parameter's logarithm, or of a coefficient."""
    if name not in estimate.params or estimate.n_draws < 2:
        return float("nan")
    draws = estimate.draws[name]
    return float(np.std(draws if _is_coefficient(estimate, name) else np.log(draws)))


def _apart(before: Estimate, after: Estimate, name: str) -> float:
    """Return the change of a parameter in standard errors of a change by chance."""
    variance_before, variance_after = (_error(estimate, name) ** 2 for estimate in (before, after))
    if not variance_after < _GAIN * variance_before:
        return float("nan")
    then, now = before.params[name], after.params[name]
    change = now - then if _is_coefficient(before, name) else np.log(now / then)
    return float(change / np.sqrt(variance_before - variance_after))


def recentred(before: Estimate, after: Estimate) -> list[Note]:
    """Say where parameters speak of another customer than before."""
    if before.covariates is None or after.covariates is None or before.covariates.centre == after.covariates.centre:
        return []
    then, now = before.covariates.centre, after.covariates.centre
    moved = ", ".join(name for name in then if then[name] != now.get(name))
    return [
        Note(
            "other_centre",
            f"Parameters of {after.model.title} speak of the average customer, who is another one now (by {moved}), so "
            f"part of their change is that of the base.",
        )
    ]
