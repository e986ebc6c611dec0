"""Forecasts from several earlier days of a log, compared with the actual outcome after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from clvmodels.errors import unknown_name
from clvmodels.records.card import AbstractTable
from clvmodels.records.note import Note
from clvmodels.records.scorecard import Target

_SHOWN = ("name", "kind", "origins", "bias", "mae", "crps", "coverage", "coverage_expected", "gini_normalised", "hits")


@dataclass(frozen=True, eq=False)
class Backtest(AbstractTable):
    """How well each forecaster met the actual values, origin by origin.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        One table a target, ``"purchases"`` and (where the log has amounts) ``"spend"``, with one row an origin and
        forecaster: ``origin, end`` (last days of what was known and of what was forecast), ``customers``, ``name,
        kind``, ``parameters`` (chosen by the likelihood), ``bias, mae, rmse, crps, log_score, interval_score, coverage,
        coverage_expected, pit_ks, ece, spearman, spearman_repeat, gini, gini_normalised, capture_top10, total,
        total_lower, total_upper, actual`` and ``hit`` (1 where the interval held the total, 0 where it missed).
        ``gini_normalised`` is ``gini`` by another name: both are 1 for the perfect order.
    pooled : mapping of str to DataFrame
        One row a forecaster, over the ``origins`` at which it forecast, each of which counts the same; ``hits`` is how
        many totals lay in their intervals.
    gaps : mapping of str to DataFrame
        One row a pair of forecasters and score: ``first, second, score, difference`` (first less second), ``std_error,
        lower, upper`` and ``verdict``, what the first is beside the second: "better", "worse" or "can't tell".
    horizon : float
        Periods that each forecast looked ahead.
    period : str
        Their unit.
    ci_prob : float
        Probability inside every interval.
    notes : tuple of Note
        What to know before choosing by it.
    """

    tables: Mapping[Target, pd.DataFrame]
    pooled: Mapping[Target, pd.DataFrame]
    gaps: Mapping[Target, pd.DataFrame]
    horizon: float
    period: str
    ci_prob: float
    notes: tuple[Note, ...] = field(default=())

    def to_frame(self, *, target: Target = "purchases", pooled: bool = False) -> pd.DataFrame:
        """Return the table of one target.

        Parameters
        ----------
        target : "purchases" or "spend"
            What was forecast: the number of purchases, or money before margin.
        pooled : bool
            One row a forecaster instead of one an origin and forecaster.
        """
        return self._of(self.pooled if pooled else self.tables, target)

    def differences(self, *, target: Target = "purchases") -> pd.DataFrame:
        """Return what sets each two forecasters apart, by customers drawn with replacement.

        Parameters
        ----------
        target : "purchases" or "spend"
            What was forecast.
        """
        return self._of(self.gaps, target)

    def _of(self, tables: Mapping[Target, pd.DataFrame], target: Target) -> pd.DataFrame:
        if target not in tables:
            raise unknown_name("target in this backtest", target, tables)
        return tables[target].copy()

    def __repr__(self) -> str:
        table = next(iter(self.tables.values()))
        n, names = table["origin"].nunique(), table["name"].nunique()
        return f"Backtest({n} origins, {self.horizon:.4g} {self.period}s ahead; {names} forecasters)"

    def __str__(self) -> str:
        return "\n\n".join(
            f"{target}, {self.horizon:.4g} {self.period}s ahead\n"
            f"{table[list(_SHOWN)].to_string(index=False, float_format='{:,.3f}'.format)}"
            for target, table in self.pooled.items()
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """Which model a backtest speaks for.

    Attributes
    ----------
    name : str
        The model that is chosen.
    crps : float
        Its CRPS, the mean over origins.
    over : str or None
        The model that it is compared with: the best by CRPS where the choice is another, else the next one; None where
        there is no other.
    difference, std_error : float
        CRPS of the choice less that of ``over`` (negative where the choice is better), and its standard error; NaN
        where there is no other.
    tied : tuple of str
        Models within one standard error of the best, the best first.
    table : DataFrame
        One row a model, best first: ``name, parameters, crps, difference`` (to the best), ``std_error, tied``.
    text : str
        What was chosen and by how much, in one sentence.
    """

    name: str
    crps: float
    over: str | None
    difference: float
    std_error: float
    tied: tuple[str, ...]
    table: pd.DataFrame
    text: str

    def to_frame(self) -> pd.DataFrame:
        """Return the models that were compared with each other, best first."""
        return self.table.copy()

    def __str__(self) -> str:
        return self.text
