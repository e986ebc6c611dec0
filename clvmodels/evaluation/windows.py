"""Which earlier days of a log to forecast from, and up to which day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from clvmodels.errors import ArgumentError, check_count
from clvmodels.evaluation.backtest_window import Window
from clvmodels.ingest.periods import Day, Span, as_date, day_of, end_of_calendar_period
from clvmodels.records import Note

type Origins = int | Day | Sequence[Day]


def rolling_windows(span: Span, horizon: float, origins: Origins) -> tuple[list[Window], tuple[Note, ...]]:
    """Return the last days of what is known and of what is forecast, earliest first, and a note where they are few.

    Parameters
    ----------
    span : Span
        The days of the log.
    horizon : float
        Periods that each forecast looks ahead.
    origins : int, date or sequence of dates
        How many, the last one horizon before the end and the others a horizon apart; or the days themselves. Of a
        number, those are left out before which the log is shorter than a horizon.

    Raises
    ------
    ArgumentError
        When the log has room for none, or not for a day that is named.
    """
    unit = span.period
    step = unit.days if span.whole else 1.0
    steps = round(horizon * unit.days / step) if np.isfinite(horizon) else 0
    if steps < 1:
        raise ArgumentError(
            f"horizon is {horizon:g} {unit.name}s, and forecasts are compared with what followed, so it must be "
            f"finite and at least a {'whole period' if span.whole else 'day'}."
        )
    if hasattr(origins, "__index__"):
        return _counted(span, steps, step, check_count("origins", origins, 1, "forecasts are made from them"))
    days: Iterable[object] = [origins] if isinstance(origins, str) or not isinstance(origins, Iterable) else origins
    return _named(span, steps, step, days), ()


def _counted(span: Span, steps: int, step: float, n: int) -> tuple[list[Window], tuple[Note, ...]]:
    start, end = as_date(span.start), as_date(span.observation_end)
    edges = [end, *(_back(end, span, i * steps, step) for i in range(1, n + 1))]
    found = [(origin, last) for last, origin in pairwise(edges) if _is_long_enough(span, origin, last, steps)]
    if not found:
        long = round(steps * step)
        raise ArgumentError(
            f"The log runs from {start} to {end} ({_days(start, end) + 1:,} days), and a horizon of {long:,} days is "
            f"to be forecast from no fewer days than that, which has no room even once; give a horizon of at most "
            f"{(_days(start, end) + 1) // 2:,} days, or the days to forecast from as origins=."
        )
    if len(found) == n:
        return found[::-1], ()
    text = (
        f"The log has room for {len(found)} of the {n} origins that were asked for: before an earlier one it is "
        f"shorter than the horizon; differences between origins are known the less."
    )
    return found[::-1], (Note("fewer_origins", text),)


def _named(span: Span, steps: int, step: float, origins: Iterable[object]) -> list[Window]:
    start, end = as_date(span.start), as_date(span.observation_end)
    days = [as_date(day) for day in sorted({day_of(day, "a day of origins") for day in origins})]
    found = [(origin, _back(origin, span, -steps, step)) for origin in days]
    outside = [str(origin) for origin, last in found if not (start <= origin and last <= end)]
    if outside or not found:
        what = f"{', '.join(outside[:5])} of origins can't be forecast from" if outside else "origins names no day"
        raise ArgumentError(
            f"{what}: the log runs from {start} to {end}, and an origin needs {round(steps * step):,} days after it to "
            f"be compared with; give days between {start} and {_back(end, span, steps, step)}."
        )
    return found


def _is_long_enough(span: Span, origin: np.datetime64, last: np.datetime64, steps: int) -> bool:
    """Whether what is known on the eve of a window is no shorter than the window."""
    if span.months is not None:  # a leap year is no longer than another
        return span.n_whole(int(origin.astype(np.int64))) >= steps
    return _days(as_date(span.start), origin) + 1 >= _days(origin, last)  # its first and last day are included


def _back(day: np.datetime64, span: Span, steps: int, step: float) -> np.datetime64:
    """Return the day so many steps before; periods of the calendar end where the calendar ends them."""
    if span.months is not None:
        return end_of_calendar_period(day, span.period, back=steps)
    return day - np.timedelta64(round(steps * step), "D")


def _days(first: np.datetime64, last: np.datetime64) -> int:
    return int((last - first).astype(np.int64))
