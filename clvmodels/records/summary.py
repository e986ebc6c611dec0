"""What is known of each customer when the log has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, BoolArray, FloatArray, IntArray, Ragged, frozen
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records.covariates import PATTERN, Covariates
from clvmodels.records.first_purchase import NO_FIRST, FirstPurchase, as_number
from clvmodels.records.histories import Histories
from clvmodels.records.log_check import shown
from clvmodels.records.note import Note
from clvmodels.records.period import Period


@dataclass(frozen=True, eq=False)
class Holdout:
    """What came after the observation: the truth that forecasts are compared with.

    Attributes
    ----------
    duration : float
        Periods from the end of observation to the end of the holdout.
    frequency : array, shape (customer,)
        Purchases in the holdout.
    spend : array, shape (customer,), or None
        Their summed value; None where the log has no amounts.
    """

    duration: float
    frequency: FloatArray
    spend: FloatArray | None = None

    def take(self, rows: IntArray) -> Holdout:
        """Return the holdout of some customers."""
        return Holdout(self.duration, self.frequency[rows], None if self.spend is None else self.spend[rows])


@dataclass(frozen=True, eq=False)
class Timeline:
    """The base by whole periods of calendar time, from the first purchase of the log on.

    Attributes
    ----------
    start : numpy.datetime64
        The day of the first purchase in the log.
    n_observed : int
        How many of the periods end within the observation; the rest are holdout.
    purchases, repeat_purchases, new_customers, spend : array, shape (period,)
        Purchases, purchases that weren't a customer's first, customers who bought for the first time, and money.
        ``spend`` is None where the log has no amounts.
    """

    start: np.datetime64
    n_observed: int
    purchases: FloatArray
    repeat_purchases: FloatArray
    new_customers: FloatArray
    spend: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Summary:
    """One row a customer, observed from the first purchase to the end of observation.

    Attributes
    ----------
    period : Period
        The unit of ``recency`` and ``T``.
    customer_id : array, shape (customer,)
        As in the log; ``range(n)`` where an aggregated table has none.
    frequency : array, shape (customer,)
        Repeat purchases (x): days with a purchase, less the first.
    recency : array, shape (customer,)
        First to last purchase (t_x), in periods.
    T : array, shape (customer,)
        First purchase to the end of observation, in periods.
    monetary_value : array, shape (customer,), or None
        Mean value of the repeat purchases, 0 where there is none; None where the log has no amounts.
    total_spend : array, shape (customer,), or None
        All money spent in the observation, the first purchase included.
    litt : array, shape (customer,), or None
        The sum of the logarithms of the times between purchases, 0 without a repeat purchase: what a model of regular
        buying looks at. None where a table doesn't tell it.
    gaps : Ragged or None
        The times between purchases of each customer, every one of them, in periods; their sum is the recency. What a
        model of sleep looks at. None where a table or file doesn't tell them.
    first_purchase : array of datetime64[D], shape (customer,), or None
        The day of the first purchase.
    recent_purchases, recent_spend : array, shape (customer,), or None
        Purchases (the first included, where it falls there) and money in the last ``recent_window`` periods.
    recent_window : float or None
        Periods that count as recent.
    groups : mapping of str to array, shape (customer,)
        Columns carried along: segment, channel.
    holdout : Holdout or None
        What came after the observation.
    timeline : Timeline or None
        The base by calendar period.
    observation_end : numpy.datetime64 or None
        The last day of observation.
    notes : tuple of Note
        What the reading of the log touched or noticed.
    as_native : callable or None
        Turns a pandas frame into the kind of table that came in.
    counts : array, shape (customer,), or None
        Where customers were grouped before (``CustomerTable.grouped``): how many each row stands for. Only what works
        on distinct histories takes such a summary: fits, and the totals of forecasts and values.
    blur : array, shape (customer,), or None
        Where several spends were replaced by two with the same first three moments: the sum of the fourth powers of
        what separates each spend, and each of the two, from their mean, in ln m.
    first_counted : FirstPurchase or None
        Whether the statistics n and m count the first purchase, and at which scale; None where they speak of repeat
        purchases only.
    """

    period: Period
    customer_id: AnyArray
    frequency: FloatArray
    recency: FloatArray
    T: FloatArray
    monetary_value: FloatArray | None = None
    total_spend: FloatArray | None = None
    litt: FloatArray | None = None
    gaps: Ragged | None = None
    first_purchase: AnyArray | None = None
    recent_purchases: FloatArray | None = None
    recent_spend: FloatArray | None = None
    recent_window: float | None = None
    groups: Mapping[str, AnyArray] = field(default_factory=dict)
    holdout: Holdout | None = None
    timeline: Timeline | None = None
    observation_end: np.datetime64 | None = None
    notes: tuple[Note, ...] = ()
    as_native: Callable[[pd.DataFrame], Any] | None = None
    counts: FloatArray | None = None
    blur: FloatArray | None = None
    first_counted: FirstPurchase | None = None

    def __post_init__(self) -> None:
        for name in self._known():
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.frequency)

    def __repr__(self) -> str:
        holdout = "" if self.holdout is None else f", holdout of {self.holdout.duration:g} {self.period.name}s"
        if self.counts is not None:
            return f"Summary({self.counts.sum():,.0f} customers in {len(self):,} rows{shown(self.notes)})"
        told = f"{len(self):,} customers, {self.frequency.sum():,.0f} repeat purchases{holdout}"
        return f"Summary({told}{shown(self.notes)})"

    @cached_property
    def histories(self) -> Histories:
        """Distinct (x, t_x, T) with counts."""
        return self.statistics(("x", "t_x", "T"))

    @cached_property
    def spend_histories(self) -> Histories:
        """Distinct (n, m): n repeat purchases of mean value m, (0, 0) where there is no spend to learn from.

        A customer whose repeat purchases were all free is (0, 0) too: a mean of zero has no density in a spend model.
        These are of repeat purchases, whatever ``statistics`` counts.
        """
        m = self._money("monetary_value")
        known = (self.frequency > 0) & (m > 0)
        columns = {"n": np.where(known, self.frequency, 0.0), "m": np.where(known, m, 0.0)}
        return Histories.of(columns, weights=self.counts)

    def counting(self, first: FirstPurchase | None) -> Summary:
        """Return the same customers with a first purchase counted in the statistics n and m; None leaves it out."""
        if first == self.first_counted:
            return self
        if first not in self._counted:
            self._counted[first] = replace(self, first_counted=first)
        return self._counted[first]

    def statistics(self, names: tuple[str, ...], covariates: Covariates | None = None) -> Histories:
        """Return the distinct histories made of these statistics: some of x, t_x, T, litt and gaps, or n and m; told
        apart by covariates too, where there are some."""
        if covariates is not None:
            pattern, patterns = covariates.patterns(self.groups)
            plain = self.statistics(names)
            known = {name: values[plain.index] for name, values in plain.columns.items()}
            return Histories.of(known | {PATTERN: pattern.astype(np.float64)}, patterns, self.counts)
        if names == ("n", "m") and self.first_counted is None:
            return self.spend_histories
        if names not in self._grouped:
            known = self._pooled() if names == ("n", "m") else {name: self._buying(name) for name in names}
            self._grouped[names] = Histories.of(known, weights=self.counts)
        return self._grouped[names]

    def group(self, by: str) -> AnyArray:
        """Return a group column, shape (customer,)."""
        if by not in self.groups:
            has = ", ".join(self.groups) or "none"
            raise ArgumentError(
                f"The summary has no group column {by!r} (it has: {has}); name it in groups= when the log is read."
            )
        return self.groups[by]

    def take(self, rows: IntArray | BoolArray) -> Summary:
        """Return the summary of some customers, by position or by mask. The timeline speaks of all and is dropped."""
        places = np.arange(len(self))[rows]
        parts: dict[str, Any] = {name: getattr(self, name)[places] for name in self._known()}
        parts["gaps"] = None if self.gaps is None else self.gaps[places]
        parts["groups"] = {name: values[places] for name, values in self.groups.items()}
        parts["holdout"] = None if self.holdout is None else self.holdout.take(places)
        return replace(self, **parts, timeline=None)

    def by_group(self, by: str) -> dict[Any, Summary]:
        """Split by a group column, groups in sorted order."""
        labels, codes = np.unique(self.group(by).astype(str), return_inverse=True)
        return {str(label): self.take(np.flatnonzero(codes == i)) for i, label in enumerate(labels)}

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row a customer, with ``holdout_*`` columns where there is a holdout."""
        table: dict[str, AnyArray] = {name: getattr(self, name) for name in self._known()}
        if self.holdout is not None:
            table["holdout_frequency"] = self.holdout.frequency
            if self.holdout.spend is not None:
                table["holdout_spend"] = self.holdout.spend
        carried = {f"{name} (group)" if name in table else name: values for name, values in self.groups.items()}
        return pd.DataFrame(table | carried)

    def to_native(self) -> Any:
        """Return the kind of table that came in (pandas where an engine has no frame of its own)."""
        frame = self.to_frame()
        return frame if self.as_native is None else self.as_native(frame)

    def _known(self) -> list[str]:
        return [name for name in _PER_CUSTOMER if getattr(self, name) is not None]

    @cached_property
    def _grouped(self) -> dict[tuple[str, ...], Histories]:
        return {}

    @cached_property
    def _counted(self) -> dict[FirstPurchase | None, Summary]:
        return {}

    def _pooled(self) -> dict[str, FloatArray]:
        """Return n and m with the first purchase among them."""
        assert self.first_counted is not None  # the caller has looked
        x, m, total = self.frequency, self._money("monetary_value"), self._money("total_spend")
        n, mean, _ = self.first_counted.spends(x, m, total, as_number)
        return {"n": n, "m": mean}

    def _buying(self, name: str) -> Any:
        known = {"x": self.frequency, "t_x": self.recency, "T": self.T, "litt": self.litt, "gaps": self.gaps}
        if name not in known:
            raise ArgumentError(
                f"This summary can't give the statistic {name!r}; it has {', '.join(known)}, and n and m together."
            )
        values = known[name]
        if values is None and name == "gaps":
            raise InputError(
                "The summary has no gaps, the times between all purchases of each customer, which tell sleep from "
                "leaving and which frequency, recency and T don't give; read the log into memory with rfm_summary and "
                "intervals=True (aggregated tables, stored studies, tables bigger than memory and Spark don't carry "
                "them)."
            )
        if values is None:
            raise InputError(
                f"The summary has no {name}, the sum of the logarithms of the times between purchases, which tells "
                f"regular buying from random buying and which frequency, recency and T don't give; read the log with "
                f"rfm_summary, or add a column {name!r} to the aggregated table."
            )
        return values

    def _money(self, name: str) -> FloatArray:
        values: FloatArray | None = getattr(self, name)
        if values is None:
            raise InputError(
                f"The summary has no {name}, so nothing can be said about money; give amount= when the log "
                f"is read, or a {name} column in an aggregated table"
                f"{NO_FIRST if name == 'total_spend' else ''}."
            )
        return values


def check_summary(value: object, *, grouped: bool = False) -> Summary:
    """Return what was given when it is a Summary, else raise an ArgumentError that says how to make one.

    ``grouped`` says that rows may stand for several customers.
    """
    if not isinstance(value, Summary):
        raise ArgumentError(
            f"A Summary is needed and a {type(value).__name__} was given; make one with rfm_summary from a log, or "
            f"with as_summary from a table of frequency, recency and T."
        )
    if value.counts is not None and not grouped:
        raise ArgumentError(
            "This summary holds groups of customers, and every row would be taken for one customer; give the summary "
            "of the customers themselves."
        )
    return value


_PER_CUSTOMER = (
    "customer_id",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "total_spend",
    "litt",
    "first_purchase",
    "recent_purchases",
    "recent_spend",
    "counts",
    "blur",
)
