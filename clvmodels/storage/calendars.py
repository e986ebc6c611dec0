"""The calendar of an estimate as plain words and numbers, and back."""

from __future__ import annotations

from typing import Any

from clvmodels.grammar.clock import Clock, OnClock, why_no_clock
from clvmodels.grammar.model import as_purchase_model
from clvmodels.models import AbstractModel
from clvmodels.records import Calendar
from clvmodels.storage.stored_values import listed, number, whole

_LAST = 10_000_000  # days from 1970: beyond the years that dates have


def clock_content(clock: Clock) -> dict[str, Any]:
    """Return what a clock is made of."""
    assert isinstance(clock.calendar, Calendar)  # a fit knows no other
    content = {name: getattr(clock, name) for name in ("first", "end", "now", "period_days")}
    return {**clock.calendar.content(), **content, "shares": list(clock.shares)}


def on_clock(model: AbstractModel, content: Any) -> AbstractModel:
    """Return the model on the clock that was described; as it is where there is none.

    Raises
    ------
    KeyError, TypeError, ValueError
        When something is missing or can't be.
    """
    if content is None:
        return model
    trouble = why_no_clock(model)
    if trouble is not None:
        raise ValueError(f"{model.title} can't have a calendar: {trouble}")
    events = content["events"]
    known = {
        name: [tuple(listed(spell, name)) for spell in listed(spells, name)] for name, spells in (events or {}).items()
    }
    names = {name: content[name] for name in ("season", "trend", "holidays", "index")}
    calendar = Calendar(**names, events=known if events is not None else None)
    first, end = (whole(content[name], name, low=-_LAST) for name in ("first", "end"))
    now = number(content["now"], "the day of the forecast", low=-_LAST)
    if not first <= end <= _LAST or now > _LAST:
        raise ValueError("the days of the calendar can't be")
    shares = tuple(number(share, "a share", low=0.0) for share in listed(content["shares"], "the shares"))
    if len(shares) != len(calendar.names) or any(share > 1 for share in shares):
        raise ValueError("the shares don't belong to the calendar")
    days = number(content["period_days"], "the days of a period", low=1e-9)
    return OnClock(as_purchase_model(model), Clock(calendar, first, end, now, days, shares))
