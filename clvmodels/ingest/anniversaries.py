"""Renewal points: the days on which a contract has run for whole periods."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError
from clvmodels.ingest.periods import MONTHS_OF, as_date
from clvmodels.records import Period


def n_anniversaries(begins: IntArray, until: IntArray, period: Period) -> IntArray:
    """Return how many whole periods have passed from each first day until a day, that day included; at least 0.

    Months, quarters and years go by the calendar: the day of the month on which it began, or the last one of a shorter
    month. Other periods have their length in days.
    """
    if period.name in MONTHS_OF:
        passed = _whole_months(begins, until) // MONTHS_OF[period.name]
    else:
        passed = np.floor((until - begins) / period.days + 1e-9)  # a rounding of days that are no binary fraction
    return np.maximum(passed, 0).astype(np.int64)


def time_passed(begins: IntArray, until: IntArray, period: Period) -> FloatArray:
    """Return the periods from each first day until the morning of a day; a part of a month is a part of that month."""
    if period.name not in MONTHS_OF:
        return np.asarray((until - begins) / period.days)
    whole = n_anniversaries(begins, until, period)
    months = MONTHS_OF[period.name]
    point, following = (_anniversary(begins, months * (whole + k)) for k in (0, 1))
    return np.asarray(whole + (until - point) / (following - point))


def whole_periods(observation_end: int, holdout_end: int, period: Period) -> int:
    """Return how many periods the holdout has, or raise where it isn't whole ones."""
    if holdout_end <= observation_end:
        raise ArgumentError(
            f"holdout_end {as_date(holdout_end)} is not after observation_end {as_date(observation_end)}; give a later "
            f"one."
        )
    first, beyond = np.array([observation_end + 1]), np.array([holdout_end + 1])
    n = int(n_anniversaries(first, beyond, period)[0])
    if n == 0 or n == int(n_anniversaries(first, beyond - 1, period)[0]):
        raise ArgumentError(
            f"The holdout from {as_date(observation_end + 1)} to {as_date(holdout_end)} isn't a whole number of "
            f"{period.name}s, so contracts would have different numbers of renewal points in it; end it a day before "
            f"a {period.name} is over."
        )
    return n


def _whole_months(begins: IntArray, until: IntArray) -> IntArray:
    """Return the whole months from one day to another."""
    first, last = begins.astype("datetime64[D]"), until.astype("datetime64[D]")
    months = (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
    begin_of_month = last.astype("datetime64[M]")
    length = _days_of(begin_of_month)
    day_of_first = (first - first.astype("datetime64[M]")).astype(np.int64) + 1
    day_of_last = (last - begin_of_month).astype(np.int64) + 1
    return np.asarray(months - (day_of_last < np.minimum(day_of_first, length)), dtype=np.int64)


def _anniversary(begins: IntArray, months: IntArray) -> IntArray:
    """Return the day that lies so many months after each first day."""
    first = begins.astype("datetime64[D]")
    day_of_first = (first - first.astype("datetime64[M]")).astype(np.int64) + 1
    month = first.astype("datetime64[M]") + months
    day = np.minimum(day_of_first, _days_of(month)) - 1
    return np.asarray(month.astype("datetime64[D]").astype(np.int64) + day, dtype=np.int64)


def _days_of(month: AnyArray) -> IntArray:
    """Return how many days a month of the calendar has."""
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((following - month.astype("datetime64[D]")).astype(np.int64), dtype=np.int64)
