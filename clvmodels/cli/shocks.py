"""The common shock as a study keeps it."""

from __future__ import annotations

from typing import Any

from clvmodels.records import Shock, ShockLaw


def shock_content(shock: Shock) -> dict[str, Any]:
    """Return what widens totals as this shock does; of the forecasts that it was learned from only their number."""
    laws = {"purchases": shock.purchases, "spend": shock.spend}
    told = {target: {"sizes": law.sizes, "weights": law.weights} for target, law in laws.items()}
    return {**told, "n_independent": shock.n_independent, "horizon": shock.horizon}


def shock_of(told: dict[str, Any]) -> Shock:
    """Return the shock that was kept."""
    purchases, spend = ShockLaw(**told["purchases"]), ShockLaw(**told["spend"])
    return Shock(purchases, spend, told["n_independent"], told["horizon"])


def shock_record(shock: Shock | None) -> dict[str, Any]:
    """Return what study.json says of it."""
    sizes = None if shock is None else {target: shock.law(target).size for target in ("purchases", "spend")}
    return {"common_shock": sizes, "shock_laws": None if shock is None else shock_content(shock)}
