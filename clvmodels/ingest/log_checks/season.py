"""Seasons, which no model here knows: one that was seen, and a year that wasn't."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from clvmodels.arrays import FloatArray
from clvmodels.ingest.log_checks.chance import beyond
from clvmodels.ingest.log_checks.profile import Profile
from clvmodels.ingest.periods import as_date
from clvmodels.records import Note
from clvmodels.records.period import DAYS_PER_YEAR

_FEWEST = 10  # whole months
_SEASON = 3  # months: one that stands out, and its neighbours


def find_season(profile: Profile) -> list[Note]:
    """Find the month whose repeat purchases lie farthest from those of the months around it.

    Compared are logarithms with the mean of both neighbours, measured by the median of all months, so that a trend
    makes none. First purchases are left out: arrivals are a matter of advertising.
    """
    if profile.customers is None:  # nobody knows which purchases are first ones
        return []
    months, counts = _repeat_purchases(profile)
    if len(counts) < _FEWEST:
        return []
    logs = np.log(np.maximum(counts, 0.5))
    away = logs[1:-1] - (logs[:-2] + logs[2:]) / 2
    sizes = 1 / np.maximum(counts, 0.5)
    by_chance = np.sqrt(sizes[1:-1] + (sizes[:-2] + sizes[2:]) / 4)
    usual = np.array([_usual(away, i) for i in range(len(away))])
    z = away / np.sqrt(usual**2 + by_chance**2)
    i = int(np.argmax(np.abs(z)))
    if abs(z[i]) < beyond(2 * len(z), len(z) - 2 * _SEASON):
        return []
    month, times = months[i + 1], float(np.exp(away[i]))
    text = (
        f"{month} has a season: {counts[i + 1]:,.0f} repeat purchases, {times:.2g} times those of the months before "
        f"and after, where other months usually differ from their neighbours by "
        f"{np.expm1(max(float(usual[i]), float(by_chance[i]))):.0%}. No model here knows seasons: it spreads such "
        f"purchases over the year, so a horizon with that month comes out too {'low' if times > 1 else 'high'} and "
        f"one without it too {'high' if times > 1 else 'low'}; look ahead whole years, and compare forecasts with "
        f"the same months of an earlier year."
    )
    day = profile.daily.day.astype("datetime64[D]").astype("datetime64[M]")
    near = day == month
    rows = int(profile.daily["purchases"][near].sum())
    money = float(profile.daily["value"][near].sum()) if profile.has_money else float("nan")
    return [Note("season", text, "warning", rows, money, "")]


def _usual(away: FloatArray, i: int) -> float:
    """Return the standard deviation of months from their neighbours, without one month and the two that it pulls.

    Another season, with what it pulls, may be among the others: the largest are left out too, and the rest taken for a
    normal distribution cut there.
    """
    others = np.sort(np.abs(np.delete(away, range(max(0, i - 1), min(len(away), i + 2)))))
    kept = others[: len(others) - _SEASON]
    share = len(kept) / len(others)
    edge = float(ndtri((1 + share) / 2))
    within = 1 - 2 * edge * np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi) / share
    return float(np.sqrt(np.mean(np.square(kept)) / within))


def find_season_not_seen(profile: Profile) -> list[Note]:
    """Say when less than a year was observed, so that some months were never seen."""
    span = profile.span
    days = span.observation_end - span.start + 1
    if days >= DAYS_PER_YEAR - 1:
        return []
    text = (
        f"Less than a year is observed: {days} days, from {as_date(span.start)} to {as_date(span.observation_end)}. "
        f"Months that were never seen are forecast as if they were like these; where there is a season, compare "
        f"the forecast with an earlier year."
    )
    return [Note("season_not_seen", text)]


def _repeat_purchases(profile: Profile) -> tuple[np.ndarray, FloatArray]:
    """Return whole months and the repeat purchases in each, the first one left out: there they rise from nothing."""
    daily, customers = profile.daily, profile.customers
    repeat = daily["purchases"].copy()
    if customers is not None:
        repeat -= np.array([customers.arrivals.get(int(day), 0) for day in daily.day])
    seen = (daily.day >= profile.span.start) & (daily.day <= profile.span.observation_end)
    day = daily.day[seen].astype("datetime64[D]")
    months = day.astype("datetime64[M]")
    first, last = np.datetime64(profile.span.start, "D"), np.datetime64(profile.span.observation_end, "D")
    month, one_day = np.timedelta64(1, "M"), np.timedelta64(1, "D")
    begin = (first - one_day).astype("datetime64[M]") + 2 * month  # the first whole month, and one more
    end = (last + one_day).astype("datetime64[M]")
    known = np.arange(begin, end, month)
    place = (months - begin).astype(np.int64)
    inside = (place >= 0) & (place < len(known))
    return known, np.bincount(place[inside], weights=np.maximum(repeat[seen][inside], 0), minlength=len(known))
