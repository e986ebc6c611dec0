"""A column of dates in text or numbers: the one reading that all of it allows."""

from __future__ import annotations

import re

from clvmodels.errors import InputError
from clvmodels.ingest.dates import (
    CANDIDATES,
    ISO,
    ISO_DAYS,
    ISO_MOMENTS,
    ISO_WITH_ZONE,
    NUMBERED,
    DateReading,
    by_magnitude,
    given_format,
    shaped,
)
from clvmodels.ingest.files import quoted
from clvmodels.ingest.text_rows import UNREAD, Column, Told
from clvmodels.records import Note

_USUAL = {ISO_DAYS: re.compile(r"\d{4}-\d\d-\d\d"), ISO_MOMENTS: re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")}
_MANY = 200  # texts are enough to see which shapes occur


def dates_told(column: Column, date_format: str | None, tz: str | None) -> Told:
    """Decide how a column is read as dates.

    Raises
    ------
    InputError
        When no reading fits all of it, or several do.
    """
    if column.kind == "TIMESTAMPTZ_NS":  # the engine counts days of microseconds only
        return Told(f"CAST({quoted(column.name)} AS TIMESTAMPTZ)")
    if date_format is not None:
        return _as_given(column, given_format(date_format), tz)
    if not column.kind.startswith(("VARCHAR", "ENUM")):
        raise _numbers(column)
    if not column.thorough:
        for reading, shape in _USUAL.items():
            if all(shape.fullmatch(text) for text in column.texts):
                doubt = f"{UNREAD} OR {{v}} < DATE '1000-01-01'"
                return Told(reading.told(column.sql), doubt)
    return _decided(column)


def _as_given(column: Column, reading: DateReading, tz: str | None) -> Told:
    value, note = reading.told(column.sql), None
    if reading.name.startswith("epoch"):
        if tz is None:
            text = f"Moments in {column.name!r} fall on their days in UTC; tz= names another zone."
            note = Note("days_in_utc", text)
        else:
            value = f"timezone('UTC', {value})"
    unread = f"{column.known} AND ({value}) IS NULL"
    if not column.thorough:
        return Told(value, UNREAD, note)
    if column.totals({"n_unread": f"count(*) FILTER ({unread})"})["n_unread"]:
        raise InputError(
            f"The time column {column.name!r} holds {column.first(unread)}, which is no date in date_format="
            f"{reading.name!r}; correct the format, or leave the row out."
        )
    return Told(value, note=note)


def _decided(column: Column) -> Told:
    """Look at all of a column."""
    likely = [reading for reading in CANDIDATES if any(shaped(reading, text) for text in column.texts[:_MANY])]
    values = [reading.told(column.sql) for reading in likely]
    told = {"n_known": f"count(*) FILTER ({column.known})"}
    for i, value in enumerate(values):
        day = f"CAST({value} AS DATE)"
        told |= {f"n_{i}": f"count({value})", f"low_{i}": f"min({day})", f"high_{i}": f"max({day})"}
    found = column.totals(
        {name: sql if name.startswith("n_") else f"CAST({sql} AS VARCHAR)" for name, sql in told.items()}
    )
    n = found["n_known"]
    fits = [i for i in range(len(likely)) if found[f"n_{i}"] == n]
    # "May" is short and long at once; what both read is read by the first.
    short = {likely[i].name for i in fits if "%B" not in likely[i].name}
    fits = [i for i in fits if "%B" not in likely[i].name or likely[i].name.replace("%B", "%b") not in short]
    if not n:
        return Told("CAST(NULL AS DATE)")
    if not fits:
        raise _unread(column, likely, values, found)
    if len(fits) > 1:
        readings = "; ".join(
            f"{likely[i].name!r} ({likely[i].words}) from {found[f'low_{i}']} to {found[f'high_{i}']}" for i in fits
        )
        raise InputError(
            f"The dates in {column.name!r} (such as {column.texts[0]!r}) can be read in {len(fits)} ways: {readings}. "
            f"Nothing in the column tells which is meant; say it, e.g. with date_format={likely[fits[0]].name!r}."
        )
    best = likely[fits[0]]
    if best.name == ISO or best is ISO_WITH_ZONE:
        return Told(values[fits[0]])
    span = f"from {found[f'low_{fits[0]}']} to {found[f'high_{fits[0]}']}"
    text = (
        f"Dates in {column.name!r} were read as {best.words} ({best.name}), {span}: all of the column allows only that."
    )
    return Told(values[fits[0]], note=Note("date_format", text))


def _unread(column: Column, likely: list[DateReading], values: list[str], found: dict[str, int]) -> InputError:
    """Return the error for a column that no reading fits."""
    numbers = f"{column.known} AND TRY_CAST({column.sql} AS DOUBLE) IS NULL"
    if not column.totals({"n_text": f"count(*) FILTER ({numbers})"})["n_text"]:
        return _numbers(column)
    zoned = next((i for i, reading in enumerate(likely) if reading is ISO_WITH_ZONE), None)
    if zoned is not None and 0 < found[f"n_{zoned}"] < found["n_known"]:
        bare = column.first(f"{column.known} AND ({values[zoned]}) IS NULL")
        return InputError(
            f"Some times in {column.name!r} have a time zone and others, such as {bare}, have none, so nobody knows on "
            f"which day they were; write them all in one way."
        )
    best = max(range(len(likely)), key=lambda i: found[f"n_{i}"], default=None)
    if best is None or not found[f"n_{best}"]:
        return InputError(
            f"The time column {column.name!r} holds {column.first(column.known)}, which is no date in a format that is "
            f"known; name its format, e.g. with date_format='%d/%m/%Y'."
        )
    bad = column.first(f"{column.known} AND ({values[best]}) IS NULL")
    return InputError(
        f"The time column {column.name!r} holds {bad}, which is no date of the kind that most are "
        f"({likely[best].name}); correct it, or leave its row out, because a purchase needs its day."
    )


def _numbers(column: Column) -> InputError:
    """Return the error for dates that are numbers, with what their size suggests."""
    number = f"TRY_CAST({column.sql} AS DOUBLE)"
    found = column.totals({"low_number": f"min({number})", "high_number": f"max({number})"})
    low, high = found["low_number"], found["high_number"]
    if low is None:
        return InputError(f"The time column {column.name!r} holds no dates at all, only missing ones; name another.")
    guess = by_magnitude(low, high)
    if guess is None:
        return InputError(
            f"The time column {column.name!r} holds numbers from {low:.15g} to {high:.15g}, which aren't dates of any "
            f"known kind; say how they count with date_format= and one of {', '.join(NUMBERED)}."
        )
    value = f"CAST({guess.told(column.sql)} AS DATE)"
    ends = {f"{edge}_day": f"CAST({name}({value}) AS VARCHAR)" for edge, name in (("low", "min"), ("high", "max"))}
    days = column.totals(ends)
    return InputError(
        f"The time column {column.name!r} holds numbers such as {low:.15g}, which would be {guess.words} "
        f"({days['low_day']} to {days['high_day']}); if that's meant, say so with date_format={guess.name!r}."
    )
