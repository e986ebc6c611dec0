"""Models and business rules compared on the same holdout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import unknown_name
from clvmodels.records.card import AbstractTable
from clvmodels.records.note import Note
from clvmodels.records.summary import Summary

type Target = Literal["purchases", "spend"]


@dataclass(frozen=True, eq=False)
class Scorecard(AbstractTable):
    """How well each forecast met the holdout.

    Attributes
    ----------
    summary : Summary
        The customers with their holdout.
    tables : mapping of str to DataFrame
        One table a target, ``"purchases"`` and (where the log has amounts) ``"spend"``. Rows are models and heuristics;
        columns are ``name, kind, bias, mae, rmse, crps, log_score, coverage, spearman, gini, capture_top10, total,
        total_lower, total_upper, actual``, after ``group`` where it was asked by group.
    forecasts : mapping of str to mapping of str to array, shape (customer,)
        For each target, the point forecast (or score) of each row's name.
    ci_prob : float
        Probability inside the intervals of ``coverage`` and ``total_lower/upper``.
    notes : tuple of Note
        What to know before choosing by it.
    """

    summary: Summary
    tables: Mapping[Target, pd.DataFrame]
    forecasts: Mapping[Target, Mapping[str, FloatArray]]
    ci_prob: float
    notes: tuple[Note, ...] = field(default=())

    def to_frame(self, *, target: Target = "purchases") -> pd.DataFrame:
        """Return the table of one target.

        Parameters
        ----------
        target : "purchases" or "spend"
            What was forecast: the number of purchases, or money before margin.
        """
        if target not in self.tables:
            raise unknown_name("target in this scorecard", target, self.tables)
        return self.tables[target].copy()

    def __repr__(self) -> str:
        names = {name for table in self.tables.values() for name in table["name"]}
        return f"Scorecard({len(names)} forecasters; {' and '.join(self.tables)} in the holdout)"

    def __str__(self) -> str:
        return "\n\n".join(
            f"{target} in the holdout\n{table.to_string(index=False, float_format='{:,.3f}'.format)}"
            for target, table in self.tables.items()
        )
