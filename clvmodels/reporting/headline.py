"""The few numbers that a report says first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.heuristics import pareto_share, rules
from clvmodels.models import registry
from clvmodels.records import Target, Total
from clvmodels.reporting.material import ReportMaterial


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few customers carry how much.

    Attributes
    ----------
    n_carriers, share_carriers : float
        The fewest customers who bring 80% of the total, as a number and as a share of the base.
    top_share : float
        What the best 20% of the customers bring, as a share of the total.
    """

    n_carriers: float
    share_carriers: float
    top_share: float


@dataclass(frozen=True, slots=True)
class Against:
    """A forecast of the holdout's total and the actual total."""

    title: str
    total: float
    lower: float
    upper: float
    actual: float

    @property
    def error(self) -> float:
        """Forecast less truth."""
        return self.total - self.actual

    @property
    def share(self) -> float:
        """The error as a share of the truth."""
        return self.error / self.actual if self.actual else float("nan")

    @property
    def inside(self) -> bool:
        """Whether the truth lies in the interval."""
        return self.lower <= self.actual <= self.upper


def base_total(material: ReportMaterial) -> Total:
    """Return what the base is worth, or what it will buy where there is no money."""
    return material.prediction.total if material.valuation is None else material.valuation.total


def worth(material: ReportMaterial) -> FloatArray:
    """Return the value of each customer, or their expected purchases where there is no money."""
    prediction, valuation = material.prediction, material.valuation
    return prediction["expected_purchases"] if valuation is None else valuation["clv"]


def concentration(values: FloatArray) -> Concentration | None:
    """Return how concentrated the total is; None where it isn't above 0 or not finite."""
    total = values.sum()
    if not (np.isfinite(total) and total > 0):
        return None
    summed = np.sort(values)[::-1].cumsum()
    n_carriers = int(np.argmax(summed >= 0.8 * total)) + 1
    return Concentration(n_carriers, n_carriers / len(values), pareto_share(values, top_share=0.2))


def holdout_table(material: ReportMaterial, target: Target) -> pd.DataFrame | None:
    """Return names, kinds and totals of one target for the whole base; None where there is none.

    Groups add up, but their intervals don't, and are left out.
    """
    if material.scorecard is None or target not in material.scorecard.tables:
        return None
    table = material.scorecard.to_frame(target=target)
    if "group" not in table.columns:
        return table
    totals = table.groupby(["name", "kind"], sort=False)[["total", "actual"]].sum(min_count=1)
    return totals.reset_index().assign(total_lower=np.nan, total_upper=np.nan)


def money_or_purchases(material: ReportMaterial) -> Target:
    """Return what the holdout is told in: money where the scorecard has it, also of the models."""
    money, purchases = holdout_table(material, "spend"), holdout_table(material, "purchases")
    if money is None:
        return "purchases"
    lost = purchases is not None and (purchases["kind"] == "model").any() and not (money["kind"] == "model").any()
    return "purchases" if lost else "spend"


def against(material: ReportMaterial, *, kind: str, name: str) -> Against | None:
    """Return a forecast of the holdout: the one of this name, else the nearest total of this kind."""
    table = holdout_table(material, money_or_purchases(material))
    if table is None:
        return None
    rows = table[(table["kind"] == kind) & np.isfinite(table["total"].to_numpy(dtype=np.float64))]
    if rows.empty:
        return None
    named = rows[rows["name"] == name]
    nearest = (rows["total"] - rows["actual"]).abs().sort_values().index[:1]
    row: Mapping[Any, Any] = (rows.loc[nearest] if named.empty else named).iloc[0].to_dict()
    return Against(title_of(str(row["name"])), row["total"], row["total_lower"], row["total_upper"], row["actual"])


def title_of(name: str) -> str:
    """Return how people call a registered model or rule."""
    known: Mapping[str, Any] = {**rules(), **registry()}
    return str(known[name].title) if name in known else name.replace("_", " ")


def short_title_of(name: str) -> str:
    """Return a title without its explanation, for legends."""
    return title_of(name).partition(":")[0].partition(",")[0]
