"""From purchases to customers: the counts and sums of each, and the columns carried along."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from math import floor
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.arrays import AnyArray, FloatArray, Ragged
from clvmodels.ingest.engines import aggregated
from clvmodels.ingest.periods import Span
from clvmodels.ingest.schema import LogColumns, count_of
from clvmodels.records import Note

UNKNOWN = "unknown"  # shown for a missing group of text


def counted(purchases: nw.LazyFrame[Any], span: Span, window: float, *, later: bool) -> nw.LazyFrame[Any]:
    """Return one row a customer, those who first bought after the observation (``n`` = 0) included.

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
    lazy frame
        ``customer, first, last, n, spend, first_value, n_recent, spend_recent`` with days as day numbers, and
        ``n_ahead, spend_ahead`` for what comes later, if anything does.
    """
    seen = f"day <= {span.observation_end}"
    masks = {"recent": f"{seen} AND day > {_before_recent(span, window)}"}
    totals = {"n": "count(*)", "spend": "sum(value)", "last": "max(day)"}
    if later:
        masks |= {"n": seen, "ahead": f"day > {span.observation_end} AND day <= {span.holdout_end}"}
        totals = {"last": f"max(day) FILTER ({seen})"}
    for part, mask in masks.items():
        place = "" if part == "n" else f"_{part}"
        totals |= {
            f"n{place}": f"count(*) FILTER ({mask})",
            f"spend{place}": f"coalesce(sum(value) FILTER ({mask}), 0)",
        }
    return aggregated(purchases, "customer", {"first": "min(day)", "first_value": "arg_min(value, day)", **totals})


def interval_logs(purchases: nw.LazyFrame[Any], n: AnyArray, span: Span) -> FloatArray:
    """Return the sum of the logarithms of the times between purchases in the observation, one a customer, sorted; as
    `times_between`."""
    return logs_of(times_between(purchases, n, span))


def logs_of(gaps: Ragged) -> FloatArray:
    """Return the sum of the logarithms of the times between purchases of each customer."""
    places = np.arange(len(gaps.values)) + np.repeat(np.arange(1, len(gaps) + 1), gaps.sizes)
    logs = np.zeros(len(gaps.values) + len(gaps))  # with a 0 for each customer, so that nobody's sum is empty
    logs[places] = np.log(gaps.values)
    sums: FloatArray = np.add.reduceat(logs, gaps.begins[:-1] + np.arange(len(gaps)))
    return sums


def times_between(purchases: nw.LazyFrame[Any], n: AnyArray, span: Span) -> Ragged:
    """Return the times between purchases in the observation of each customer, in the order of their ids.

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
    return Ragged.of(span.time(days[later - 1], days[later]), np.concatenate([[0], np.cumsum(n - 1)]))


def group_values(days: nw.LazyFrame[Any], columns: LogColumns, span: Span) -> nw.LazyFrame[Any]:
    """Return the group columns of the customers observed, and whether a customer had several values of each."""
    totals: dict[str, str] = {}
    for name in columns.group_ids:
        totals[name] = f'arg_min_null("low_{name}", day)'  # the first purchase counts, also where it says nothing
        totals[f"several_{name}"] = f'min("low_{name}") <> max("high_{name}")'
    return aggregated(days.filter(nw.col("day") <= span.observation_end), "customer", totals)


def carried_along(found: pa.Table, columns: LogColumns) -> dict[str, AnyArray]:
    """Return the group columns from rows of :func:`group_values`."""
    pairs = zip(columns.group_ids, columns.groups, strict=True)
    return {shown: group_column(found[name].to_pandas().to_numpy())[0] for name, shown in pairs}


def stored_group(values: pa.Array) -> pa.Array:
    """Return a group column as it is kept in a file: text that is missing has a name, numbers may be missing."""
    if pa.types.is_decimal(values.type):
        return values.cast(pa.float64())
    return pc.fill_null(values, UNKNOWN) if pa.types.is_string(values.type) else values


def oddities(found: pa.Table | pa.RecordBatch, columns: LogColumns) -> Counter[tuple[str, str]]:
    """Count customers with several values of a group, and with none, by the group's name."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, shown in zip(columns.group_ids, columns.groups, strict=True):
        counts["several", shown] = int(pc.sum(found[f"several_{name}"]).as_py() or 0)
        counts["missing", shown] = int(pd.isna(found[name].to_pandas()).sum())
    return counts


def group_notes(counts: Counter[tuple[str, str]], columns: LogColumns) -> list[Note]:
    """Return what is to be said of group columns."""
    notes = []
    for shown in columns.groups:
        n_several, n_missing = counts["several", shown], counts["missing", shown]
        if n_several:
            text = f"Several values of {shown!r}: {count_of(n_several, 'customer')}; that of the first purchase counts."
            notes.append(Note("several_groups", text))
        if n_missing:
            text = f"No {shown!r} at the first purchase: {count_of(n_missing, 'customer')}; as text it's {UNKNOWN!r}."
            notes.append(Note("missing_groups", text))
    return notes


def _before_recent(span: Span, window: float) -> int:
    """Return the last day before the recent window."""
    if not span.whole:
        return floor(span.observation_end - window * span.period.days)
    first_period = floor(int(span.place(span.observation_end)) - window) + 1
    return span.first_day_of(first_period) - 1


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
