"""What can be asked of the rows of a table before its columns have a type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from clvmodels.ingest.files import Files, quoted
from clvmodels.records import Note

_SHOWN = 1_000  # different texts that are looked for in a file, to name the first of them
_CUT = 60  # characters of a text in a sentence


class Rows(Protocol):
    """Rows in the engine here, or somewhere else."""

    def kinds(self) -> dict[str, str]:
        """Return the engine's name for the type of each column."""
        ...

    def sample(self, names: Sequence[str], n: int) -> dict[str, list[Any]]:
        """Return some columns of the first rows."""
        ...

    def totals(self, column: str, told: Mapping[str, str]) -> dict[str, Any]:
        """Return aggregates over the different values of a column; their names begin with n_, low_ or high_."""
        ...

    def first(self, column: str, condition: str) -> tuple[str, str]:
        """Return the first value of a column under a condition, and where it stands, as far as that is known."""
        ...


# What has no value and isn't empty. A case looks at the text only where there is no value, which is nearly nowhere.
UNREAD = "CASE WHEN {v} IS NULL THEN {c} IS NOT NULL AND trim({c}) <> '' ELSE false END"


@dataclass(frozen=True, slots=True)
class Told:
    """How a column is read.

    Attributes
    ----------
    value : str
        SQL of its values.
    doubt : str or None
        SQL of the rows that it leaves open (see `Plan`).
    note : Note or None
        What was decided.
    """

    value: str
    doubt: str | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of text or numbers that is to be read.

    Attributes
    ----------
    name, kind : str
        Its name, and the engine's name for its type.
    texts : list of str
        Its first values, without the empty ones.
    rows : Rows
        Of which it is a column.
    thorough : bool
        Whether all of it is looked at.
    """

    name: str
    kind: str
    texts: list[str]
    rows: Rows
    thorough: bool

    @property
    def sql(self) -> str:
        """Its text in SQL."""
        return quoted(self.name) if self.kind == "VARCHAR" else f"CAST({quoted(self.name)} AS VARCHAR)"

    @property
    def known(self) -> str:
        """SQL that says where it holds something."""
        return f"{self.sql} IS NOT NULL AND trim({self.sql}) <> ''"

    def totals(self, told: Mapping[str, str]) -> dict[str, Any]:
        """Return aggregates over its different values."""
        return self.rows.totals(self.name, told)

    def first(self, condition: str) -> str:
        """Return the first value under a condition as a sentence has it: quoted, with its place."""
        text, place = self.rows.first(self.name, condition)
        return f"{text if len(text) <= _CUT else text[:_CUT] + '...'!r}{place}"


@dataclass(frozen=True, eq=False)
class TableRows:
    """Rows in the engine here."""

    relation: duckdb.DuckDBPyRelation
    files: Files | None = None

    def kinds(self) -> dict[str, str]:
        """Return the engine's name for the type of each column."""
        return {name: str(kind) for name, kind in zip(self.relation.columns, self.relation.types, strict=True)}

    def sample(self, names: Sequence[str], n: int) -> dict[str, list[Any]]:
        """Return some columns of the first rows."""
        chosen = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names)
        rows = self.relation.limit(n).project(chosen).fetchall()
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}

    def totals(self, column: str, told: Mapping[str, str]) -> dict[str, Any]:
        """Return aggregates over the different values of a column."""
        distinct = self.relation.project(quoted(column)).distinct()
        found = distinct.aggregate(", ".join(f"{sql} AS {name}" for name, sql in told.items())).fetchall()
        return dict(zip(told, found[0], strict=True))

    def first(self, column: str, condition: str) -> tuple[str, str]:
        """Return the first value of a column under a condition, and its line in a text file."""
        found = self.relation.filter(condition).project(f"CAST({quoted(column)} AS VARCHAR)")
        if self.files is not None:
            texts = {row[0] for row in found.distinct().limit(_SHOWN).fetchall()}
            placed = self.files.line_of(column, texts)
            if placed is not None:
                return placed
        return found.limit(1).fetchall()[0][0], ""
