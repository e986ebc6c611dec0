"""How much of the end of a log to keep back, to check forecasts on."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from clvmodels.errors import ArgumentError, check_between
from clvmodels.ingest.periods import MONTHS_OF, end_of_calendar_period
from clvmodels.records import Period, Summary

A_THIRD = "a third"  # of the log: enough to see customers come back or not, and twice as much is left to learn from


def check_holdout(holdout: float | str | timedelta | None, period: Period) -> None:
    """Raise where no length of time can be read, or less than a day."""
    if holdout is not None and not (isinstance(holdout, str) and holdout == A_THIRD):
        _days(holdout, period)


def last_day_before(
    holdout: float | str | timedelta | None, summary: Summary, *, whole: bool = False
) -> np.datetime64 | None:
    """Return the last day of what is left to learn from; None where nothing is kept back.

    A third of a log of less than three days is nothing. Where time is counted in ``whole`` periods of the calendar,
    what is left ends with one of them.

    Raises
    ------
    ArgumentError
        When the log is shorter than what is to be kept back.
    """
    if holdout is None:
        return None
    end, first_days = summary.observation_end, summary.first_purchase
    assert end is not None  # a log has a last day
    assert first_days is not None  # and its customers a first one
    length = int((end - first_days.min()).astype(np.int64))
    days = length / 3 if holdout == A_THIRD else _days(holdout, summary.period)
    if days > length:
        raise ArgumentError(
            f"holdout is {holdout!r}, but the log runs from {first_days.min()} to {end} "
            f"({length / summary.period.days:.4g} {summary.period.name}s), so nothing is left to learn from; give a "
            f"shorter one."
        )
    if days < 1:
        return None
    if whole and summary.period.name in MONTHS_OF:
        return end_of_calendar_period(end, summary.period, back=max(1, round(days / summary.period.days)))
    return end - np.timedelta64(round(days), "D")


def _days(holdout: float | str | timedelta, period: Period) -> float:
    try:
        days = period.horizon(holdout) * period.days
        return check_between("holdout (in days)", days, 1.0, float("inf"), "purchases are counted by day")
    except ArgumentError:
        raise ArgumentError(
            f"holdout is {holdout!r}, which is no time to keep back; give at least a day, as a number of "
            f"{period.name}s or a text such as '9 months'."
        ) from None
