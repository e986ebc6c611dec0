"""The common shock as a study keeps it."""

from __future__ import annotations

from typing import Any

import numpy as np

from clvmodels.records import Shock, ShockDistribution

_LENGTHS = ("n_independent", "horizon")
_ROUNDED = 1e-6  # sums of a few hundred probabilities


def shock_content(shock: Shock) -> dict[str, Any]:
    """Return what widens totals as this shock does; of the forecasts that it was learned from only their number."""
    laws = {"purchases": shock.purchases, "spend": shock.spend}
    told = {target: {"sizes": law.sizes, "weights": law.weights, "growth": law.growth} for target, law in laws.items()}
    return {**told, "n_independent": shock.n_independent, "horizon": shock.horizon}


def shock_of(told: dict[str, Any]) -> Shock:
    """Return the shock that was kept."""
    purchases, spend = (_law(told[target]) for target in ("purchases", "spend"))
    # JSON has no infinity: what was given, and not learned, looked any length ahead.
    n_independent, horizon = (float("inf") if told[name] is None else float(told[name]) for name in _LENGTHS)
    if not (n_independent > 0 and horizon > 0):
        raise ValueError("the common shock was learned from nothing")
    return Shock(purchases, spend, n_independent, horizon)


def _law(told: dict[str, Any]) -> ShockDistribution:
    """Return a distribution, or raise a ValueError where it can't be one."""
    law = ShockDistribution(**told)
    if not (np.isfinite(law.growth).all() and (law.growth >= 0).all()):
        raise ValueError("the common shock grows with no power of the horizon")
    if law.sizes.ndim != 1 or law.sizes.shape != law.weights.shape or not len(law.sizes):
        raise ValueError("sizes and weights of the common shock don't belong to each other")
    if not (np.isfinite(law.sizes).all() and (law.sizes >= 0).all()):
        raise ValueError("a size of the common shock isn't finite or negative")
    if not ((law.weights >= 0).all() and abs(law.weights.sum() - 1) < _ROUNDED):
        raise ValueError("the weights of the common shock are no probabilities")
    return law


def shock_record(shock: Shock | None) -> dict[str, Any]:
    """Return what study.json says of it."""
    sizes = None if shock is None else {target: shock.law(target).size for target in ("purchases", "spend")}
    return {"common_shock": sizes, "shock_laws": None if shock is None else shock_content(shock)}
