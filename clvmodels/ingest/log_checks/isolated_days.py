"""First or last days that lie apart from the rest of the log."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np

from clvmodels.arrays import BoolArray
from clvmodels.ingest.log_checks.chance import ALARM, silent_for
from clvmodels.ingest.log_checks.profile import Daily, Profile
from clvmodels.ingest.periods import as_date
from clvmodels.ingest.schema import count_of
from clvmodels.records import Note

_PIECES = 12  # days of purchase that may lie apart at one end
_EVENTS = 30  # days of purchase that say how long a silence is usual: near enough to hold at that end
_FEWEST = 8


def find_isolated_days(profile: Profile) -> tuple[list[Note], BoolArray]:
    """Find at each end the days before, or after, a silence that the rate of the days next to it doesn't allow.

    Returns
    -------
    list of Note and array of bool, shape (day,)
        What was found, and which days of purchase lie apart.
    """
    daily = profile.daily
    apart, found = np.zeros(len(daily), dtype=bool), []
    for last in (False, True):
        piece = _piece(daily, last=last)
        if piece is None:
            continue
        mask = np.zeros(len(daily), dtype=bool)
        mask[slice(-piece.n, None) if last else slice(0, piece.n)] = True
        apart |= mask
        found.append(_finding(profile, piece, mask, last=last))
    return found, apart


@dataclass(frozen=True, slots=True)
class _Piece:
    n: int  # days of purchase that lie apart
    gap: float  # days of silence
    events: int  # days of purchase that the rate rests on
    took: float  # days that these took


def _piece(daily: Daily, *, last: bool) -> _Piece | None:
    """Return the largest piece at an end that lies apart.

    The silence has to be worth more purchases than the piece holds; else it is a hole in the log.
    """
    day, purchases = daily.day.astype(np.float64), daily["purchases"]
    if not last:
        day, purchases = -day[::-1], purchases[::-1]
    found = None
    for n in range(1, min(_PIECES, len(day) - _FEWEST) + 1):
        edge = len(day) - n  # the first day of the piece
        begin = max(0, edge - 1 - _EVENTS)
        events, took = edge - 1 - begin, float(day[edge - 1] - day[begin])
        gap = float(day[edge] - day[edge - 1]) - 1  # the day after a day is no silence
        rate = purchases[begin:edge].sum() / (took + 1)
        unusual = silent_for(gap, events, took) < ALARM / (2 * _PIECES)
        if unusual and purchases[edge:].sum() < rate * gap:
            found = _Piece(n, gap, events + 1, took + 1)
    return found


def _finding(profile: Profile, piece: _Piece, mask: BoolArray, *, last: bool) -> Note:
    part = profile.daily.part(mask)
    rows, money = int(part["purchases"].sum()), float(part["value"].sum()) if part.has_money else float("nan")
    begin, end = as_date(int(part.day[0])), as_date(int(part.day[-1]))
    when = f"on {begin}" if begin == end else f"from {begin} to {end}"
    why = (
        "The last date is taken as the end of observation, so everybody looks silent since the others; correct the "
        "date, leave the rows out, or set observation_end before it."
        if last
        else "The first date begins the log, and these customers look observed for so much longer; correct the date, "
        "or leave the rows out."
    )
    side, beside = ("last", "before") if last else ("first", "after")
    text = (
        f"The {side} {count_of(piece.n, 'day')} of purchase ({count_of(rows, 'row')} {when}) "
        f"{'lies' if piece.n == 1 else 'lie'} apart: {piece.gap:,.0f} days of silence {beside} "
        f"{'it' if piece.n == 1 else 'them'}, where the {piece.events:,} days of purchase next to that came within "
        f"{piece.took:,.0f} days. {why}"
    )
    shown = (nw.col("day") >= int(part.day[0])) & (nw.col("day") <= int(part.day[-1]))
    return Note(f"isolated_{side}_days", text, "warning", rows, money, profile.show(shown))
