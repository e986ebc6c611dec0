"""Days and whole periods: where observation and holdout end, and which period a day falls in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.records import Period
from clvmodels.records.period import DAYS_PER_YEAR

MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}

type Day = str | date | np.datetime64
"""A calendar day; a moment counts as the day it falls on."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are looked at, as day numbers from 1970-01-01.

    Attributes
    ----------
    start : int
        The day of the first purchase.
    observation_end, holdout_end : int
        Last days, both included; equal where there is no holdout.
    period : Period
        The unit of time.
    whole : bool
        Whether time is counted in whole periods from the start instead of in days.
    """

    start: int
    observation_end: int
    holdout_end: int
    period: Period
    whole: bool

    def time(self, first: IntArray | int, last: IntArray | int) -> FloatArray:
        """Return the time between two days, in periods."""
        if self.whole:
            return (self.place(last) - self.place(first)).astype(np.float64)
        return np.asarray((last - first) / self.period.days)

    @property
    def months(self) -> int | None:
        """How many months of the calendar a whole period has; None where periods are counted by their days."""
        return MONTHS_OF.get(self.period.name) if self.whole else None

    def place(self, day: IntArray | int) -> IntArray:
        """Return the whole period that a day falls in, 0 being the first; months, quarters and years the calendar's."""
        if self.months is not None:
            return np.asarray(_months(day) // self.months - _months(self.start) // self.months)
        return np.asarray(np.floor((day - self.start) / self.period.days), dtype=np.int64)

    def first_day_of(self, place: int) -> int:
        """Return the first day of a whole period; that of the first one may lie before the first purchase."""
        if self.months is not None:
            month = (int(_months(self.start)) // self.months + place) * self.months
            return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
        return ceil(self.start + place * self.period.days)

    def n_whole(self, end: int) -> int:
        """Return how many whole periods have ended by the evening of a day."""
        if self.months is not None:
            return int(self.place(end + 1))
        return floor((end + 1 - self.start) / self.period.days)

    def days_of_part(self, end: int) -> float:
        """Return how many days lie behind the last period that has ended by the evening of a day."""
        if self.months is not None:
            return end + 1 - max(self.first_day_of(self.n_whole(end)), self.start)
        return end + 1 - self.start - self.n_whole(end) * self.period.days


def _months(day: IntArray | int) -> IntArray:
    """Return the month of a day as a number from January 1970."""
    return np.asarray(day, dtype=np.int64).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def end_of_calendar_period(day: np.datetime64, period: Period, *, back: int) -> np.datetime64:
    """Return the last day of the month, quarter or year that lies so many before the one of a day."""
    months = MONTHS_OF[period.name]
    first = (day.astype("datetime64[M]").astype(np.int64) // months - back + 1) * months
    return as_date(int(np.datetime64(int(first), "M").astype("datetime64[D]").astype(np.int64)) - 1)


def day_of(value: object, argument: str) -> int:
    """Read a calendar day as a day number."""
    moment = pd.NaT if isinstance(value, int | float) else pd.to_datetime(str(value), errors="coerce", format="ISO8601")
    if pd.isna(moment):
        raise ArgumentError(f"{argument} is {value!r}, which is no date; give one such as '1997-09-30'.")
    return int(np.datetime64(moment.date(), "D").astype(np.int64))


def as_date(day: int) -> np.datetime64:
    """Return a day number as a date."""
    return np.datetime64(day, "D")


def recent_periods(recent: float | str | None, period: Period) -> float:
    """Read the length of the recent window as a number of periods; None is a quarter of a year."""
    if recent is None:
        return DAYS_PER_YEAR / 4 / period.days
    periods: Any = recent
    if isinstance(recent, str):
        try:
            periods = period.horizon(recent)
        except ArgumentError:
            raise ArgumentError(
                f"recent is {recent!r}, which is no length of time; give a number of {period.name}s or a text such as "
                f"'13 weeks'."
            ) from None
    why = "it's the length of the window before the end of observation."
    return check_between("recent", periods, 0.0, float("inf"), why, open_low=True, open_high=True)
