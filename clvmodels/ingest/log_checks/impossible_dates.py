"""Dates at which nobody can have bought: before 1971, where missing dates become 1970, and in the future."""

from __future__ import annotations

import narwhals as nw

from clvmodels.arrays import AnyArray
from clvmodels.ingest.log_checks.profile import Profile
from clvmodels.ingest.periods import as_date
from clvmodels.ingest.schema import count_of
from clvmodels.records import Note

FIRST_DAY = 365  # 1971-01-01: a date that is missing or zero becomes one of 1970, 1900 or year 1
_ELSEWHERE = 1  # day: at the other end of the world it is tomorrow


def impossible_days(profile: Profile) -> AnyArray:
    """Return which days of purchase are impossible, shape (day,)."""
    day = profile.daily.day
    return (day < FIRST_DAY) | (day > profile.today + _ELSEWHERE)


def find_impossible_dates(profile: Profile) -> list[Note]:
    """Find rows at such dates. A single one is enough: what it says of time is wrong."""
    found = impossible_days(profile)
    if not found.any():
        return []
    part = profile.daily.part(found)
    rows, money = int(part["purchases"].sum()), float(part["value"].sum()) if part.has_money else float("nan")
    when = [f"on {as_date(day)}" for day in dict.fromkeys([int(part.day[0]), int(part.day[-1])])]
    text = (
        f"Dates that can't be: {count_of(rows, 'row')} {' to '.join(when).replace(' to on', ' to')}, before 1971 or "
        f"after today, {as_date(profile.today)}. The first and the last date say how long customers were observed, so "
        f"one of them makes everybody look long gone, or the base decades old; correct such dates, leave their rows "
        f"out, or end the observation before them."
    )
    mask = (nw.col("day") < FIRST_DAY) | (nw.col("day") > profile.today + _ELSEWHERE)
    return [Note("impossible_dates", text, "warning", rows, money, profile.show(mask))]
