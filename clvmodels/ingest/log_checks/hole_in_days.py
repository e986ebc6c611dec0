"""Days without a purchase, or with hardly any, between busy ones: a part of the log that is missing."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from clvmodels.arrays import FloatArray
from clvmodels.ingest.log_checks.chance import ALARM, beyond, in_blocks, overdispersion, silent_for
from clvmodels.ingest.log_checks.profile import Daily, Profile
from clvmodels.ingest.periods import as_date
from clvmodels.records import Note

_SIDE = 30  # days of purchase on each side that say how long a silence is usual
_WEEK = 7  # days; closings over a holiday are shorter
_FEWEST = 20
_DEGREES = 12.0  # weeks of a shop differ with heavier tails than a normal distribution has


def find_hole(profile: Profile) -> list[Note]:
    """Find the worst hole: a silence that the days around don't allow, else a week far below its neighbours."""
    daily = profile.daily
    if len(daily) < _FEWEST:
        return []
    return _silence(daily) or _thin_week(daily)


def _silence(daily: Daily) -> list[Note]:
    day, purchases = daily.day, daily["purchases"]
    gaps = np.diff(day) - 1
    spread = overdispersion(in_blocks(daily.dense(purchases), _WEEK))
    worst, least = -1, ALARM / max(len(gaps), 1)
    for i in np.flatnonzero(gaps >= _WEEK).tolist():
        begin, end = max(0, i - _SIDE), min(len(day) - 1, i + 1 + _SIDE)
        took = float(day[i] - day[begin] + day[end] - day[i + 1])
        events = int(i - begin + end - i - 1)
        if min(i - begin, end - i - 1) < 3:
            continue
        by_days = silent_for(float(gaps[i]), events, took)
        rate = (purchases[begin : i + 1].sum() + purchases[i + 1 : end + 1].sum()) / (took + 2)
        # Many purchases a day, on days that come by themselves in long rows: their number says more than the days do.
        chance = min(by_days, float(np.exp(-rate * gaps[i] / spread)) if took <= 2.0 * events else 1.0)
        if chance < least:
            worst, least = int(i), chance
    if worst < 0:
        return []
    begin, end = int(day[worst]) + 1, int(day[worst + 1]) - 1
    expected = _expected(daily, begin, end)
    text = (
        f"There is a hole in the log: no purchase from {as_date(begin)} to {as_date(end)} ({end - begin + 1} days), "
        f"where the days before and after would give {expected:,.0f}. Customers look as if they had paused or left, so "
        f"forecasts come out too low; look whether rows are missing, and read the log again when they are there."
    )
    return [Note("hole_in_days", text, "warning", 0, float("nan"), "")]


def _expected(daily: Daily, begin: int, end: int) -> float:
    length = end - begin + 1
    near = (daily.day >= begin - length) & (daily.day <= end + length)
    return float(daily["purchases"][near].sum()) / 2


def _thin_week(daily: Daily) -> list[Note]:
    """Find the week that lies farthest below the weeks around it, by the log's own spread of neighbouring weeks."""
    weeks = in_blocks(daily.dense(daily["purchases"]), _WEEK)
    if len(weeks) < 10:
        return []
    around = _lower_of_sides(weeks)
    inner = slice(2, len(weeks) - 2)
    spread = overdispersion(weeks)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (weeks - around)[inner] / np.sqrt(spread * 1.5 * np.maximum(around[inner], 1.0))
    i = int(np.argmin(z))
    if z[i] > -beyond(len(z), _DEGREES) or stdtr(_DEGREES, z[i]) * len(z) > ALARM:
        return []
    week = i + 2
    last = int(daily.day[-1]) - _WEEK * (len(weeks) - 1 - week)
    near = (daily.day > last - _WEEK) & (daily.day <= last)
    rows = int(daily["purchases"][near].sum())
    text = (
        f"The week from {as_date(last - _WEEK + 1)} to {as_date(last)} is thin: {weeks[week]:,.0f} purchases, where "
        f"the weeks around it have {around[week]:,.0f}. A holiday does that, and so does a file that is missing in "
        f"part; look which it is."
    )
    return [Note("hole_in_days", text, "info", rows, float("nan"), "")]


def _lower_of_sides(weeks: FloatArray) -> FloatArray:
    """Return the mean of the two weeks before each, or of the two after, whichever is lower."""
    mean = np.convolve(weeks, [0.5, 0.5], mode="valid")
    found = np.zeros(len(weeks))
    found[2:-2] = np.minimum(mean[:-3], mean[3:])
    return found
