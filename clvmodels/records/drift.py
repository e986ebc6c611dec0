"""What has changed between two states of one customer base."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from clvmodels.errors import unknown_name
from clvmodels.records.note import Note

type DriftTable = Literal["parameters", "forecast", "deciles", "movers"]


@dataclass(frozen=True, eq=False)
class Drift:
    """An earlier study compared with the log that came after it.

    Attributes
    ----------
    before_end, after_end : numpy.datetime64
        The last days of observation.
    elapsed : float
        Periods between them.
    period : str
        Their unit.
    ci_prob : float
        Probability inside the intervals.
    parameters : DataFrame
        One row a parameter: ``model, parameter, before, before_lower, before_upper, after, after_lower, after_upper,
        change, std_errors_apart``.
    forecast : DataFrame
        What the earlier estimates said of the time since, and the actual values. One row a target and kind of
        customers:
        ``target`` ("purchases" or "spend"), ``who`` ("known" or "new"), ``customers, expected, lower, upper, actual,
        inside`` and ``contains``, what the interval holds. Of new customers nothing was forecast.
    deciles : DataFrame
        How many customers moved between deciles of the base (rows, ``before``: "1" is the best, "new" weren't there) to
        which (columns: "1" to "10", and "gone" for those who are no longer in the log).
    movers : DataFrame
        Who gained and who lost most: ``customer_id, direction, before_decile, after_decile, before, after, change``.
    worth : str
        What deciles and movers go by: "clv", or "expected_purchases" where there is no money.
    notes : tuple of Note
        What to know before reading it.
    """

    before_end: np.datetime64
    after_end: np.datetime64
    elapsed: float
    period: str
    ci_prob: float
    parameters: pd.DataFrame
    forecast: pd.DataFrame
    deciles: pd.DataFrame
    movers: pd.DataFrame
    worth: str
    notes: tuple[Note, ...] = field(default=())

    def __str__(self) -> str:
        unit = self.period if self.elapsed == 1 else f"{self.period}s"
        lines = [f"From {self.before_end} to {self.after_end} ({self.elapsed:.4g} {unit})"]
        for row in self.forecast.to_dict("records"):
            came = f"{row['actual']:,.0f} came"
            if row["who"] == "new":
                lines += [f"{row['target']} of {row['customers']:,} new customers: {came}"] if row["customers"] else []
                continue
            place = "" if pd.isna(row["inside"]) else ", inside" if row["inside"] else ", outside"
            said = f"{row['expected']:,.0f} ({self.ci_prob:.0%} interval {row['lower']:,.0f} to {row['upper']:,.0f})"
            lines.append(f"{row['target']} of {row['customers']:,} known customers: {came}{place}; forecast {said}")
        return "\n".join(lines)

    def to_frame(self, *, table: DriftTable) -> pd.DataFrame:
        """Return one of its tables.

        Parameters
        ----------
        table : "parameters", "forecast", "deciles" or "movers"
            Which one.
        """
        tables = {
            "parameters": self.parameters,
            "forecast": self.forecast,
            "deciles": self.deciles,
            "movers": self.movers,
        }
        if table not in tables:
            raise unknown_name("table of a drift", table, tables)
        return tables[table].copy()
