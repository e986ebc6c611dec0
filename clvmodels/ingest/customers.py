"""From purchases to customers: the counts and sums of each, and the columns carried along."""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.ingest.periods import Span
from clvmodels.ingest.schema import LogColumns, count_of
from clvmodels.records import Note

UNKNOWN = "unknown"  # shown for a missing group of text


def counted(purchases: nw.LazyFrame[Any], span: Span, window: float, *, later: bool) -> pa.Table:
    """Return one row a customer, sorted, those who first bought after the observation (``n`` = 0) included.

    Parameters
    ----------
    purchases : lazy frame
        ``customer``, ``day`` and ``value``, one row a purchase.
    window : float
        Periods before the end of observation that count as recent.
    later : bool
        Whether there is anything after the end of observation.

    Returns
    -------
    pyarrow.Table
        ``customer, first, last, n, spend, first_value, n_recent, spend_recent`` with days as day numbers, and
        ``n_ahead, spend_ahead`` for what comes later, if anything does.
    """
    day, value = nw.col("day"), nw.col("value")
    seen = day <= span.observation_end
    masks = {"recent": seen & (day > _before_recent(span, window))}
    totals = {"n": nw.len(), "spend": value.sum(), "last": day.max()}
    if later:
        masks |= {"seen": seen, "ahead": (day > span.observation_end) & (day <= span.holdout_end)}
        totals = {"last": nw.when(seen).then(day).max()}
    # Counts of values and not sums of ones: a sum of integers is a 128-bit number, which Arrow reads as a decimal.
    totals |= {f"n_{part}": nw.when(mask).then(day).count() for part, mask in masks.items()}
    totals |= {f"spend_{part}": nw.when(mask).then(value).sum() for part, mask in masks.items()}
    found = purchases.group_by("customer").agg(first=day.min(), first_value=value.first(order_by="day"), **totals)
    found = found.rename({"n_seen": "n", "spend_seen": "spend"}) if later else found
    table: pa.Table = found.sort("customer").collect("pyarrow").to_native()
    return table


def interval_logs(purchases: nw.LazyFrame[Any], n: AnyArray, span: Span) -> FloatArray:
    """Return the sum of the logarithms of the times between purchases in the observation, one a customer, sorted.

    Days come out of the engine by customer and are cut by their counts: a window over customers takes
    several times as long.

    Parameters
    ----------
    purchases : lazy frame
        ``customer`` and ``day``, one row a purchase.
    n : array of int, shape (customer,)
        Purchases in the observation of each customer who has any.
    """
    observed = purchases.filter(nw.col("day") <= span.observation_end).sort("customer", "day").select("day")
    days = observed.collect("pyarrow")["day"].to_numpy()
    begins = np.cumsum(n) - n
    repeats = np.ones(len(days), dtype=bool)
    repeats[begins] = False
    later = np.flatnonzero(repeats)
    logs = np.zeros(len(days))
    logs[later] = np.log(span.time(days[later - 1], days[later]))
    sums: FloatArray = np.add.reduceat(logs, begins)
    return sums


def group_values(days: nw.LazyFrame[Any], columns: LogColumns, span: Span) -> tuple[dict[str, AnyArray], list[Note]]:
    """Return the group columns of the customers observed, sorted by customer, and what is to be said of them."""
    if not columns.groups:
        return {}, []
    totals: dict[str, nw.Expr] = {}
    for name in columns.group_ids:
        low, high = nw.col(f"low_{name}"), nw.col(f"high_{name}")
        totals[name] = low.first(order_by="day")
        totals[f"several_{name}"] = low.min() != high.max()
    observed = days.filter(nw.col("day") <= span.observation_end)
    found = observed.group_by("customer").agg(**totals).sort("customer").collect("pyarrow")
    carried, notes = {}, []
    for name, shown in zip(columns.group_ids, columns.groups, strict=True):
        carried[shown], n_missing = group_column(found[name].to_pandas().to_numpy())
        n_several = int(found[f"several_{name}"].sum() or 0)
        if n_several:
            text = f"Several values of {shown!r}: {count_of(n_several, 'customer')}; that of the first purchase counts."
            notes.append(Note("several_groups", text))
        if n_missing:
            text = f"No {shown!r} at the first purchase: {count_of(n_missing, 'customer')}; as text it's {UNKNOWN!r}."
            notes.append(Note("missing_groups", text))
    return carried, notes


def _before_recent(span: Span, window: float) -> int:
    """Return the last day before the recent window."""
    if not span.whole:
        return floor(span.observation_end - window * span.period.days)
    first_period = floor(int(span.place(span.observation_end)) - window) + 1
    return ceil(span.start + first_period * span.period.days) - 1


def group_column(values: AnyArray) -> tuple[AnyArray, int]:
    """Return a group column as it is carried along, and how many values are missing.

    Numbers stay numbers, missing ones as NaN; text that is missing is a group of its own.
    """
    missing = np.asarray(pd.isna(values))
    if values.dtype == object:
        if any(isinstance(value, Decimal) for value in values[~missing][:1]):
            return np.where(missing, np.nan, values).astype(np.float64), int(missing.sum())
        values = np.where(missing, UNKNOWN, values)
    return values, int(missing.sum())
