"""Columns that came as text, or as numbers that are dates: how each is read, decided by looking at all of it.

Nearly every log has ISO dates and plain numbers, so a look at its first rows proposes a plan, and the pass that counts
the rows counts those that the plan doesn't read. Only where there are any, the columns are looked at thoroughly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import duckdb

from clvmodels.errors import ArgumentError
from clvmodels.ingest.date_columns import dates_told
from clvmodels.ingest.dates import check_date_format
from clvmodels.ingest.encodings import check_encoding
from clvmodels.ingest.files import quoted
from clvmodels.ingest.number_columns import check_decimal, numbers_told
from clvmodels.ingest.text_rows import Column, Rows, Told
from clvmodels.records import Note

type Role = Literal["id", "time", "number", "group"]

DOUBT = "doubt"  # names the column that says whether the plan leaves a row open
_RAW = "text of "
_SAMPLE = 2_000
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_TEXT, _NUMBERS = (
    ("VARCHAR", "ENUM"),
    ("INTEGER", "BIGINT", "SMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "FLOAT", "DOUBLE"),
)


class Asked(Protocol):
    """What somebody says of texts; a `LogSpec` does."""

    @property
    def date_format(self) -> str | None: ...

    @property
    def decimal(self) -> str | None: ...

    @property
    def tz(self) -> str | None: ...

    @property
    def encoding(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How columns are read.

    Attributes
    ----------
    told : mapping of str to str
        SQL of the columns that aren't taken as they are.
    doubts : mapping of str to str
        SQL conditions of rows that it leaves open, ``{v}`` being a value and ``{c}`` its text.
    notes : tuple of Note
        What was decided.
    """

    told: Mapping[str, str]
    doubts: Mapping[str, str]
    notes: tuple[Note, ...] = ()

    def applied(self, relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Return all columns as they are read, with one of doubt where there can be any."""
        if not self.told:
            return relation
        names = relation.columns
        values = [f"{self.told.get(name, quoted(name))} AS {quoted(name)}" for name in names]
        if not self.doubts:
            return relation.project(", ".join(values))
        texts = [f"{quoted(name)} AS {quoted(_RAW + name)}" for name in self.doubts]
        doubts = " OR ".join(
            f"({doubt.replace('{v}', quoted(name)).replace('{c}', _text(_RAW + name))})"
            for name, doubt in self.doubts.items()
        )
        return relation.project(", ".join([*values, *texts])).project(
            f"{', '.join(map(quoted, names))}, CAST(coalesce({doubts}, false) AS TINYINT) AS {DOUBT}"
        )


def plan_of(
    rows: Rows,
    roles: Mapping[str, Role],
    asked: Asked,
    *,
    thorough: bool = False,
    file: bool = False,
    numbered: bool = False,
) -> Plan:
    """Decide how columns are read.

    Parameters
    ----------
    rows : Rows
        What can be asked of them.
    roles : mapping of str to str
        What each column is for.
    asked : LogSpec or alike
        The format of dates, the decimal sign and the time zone, as far as they were given.
    thorough : bool
        Whether all of each column is looked at, which leaves no doubt.
    file : bool
        Whether all columns are text because they come from a text file, so that groups may be numbers.
    numbered : bool
        Whether ids of text that are all whole numbers are read as such, which are faster to count with.

    Raises
    ------
    InputError
        When a column can't be read, or can be read in several ways.
    ArgumentError
        When a format is given for a column that has its type already.
    """
    kinds = rows.kinds()
    read = {name: role for name, role in roles.items() if _is_read(kinds[name], role)}
    samples = {} if not any(kinds[name].startswith(_TEXT) for name in read) else rows.sample(list(read), _SAMPLE)
    found: dict[str, Told] = {}
    for name, role in read.items():
        texts = [str(text).strip() for text in samples.get(name, []) if text is not None and str(text).strip()]
        column = Column(name, kinds[name], texts, rows, thorough)
        if role == "time":
            found[name] = dates_told(column, asked.date_format, asked.tz)
        elif role == "number":
            found[name] = numbers_told(column, asked.decimal)
        else:
            found[name] = _group(column) if role == "group" and file else _id(column, numbered=numbered)
    _check_given(kinds, roles, found, asked)
    return Plan(
        {name: told.value for name, told in found.items()},
        {name: told.doubt for name, told in found.items() if told.doubt is not None},
        tuple(told.note for told in found.values() if told.note is not None),
    )


def _is_read(kind: str, role: Role) -> bool:
    if role == "time":
        return kind.startswith((*_TEXT, *_NUMBERS)) or kind == "TIMESTAMPTZ_NS"
    return kind == "VARCHAR" if role in ("id", "group") else kind.startswith(_TEXT)


def _check_given(kinds: Mapping[str, str], roles: Mapping[str, Role], found: Mapping[str, Told], asked: Asked) -> None:
    """Refuse formats for columns that have their type already: whoever gives one thinks of another column."""
    for role, given, what in (("time", asked.date_format, "date_format"), ("number", asked.decimal, "decimal")):
        mine = [name for name, its in roles.items() if its == role]
        if given is not None and mine and not any(name in found and kinds[name] != "TIMESTAMPTZ_NS" for name in mine):
            raise ArgumentError(
                f"{what} is {given!r}, but the column {mine[0]!r} holds {kinds[mine[0]]} and needs no reading; leave "
                f"{what} out."
            )


def _id(column: Column, *, numbered: bool) -> Told:
    """Read ids as they are, byte by byte; spaces around them are nobody's name.

    Where all of them are written as the engine would write whole numbers, numbers tell the same.
    """
    if numbered and not column.thorough and column.texts and all(map(_is_whole, column.texts)):
        return Told(f"TRY_CAST({column.sql} AS BIGINT)", "CAST({v} AS VARCHAR) IS DISTINCT FROM {c}")
    return _trimmed(column)


def _trimmed(column: Column) -> Told:
    c = column.sql
    if not column.thorough:
        return Told(c, "{c} < '!' OR suffix({c}, ' ') OR suffix({c}, chr(9)) OR suffix({c}, chr(160))")
    bare = f"trim({c}, {_BLANKS})"
    n = column.totals({"n_spaced": f"count(*) FILTER ({c} <> {bare} AND {bare} <> '')"})["n_spaced"]
    if not n:
        return Told(f"nullif({bare}, '')")
    texts = f"{n:,} text" if n == 1 else f"{n:,} different texts"
    note = Note("spaces_trimmed", f"Spaces around {texts} in {column.name!r} were taken off, so 'a ' and 'a' are one.")
    return Told(f"nullif({bare}, '')", note=note)


def _group(column: Column) -> Told:
    """Read a group of a text file as numbers or truth values where all of it is, as text elsewhere."""
    c = column.sql
    kinds: dict[str, tuple[str, str]] = {
        "whole": (f"TRY_CAST({c} AS BIGINT)", f"CAST(TRY_CAST({c} AS BIGINT) AS VARCHAR) = {c}"),
        "number": (f"TRY_CAST({c} AS DOUBLE)", f"regexp_full_match({c}, '-?(0|[1-9]\\d*)(\\.\\d+)?([eE][-+]?\\d+)?')"),
        "truth": (f"TRY_CAST({c} AS BOOLEAN)", f"lower({c}) IN ('true', 'false')"),
    }
    known = f"{c} IS NOT NULL AND {c} <> ''"
    if column.thorough:
        told = {
            f"n_{kind}": f"count(*) FILTER ({known} AND coalesce({fits}, false))" for kind, (_, fits) in kinds.items()
        }
        counts = column.totals(told | {"n_known": f"count(*) FILTER ({known})"})
        for kind, (value, _) in kinds.items():
            if counts["n_known"] and counts[f"n_{kind}"] == counts["n_known"]:
                return Told(value)
        return _trimmed(column)
    for kind, fits_python in _SAMPLED.items():
        if column.texts and all(fits_python(text) for text in column.texts):
            value, fits = kinds[kind]
            return Told(value, f"{known} AND NOT coalesce({fits}, false)".replace(c, "{c}"))
    return _trimmed(column)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 19 and (digits == "0" or digits[0] != "0")


def _is_number(text: str) -> bool:
    first, _, rest = text.partition(".")
    return _is_whole(first) and (not rest or (rest.isascii() and rest.isdigit()))


_SAMPLED: dict[str, Callable[[str], bool]] = {
    "whole": _is_whole,
    "number": _is_number,
    "truth": lambda text: text.lower() in ("true", "false"),
}


def roles_of(
    *, ids: Sequence[str], time: Sequence[str], numbers: Sequence[str], groups: Sequence[str]
) -> dict[str, Role]:
    """Return what each column is for; one that is for several things is read for the last of them here."""
    roles: dict[str, Role] = dict.fromkeys(groups, "group")
    roles |= dict.fromkeys(ids, "id")
    roles |= dict.fromkeys(numbers, "number")
    roles |= dict.fromkeys(time, "time")
    return roles


def _text(name: str) -> str:
    return f"CAST({quoted(name)} AS VARCHAR)"


@dataclass(frozen=True)
class Formats:
    """What is said of texts where there is no `LogSpec`: nothing, or as in ``rfm_summary``."""

    date_format: str | None = None
    decimal: str | None = None
    tz: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        check_date_format(self.date_format)
        check_encoding(self.encoding)
        check_decimal(self.decimal)
