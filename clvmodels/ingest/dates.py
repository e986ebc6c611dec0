"""Dates in text and numbers: which readings there are, and which of them a whole column allows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clvmodels.errors import ArgumentError

# A time of day after a date: it doesn't move the day, so it's only looked at.
_HOUR = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_TIME = rf"(?:(?:[ T]+|, *){_HOUR})?"
_ZONE = r" ?(?:[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_DIGITS = {
    "%d": r"\d{1,2}",
    "%m": r"\d{1,2}",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]{3,9}",
}
_PARTS = {"d": "day", "m": "month", "b": "month", "B": "month", "Y": "year", "y": "year"}
_FIRST, _LAST = "DATE '1000-01-01'", "DATE '9999-12-31'"


@dataclass(frozen=True, slots=True)
class DateReading:
    """One way to read a column as dates.

    Attributes
    ----------
    name : str
        As ``date_format`` names it.
    words : str
        What it's called in a note.
    value : str
        SQL of the day or moment, with ``{}`` for the column as text; NULL where a text isn't read so.
    """

    name: str
    words: str
    value: str

    def told(self, column: str) -> str:
        """Return the SQL for a column."""
        return self.value.replace("{}", column)


def _number(of: str) -> str:
    return f"TRY_CAST({{}} AS {of})"


def _epoch(per_second: int, name: str, words: str) -> DateReading:
    # Multiplied or divided into microseconds; what lies beyond the year 9999 is no moment.
    micro = f"({_number('DOUBLE')} * {1_000_000 / per_second!r})"
    value = f"CASE WHEN abs{micro} < 253402300800000000 THEN make_timestamp(CAST({micro} AS BIGINT)) END"
    return DateReading(name, words, value)


_SERIAL = _number("DOUBLE")
NUMBERED = {
    reading.name: reading
    for reading in (
        DateReading(
            "yyyymmdd",
            "year, month and day without separators",
            "CASE WHEN regexp_full_match(trim({}), '\\d{8}(\\.0+)?') "
            "THEN CAST(try_strptime(left(trim({}), 8), '%Y%m%d') AS DATE) END",
        ),
        DateReading(
            "excel",
            "days of a spreadsheet, 1 being 1900-01-01",
            f"CASE WHEN {_SERIAL} >= 1 AND {_SERIAL} < 2958466 "
            f"THEN CAST(DATE '1899-12-30' + CAST(floor({_SERIAL}) AS INTEGER) AS DATE) END",
        ),
        _epoch(1, "epoch-seconds", "seconds since 1970 in UTC"),
        _epoch(1_000, "epoch-ms", "milliseconds since 1970 in UTC"),
        _epoch(1_000_000, "epoch-us", "microseconds since 1970 in UTC"),
        _epoch(1_000_000_000, "epoch-ns", "nanoseconds since 1970 in UTC"),
    )
}
# The years 1950 to 2150 as each of them tells them; no two of the ranges meet.
_MAGNITUDES = {
    "yyyymmdd": (19_500_101, 21_501_231),
    "excel": (18_264, 91_311),
    "epoch-seconds": (1e8, 5.7e9),
    "epoch-ms": (1e11, 5.7e12),
    "epoch-us": (1e14, 5.7e15),
    "epoch-ns": (1e17, 5.7e18),
}


def by_magnitude(low: float, high: float) -> DateReading | None:
    """Return the reading that whole numbers in a range suggest, None where none does."""
    for name, (least, most) in _MAGNITUDES.items():
        if least <= low and high <= most:
            return NUMBERED[name]
    return None


def _pattern(name: str) -> str:
    """Return the shape of a date in a format, as a regular expression."""
    return "".join(_DIGITS.get(part, re.escape(part)) for part in re.findall(r"%.|.", name))


def _dated(name: str) -> DateReading:
    shape = _pattern(name)
    parsed = f"try_strptime(regexp_extract(trim({{}}), '^{shape}'), '{name}')"
    words = ", ".join(_PARTS[part] for part in re.findall(r"%(.)", name))
    value = f"CASE WHEN regexp_full_match(trim({{}}), '{shape}{_TIME}') THEN CAST({parsed} AS DATE) END"
    return DateReading(name, words, _in_range(value))


def _in_range(value: str) -> str:
    return f"CASE WHEN {value} BETWEEN {_FIRST} AND {_LAST} THEN {value} END"


_ISO_SHAPE = r"\d{4}-\d{1,2}-\d{1,2}"
ISO_WITH_ZONE = DateReading(
    "iso-with-zone",
    "year, month, day and a time with its zone",
    f"CASE WHEN regexp_full_match(trim({{}}), '{_ISO_SHAPE}[ T]+{_HOUR}{_ZONE}') "
    f"THEN TRY_CAST(trim({{}}) AS TIMESTAMPTZ) END",
)
_ORDERS = ("%Y{}%m{}%d", "%d{}%m{}%Y", "%m{}%d{}%Y", "%d{}%m{}%y", "%m{}%d{}%y", "%y{}%m{}%d")
_NAMED = ("%d{}%b{}%Y", "%d{}%b{}%y", "%y{}%b{}%d", "%Y{}%b{}%d", "%d{}%B{}%Y")
_SPOKEN = ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d. %B %Y", "%d. %b %Y")
CANDIDATES = (
    *(_dated(order.format(mark, mark)) for mark in "-/." for order in _ORDERS),
    *(_dated(order.format(mark, mark)) for mark in "-/ " for order in _NAMED),
    *(_dated(name) for name in _SPOKEN),
    ISO_WITH_ZONE,
)
ISO = "%Y-%m-%d"
# The ISO dates and times that nearly every log has, told apart by their lengths: a pattern takes several times as long.
ISO_DAYS = DateReading(ISO, "", "CASE WHEN strlen({}) = 10 THEN TRY_CAST({} AS DATE) END")
ISO_MOMENTS = DateReading(ISO, "", "CASE WHEN strlen({}) = 19 AND {}[17] = ':' THEN TRY_CAST({} AS TIMESTAMP) END")


def check_date_format(name: str | None) -> None:
    """Raise an ArgumentError for what is no format of dates."""
    if name is not None:
        given_format(name)


def given_format(name: str) -> DateReading:
    """Return the reading that somebody asks for.

    Raises
    ------
    ArgumentError
        When it is none.
    """
    if str(name) in NUMBERED:
        return NUMBERED[name]
    pattern = _percent(str(name))
    directives = re.findall(r"%.", pattern)
    if not directives or not set(directives) <= {f"%{letter}" for letter in "aAbBdHIjmMpSfgyYzZ-%"}:
        known = ", ".join(NUMBERED)
        raise ArgumentError(
            f"date_format is {name!r}, which is no format of dates; give a pattern such as '%d/%m/%Y' or 'dd/mm/yyyy', "
            f"or one of {known}."
        )
    told = pattern.replace("'", "''")
    if "%z" in pattern or "%Z" in pattern:
        return DateReading(name, f"in the format {name}", f"try_strptime(trim({{}}), '{told}')")
    bare = f"regexp_replace(trim({{}}), '(?:[ T]+|, *){_HOUR}$', '')"
    parsed = f"coalesce(try_strptime(trim({{}}), '{told}'), try_strptime({bare}, '{told}'))"
    return DateReading(name, f"in the format {name}", _in_range(parsed))


def _percent(name: str) -> str:
    """Return a pattern that is told in letters, 'dd/mm/yyyy', with the signs of strptime."""
    if "%" in name or not re.fullmatch(r"(?i)(?:d{1,2}|m{1,2}|mmm|y{4}|y{2}|[-/., ])+", name):
        return name
    signs = {"d": "%d", "dd": "%d", "m": "%m", "mm": "%m", "mmm": "%b", "yy": "%y", "yyyy": "%Y"}
    return re.sub(r"d{1,2}|m{1,3}|y{4}|y{2}", lambda found: signs[found[0]], name.lower())


def shaped(reading: DateReading, text: str) -> bool:
    """Whether a text has the shape of a reading, be it a date or not."""
    if reading is ISO_WITH_ZONE:
        return re.fullmatch(rf"{_ISO_SHAPE}[ T]+{_HOUR}{_ZONE}", text) is not None
    return re.fullmatch(_pattern(reading.name) + _TIME, text) is not None
