"""The customer base by whole periods of calendar time."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.ingest.engines import aggregated
from clvmodels.ingest.periods import Span, as_date
from clvmodels.ingest.settled_sums import settled_sums
from clvmodels.records import Timeline


def by_day(days: nw.LazyFrame[Any], span: Span) -> pa.Table:
    """Return the days up to the end of the holdout, in order: ``day``, ``n`` purchases, and their ``spend``."""
    within = days.filter(nw.col("day") <= span.holdout_end)
    totals = {"n": "count(*)", "spend": "fsum(value)"}  # the engine's sum without the error of rounding
    return aggregated(within, "day", totals).sort("day").collect("pyarrow").to_native()


def repeats_by_day(days: pa.Table, newcomers: tuple[AnyArray, AnyArray], span: Span) -> FloatArray | None:
    """Count repeat purchases on each day from the second of the log to the end of observation.

    None where time isn't counted in days, or the log has a single one.

    Parameters
    ----------
    days, newcomers, span
        As in `timeline_of`.
    """
    n = span.observation_end - span.start
    if span.whole or n < 1:
        return None
    counts = np.zeros(span.holdout_end - span.start + 1)
    counts[days["day"].to_numpy() - span.start] += days["n"].to_numpy()
    first_days, n_first = newcomers
    counts[first_days - span.start] -= n_first
    return counts[1 : n + 1]


def timeline_of(
    days: pa.Table, newcomers: tuple[AnyArray, AnyArray], span: Span, *, has_amounts: bool
) -> Timeline | None:
    """Count purchases, newcomers and money by whole periods; None where not one is whole.

    Parameters
    ----------
    days : table
        As `by_day` gives them, of the customers in the summary.
    newcomers : array of int and array, shape (day,)
        Day numbers of first purchases, and how many customers had theirs on each.
    """
    n_periods = span.n_whole(span.holdout_end)
    if n_periods < 1:
        return None
    place = span.place(days["day"].to_numpy())

    def binned(values: AnyArray) -> FloatArray:
        return np.bincount(place, weights=values, minlength=n_periods)[:n_periods]

    first_days, n_first = newcomers
    new_customers = np.bincount(span.place(first_days), weights=n_first, minlength=n_periods)[:n_periods]
    purchases = binned(days["n"].to_numpy())
    return Timeline(
        start=as_date(span.first_day_of(0)),
        n_observed=min(span.n_whole(span.observation_end), n_periods),
        purchases=purchases,
        repeat_purchases=purchases - new_customers,
        new_customers=new_customers,
        spend=settled_sums(binned(days["spend"].to_numpy())) if has_amounts else None,
    )
