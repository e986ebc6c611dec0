"""What values in a file must be, so that this package could have written them."""

from __future__ import annotations

from math import inf, isfinite, isnan
from typing import Any

from clvmodels.records import Note, Period
from clvmodels.records.period import NAMED_PERIODS


def number(value: Any, what: str, *, low: float = -inf, unknown: bool = False) -> float:
    """Return a finite number at or above a bound, or NaN where it may be unknown.

    Raises
    ------
    ValueError
        When it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{what} is no number")
    found = float(value)
    if unknown and isnan(found):
        return found
    if not isfinite(found) or found < low:
        raise ValueError(f"{what} is {found:g}")
    return found


def whole(value: Any, what: str, *, low: int = 0) -> int:
    """Return a whole number at or above a bound, or raise a ValueError."""
    found = number(value, what, low=low)
    if found != int(found):
        raise ValueError(f"{what} is {found:g}, which is no whole number")
    return int(found)


def text(value: Any, what: str) -> str:
    """Return a text, or raise a ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    return value


def flag(value: Any, what: str) -> bool:
    """Return a truth value, or raise a ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"{what} is neither true nor false")
    return value


def stored_period(content: Any) -> Period:
    """Return a unit of time, or raise a ValueError."""
    period = Period(text(content["name"], "the period"), number(content["days"], "the period", low=1e-9))
    if set(content) != {"name", "days"} or NAMED_PERIODS.get(period.name, period.days) != period.days:
        raise ValueError("the period isn't as long as its name says")
    if period.name not in NAMED_PERIODS and period.name != f"{period.days:g}-day period":
        raise ValueError(f"the period is called {period.name!r}")
    return period


def notes_of(content: Any) -> tuple[Note, ...]:
    """Return notes, or raise a ValueError."""
    found = tuple(Note(**note) for note in listed(content, "the notes"))
    for note in found:
        text(note.code, "a note's code")
        text(note.text, "a note")
        if note.level not in ("info", "warning"):
            raise ValueError(f"a note has the level {note.level!r}")
    return found


def listed(content: Any, what: str) -> list[Any]:
    """Return a list, or raise a ValueError."""
    if not isinstance(content, list | tuple):
        raise ValueError(f"{what} are no list")
    return list(content)
