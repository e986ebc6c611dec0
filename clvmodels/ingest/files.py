"""Files of a table: which they are, what kind, and how their columns are found by name."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.encodings import as_utf8, encoding_in, foreign, is_utf8
from clvmodels.ingest.heads import Head, head_of
from clvmodels.ingest.missing_columns import require
from clvmodels.ingest.spreadsheets import sheet_of

_READERS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"} | dict.fromkeys(
    (".xlsx", ".xlsm", ".xls", ".ods"), "sheet"
)


@dataclass(eq=False)
class Files:
    """The files of one table, in a workbench.

    Attributes
    ----------
    names : list of str
        As they were found.
    what : str
        What the table is called in sentences.
    kind : str
        "csv", "parquet" or "sheet".
    encoding : str or None
        Of text files.
    folder : str
        Where copies in UTF-8 go.
    heads : dict
        How columns stand in each text file, by its name.
    """

    names: list[str]
    what: str
    kind: str
    encoding: str | None
    folder: str
    heads: dict[str, Head] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: str | Path | Sequence[str | Path], what: str, encoding: str | None, folder: str) -> Files:
        """Find the files of a path, glob or list of these.

        Raises
        ------
        InputError
            When there is none, or they can't be read by their endings.
        """
        given = [str(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        names = [found for name in given for found in _expanded(name, what)]
        kinds = {_READERS.get(_suffix(name)) for name in names}
        if len(kinds) > 1 or None in kinds:
            odd = next((name for name in names if _READERS.get(_suffix(name)) is None), names[0])
            raise InputError(
                f"The {what} {odd!r} is not read by its ending; give files that all end in .csv (or .csv.gz), all "
                f"in .parquet or all in .xlsx, a folder as 'folder/*.parquet'."
            )
        kind = str(kinds.pop())
        if encoding is not None and kind != "csv":
            raise ArgumentError(
                f"encoding is {encoding!r}, but {names[0]!r} is no text file and knows its own; leave it out."
            )
        return cls(names, what, kind, encoding, folder)

    def opened(
        self, connection: duckdb.DuckDBPyConnection, required: Sequence[str], optional: Sequence[str] = ()
    ) -> duckdb.DuckDBPyRelation:
        """Return the columns that are wanted, or all where none is named; those of text files are text."""
        if self.kind == "csv":
            return self._text(connection, required, optional)
        if self.kind == "sheet":
            tables = [sheet_of(name, required, optional, self.called(name)) for name in self.names]
            return connection.from_arrow(pa.concat_tables(tables, promote_options="permissive"))
        return self._parquet(connection, required, optional)

    def called(self, name: str) -> str:
        """Return what a file is called in sentences: by its name, where there are several."""
        return self.what if len(self.names) == 1 else f"{self.what} {name!r}"

    def line_of(self, column: str, texts: Collection[str]) -> tuple[str, str] | None:
        """Return the first of some texts in a column, and where it is: the line in a text file."""
        if self.kind != "csv":
            return None
        for name in self.names:
            head = self.heads[name]
            place = head.names.index(column)
            with open(self._copy(name), encoding="utf-8", errors="replace", newline="") as file:
                for _ in range(head.skip):
                    next(file, None)
                rows = csv.reader(file, delimiter=head.separator, quotechar=head.quote)
                for cells in rows:
                    if len(cells) > place and cells[place] in texts:
                        where = f" in line {rows.line_num + head.skip}"
                        return cells[place], where if len(self.names) == 1 else f"{where} of {name!r}"
        return None

    def encoding_trouble(self) -> InputError | None:
        """Return the error for the first file that turns out to be no UTF-8, None where all are."""
        if self.kind == "csv" and is_utf8(self.encoding):
            for name in self.names:
                if (found := encoding_in(name)) != "utf-8":
                    return foreign(name, found)
        return None

    def _text(
        self, connection: duckdb.DuckDBPyConnection, required: Sequence[str], optional: Sequence[str]
    ) -> duckdb.DuckDBPyRelation:
        self.heads = {name: head_of(name, required, self.called(name), self.encoding) for name in self.names}
        shared = [name for name in optional if any(name in head.names for head in self.heads.values())]
        first = self.heads[self.names[0]]
        wanted = list(dict.fromkeys([*required, *shared])) or list(dict.fromkeys(filter(None, first.names)))
        alike: dict[Head, list[str]] = {}
        for name, head in self.heads.items():
            require(wanted, head.names, self.called(name))
            alike.setdefault(head, []).append(name)
        parts = [self._read_csv(head, names, wanted) for head, names in alike.items()]
        return connection.sql(" UNION ALL ".join(parts))

    def _read_csv(self, head: Head, names: Sequence[str], wanted: Sequence[str]) -> str:
        places = ", ".join(_literal(_escaped(self._copy(name))) for name in names)
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(head.names)))
        chosen = ", ".join(f"c{head.names.index(name)} AS {quoted(name)}" for name in wanted)
        return (
            f"SELECT {chosen} FROM read_csv([{places}], auto_detect=false, header=false, skip={head.skip}, "
            f"columns={{{columns}}}, delim={_literal(head.separator)}, quote={_literal(head.quote)}, "
            f"escape={_literal(head.quote)})"
        )

    def _copy(self, name: str) -> str:
        """Return where a text file stands in UTF-8: itself, or a copy."""
        if is_utf8(self.encoding):
            return name
        place = Path(self.folder) / f"utf8-{self.names.index(name)}.csv"
        if not place.exists():
            as_utf8(name, str(self.encoding), place)
        return str(place)

    def _parquet(
        self, connection: duckdb.DuckDBPyConnection, required: Sequence[str], optional: Sequence[str]
    ) -> duckdb.DuckDBPyRelation:
        schemas = {name: _schema(name, self.what) for name in self.names}
        for name, schema in schemas.items():
            present = [*schema.names, *re.findall(r"([^/\\=]+)=[^/\\]*[/\\]", name)]  # folders may be columns
            require(required, present, self.called(name))
            twice = next((column for column in required if schema.names.count(column) > 1), None)
            if twice is not None:
                raise InputError(
                    f"The {self.what} {name!r} has two columns of one name ({twice!r}); rename one of them."
                )
        alike = len({schema.remove_metadata() for schema in schemas.values()}) == 1
        places = ", ".join(_literal(_escaped(name)) for name in self.names)
        shared = [name for name in optional if any(name in schema.names for schema in schemas.values())]
        wanted = list(dict.fromkeys([*required, *shared])) if required else []
        chosen = ", ".join(map(quoted, wanted)) or "*"
        if not alike:
            _same_kinds(schemas, wanted)
        union = "false" if alike else "true"
        return connection.sql(f"SELECT {chosen} FROM read_parquet([{places}], union_by_name={union})")


def quoted(name: str) -> str:
    """Return a column's name as the engine reads it."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(path: str) -> str:
    """Return a path in which the engine sees no glob."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _suffix(name: str) -> str:
    return Path(name.removesuffix(".gz").removesuffix(".zst")).suffix.lower()


def named_by(path: str) -> list[str]:
    """Return the files that a path or glob means, sorted; a path that is there is no glob."""
    return [path] if Path(path).exists() or not has_magic(path) else sorted(glob(path, recursive=True))


def _expanded(name: str, what: str) -> list[str]:
    """Return the files that a path or glob means; a path that is there is no glob, hidden files are never meant."""
    if "://" in name:
        raise InputError(
            f"The {what} {name!r} lies on a network, which isn't read from here; copy the files to this machine, or "
            f"give a pyarrow dataset of them."
        )
    if "\0" in name or not name:
        raise InputError(f"The {what} can't be read, because {name!r} is no path.")
    found = named_by(name)
    if not found or not Path(found[0]).exists():
        raise InputError(f"The {what} can't be read, because there is no file {name!r}; check the path.")
    for one in found:
        if Path(one).is_dir():
            raise InputError(f"The {what} {one!r} is a folder; give its files, such as '{one.rstrip('/')}/*.parquet'.")
        if not Path(one).is_file():
            raise InputError(
                f"The {what} {one!r} is a pipe or a device, and a log is read more than once; write it to a file first."
            )
    return found


def _schema(name: str, what: str) -> pa.Schema:
    try:
        return pq.read_schema(name)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"The {what} {name!r} can't be read ({reason}); check that the file is whole.") from error


def _same_kinds(schemas: Mapping[str, pa.Schema], required: Sequence[str]) -> None:
    """Refuse files in which a column is text here and something else there: what is equal would be open."""
    for column in required:
        kinds = {name: _kind(schema.field(column).type) for name, schema in schemas.items() if column in schema.names}
        if not kinds:
            continue
        first = next(iter(kinds))
        for name, kind in kinds.items():
            if kind != kinds[first] and "nothing" not in (kind, kinds[first]):
                raise InputError(
                    f"The column {column!r} holds {kinds[first]} in {first!r} and {kind} in {name!r}, so it's open "
                    f"what equals what; write both in one type."
                )


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return "nothing"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        return "dates"
    return str(kind)
