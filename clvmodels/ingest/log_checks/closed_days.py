"""Purchases on a weekday on which nobody buys as a rule."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from clvmodels.ingest.log_checks.chance import ALARM
from clvmodels.ingest.log_checks.profile import Profile
from clvmodels.ingest.schema import count_of
from clvmodels.records import Note

_NAMES = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_FEWEST = 8  # weeks
_MONDAY = 3  # 1970-01-01 was a Thursday


def find_closed_days(profile: Profile) -> list[Note]:
    """Find weekdays without a purchase in most weeks, where the other days' rate makes such weeks incredible."""
    daily = profile.daily
    if not len(daily):
        return []
    dense = daily.dense(daily["purchases"])
    weekday = (np.arange(len(dense)) + int(daily.day[0]) + _MONDAY) % 7
    found = []
    for w in range(7):
        own, others = dense[weekday == w], dense[weekday != w]
        if len(own) < _FEWEST or not own.sum():
            continue
        open_rate = float(np.median(others))
        if np.median(own) > 0 or np.exp(-open_rate) > ALARM or own.mean() > 0.5 * others.mean():
            continue
        found.append((w, int((own > 0).sum()), len(own)))
    if not found:
        return []
    on = np.isin((daily.day + _MONDAY) % 7, [w for w, _, _ in found])
    rows = int(daily["purchases"][on].sum())
    money = float(daily["value"][on].sum()) if daily.has_money else float("nan")
    what = " and ".join(f"{n} of {of} {_NAMES[w]}" for w, n, of in found)
    text = (
        f"There are purchases on days that are closed as a rule: {count_of(rows, 'row')} on {what}, where other days "
        f"have {float(np.median(dense[dense > 0])):,.0f} purchases. Dates may be shifted there, by a time zone or a "
        f"typing error; a few don't matter, many make customers look later than they were."
    )
    remainder = (nw.col("day") + _MONDAY) % 7
    return [Note("closed_days", text, "info", rows, money, profile.show(remainder.is_in([w for w, _, _ in found])))]
