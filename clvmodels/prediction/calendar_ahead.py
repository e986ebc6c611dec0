"""What the log has seen of the days that a forecast looks ahead to."""

from __future__ import annotations

import numpy as np

from clvmodels.grammar.clock import Clock
from clvmodels.records import Note
from clvmodels.records.period import DAYS_PER_YEAR

_TIMES = ("never", "once", "twice")
_ALWAYS = ("season[cos ", "season[sin ", "trend")  # what acts on every day is no kind of day
_SHOWN = 8


def calendar_notes(clock: Clock | None, periods: float) -> tuple[Note, ...]:
    """Say how often the months and events of a horizon were seen, and which events it doesn't hold."""
    if clock is None or clock.end == clock.first:
        return ()
    n_days = int(np.ceil(min(periods * clock.period_days, DAYS_PER_YEAR)))
    dated = np.array([not name.startswith(_ALWAYS) for name in clock.names])
    there = dated & np.any(clock.design(int(clock.now) + 1 + np.arange(max(n_days, 1))) != 0, axis=0)
    seen = clock.times_seen()
    ahead = {time: _named(clock, there & (seen == i)) for i, time in enumerate(_TIMES)}
    notes = []
    if ahead["never"]:
        told = "; ".join(f"{time}: {names}" for time, names in ahead.items() if names)
        text = (
            f"The horizon holds days of a kind that the log hasn't seen, which are forecast as typical ones and widen "
            f"the total (seen {told})."
        )
        notes.append(Note("unseen_ahead", text, "warning"))
    elif ahead["once"] and seen.max() > 1:
        notes.append(Note("seen_once_ahead", f"The log has seen only once what the horizon holds: {ahead['once']}."))
    events = np.array([name.startswith("event") for name in clock.names])
    missing = _named(clock, events & ~there & (seen > 0))
    if missing and periods * clock.period_days >= DAYS_PER_YEAR - 1:
        text = f"The calendar has no day of {missing} in the horizon; if it comes again, give its days in events=."
        notes.append(Note("no_event_ahead", text))
    return tuple(notes)


def _named(clock: Clock, which: np.ndarray) -> str:
    names = [name for name, chosen in zip(clock.names, which, strict=True) if chosen]
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
