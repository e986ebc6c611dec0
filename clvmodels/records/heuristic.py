"""What a business rule says of a customer base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.records.note import Note
from clvmodels.records.summary import Summary
from clvmodels.records.total import Total


@dataclass(frozen=True, eq=False)
class HeuristicForecast:
    """A business rule carried forward over a horizon.

    Attributes
    ----------
    name, title : str
        The registered name, and how people call it.
    summary : Summary
        The customers.
    horizon : float
        Periods ahead; ``inf`` for a customer's whole life as the rule sees it.
    purchases : array, shape (customer,), or None
        Purchases it implies; None for a rule that only ranks.
    spend : array, shape (customer,), or None
        Revenue it implies, before margin and cost; None for a rule that only ranks, or without amounts.
    value : array, shape (customer,), or None
        What stays of it after margin, acquisition, promotion and service cost.
    score : array, shape (customer,)
        Best customers first.
    ingredients : DataFrame
        The figures that entered, one row a group (one row "all" when pooled).
    totals : mapping of str to Total
        ``"purchases"``, ``"spend"`` and ``"value"`` of the base with bootstrap intervals over customers.
    notes : tuple of Note
        What to know about it.
    """

    name: str
    title: str
    summary: Summary
    horizon: float
    purchases: FloatArray | None
    spend: FloatArray | None
    value: FloatArray | None
    score: FloatArray
    ingredients: pd.DataFrame
    totals: Mapping[str, Total]
    notes: tuple[Note, ...] = field(default=())

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row a customer."""
        table = {"customer_id": self.summary.customer_id}
        for name in ("purchases", "spend", "value", "score"):
            if getattr(self, name) is not None:
                table[name] = getattr(self, name)
        return pd.DataFrame(table)
