"""Any kind of table in, lazy frames on DuckDB out: the only place that knows one engine from another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.arrow_streams import Stream, is_arrow, stream_of
from clvmodels.ingest.files import Files
from clvmodels.ingest.missing_columns import require
from clvmodels.ingest.pandas_frames import in_columns
from clvmodels.ingest.spark_frames import BackToSpark, is_spark
from clvmodels.interruption import INTERRUPTS
from clvmodels.scratch import spill_folder

EPOCH = pd.Timestamp("1970-01-01").date()  # day 0 of numpy's datetime64[D], so day numbers need no conversion
_KINDS = (
    "a pandas, polars or Spark frame, a pyarrow table, dataset or stream, a DuckDB relation, an ibis table, or a path, "
    "glob or list of paths of CSV, Parquet or Excel files"
)


class Workbench:
    """A private DuckDB database for one piece of work; it and its spill files are gone when the work is done.

    Nothing is written to a database that came in: its relation is only read, through a stream of Arrow batches.

    Parameters
    ----------
    memory : int, optional
        Bytes that the engine may take; it then gives up the order of rows, which costs memory to keep.
    folder : path, optional
        Where to spill what doesn't fit; the system's temporary folder when left out.
    threads : int, optional
        How many it may use; as many as there are processors when left out.
    """

    def __init__(
        self, *, memory: int | None = None, folder: str | Path | None = None, threads: int | None = None
    ) -> None:
        self._spill = spill_folder(folder)
        # What is missing in the engine is said, never fetched from a network.
        config: dict[str, str | bool | int] = {
            "temp_directory": str(self._spill.path),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            config["threads"] = threads
        if memory is not None:
            config |= {"memory_limit": f"{memory}B", "preserve_insertion_order": False}
        self._connection = duckdb.connect(config=config)  # type: ignore[arg-type] # it takes truth values too
        INTERRUPTS.add(self, self._connection.interrupt)
        # A library doesn't draw on the terminal. In a notebook without widgets the engine draws nothing and refuses.
        with suppress(duckdb.InvalidInputException):
            self._connection.execute("SET enable_progress_bar = false")
        self._names = count()
        self._files: list[Files] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        INTERRUPTS.drop(self)
        self._connection.close()
        self._spill.close()
        if isinstance(error, duckdb.Error):  # what the engine met only while it computed
            raise self._trouble(error) from error

    def _trouble(self, error: duckdb.Error) -> InputError:
        if isinstance(error, duckdb.OutOfMemoryException) or "No space left on device" in str(error):
            return InputError(_too_little(error))
        if re.search(r"utf-?8|unicode|encod", str(error), re.IGNORECASE):
            found = next(filter(None, (files.encoding_trouble() for files in self._files)), None)
            if found is not None:
                return found
        return InputError(_unreadable(error))

    def open(
        self, table: Any, what: str, required: Sequence[str] = (), optional: Sequence[str] = ()
    ) -> nw.LazyFrame[Any]:
        """Return any supported table as a lazy frame of the named columns, or of all if none is named.

        Parameters
        ----------
        table : table or path
            The table as it was handed in.
        what : str
            Its name in errors.
        required, optional : sequence of str
            The columns that must be there, and those that are taken where they are.

        Raises
        ------
        InputError
            When it can't be read, or a required column is missing.
        """
        return self.opened(table, what, required, optional)[0]

    def opened(
        self,
        table: Any,
        what: str,
        required: Sequence[str] = (),
        optional: Sequence[str] = (),
        *,
        encoding: str | None = None,
    ) -> tuple[nw.LazyFrame[Any], Files | None]:
        """Return the same, and its files where it has some; the columns of text files are text."""
        if isinstance(table, str | Path) or (isinstance(table, list | tuple) and bool(table)):
            paths = [table] if isinstance(table, str | Path) else list(table)
            for path in paths:
                if not isinstance(path, str | Path):
                    raise InputError(
                        f"The {what} is a list with {path!r} in it, which is no path; give paths, or {_KINDS}."
                    )
            files = Files.of(paths, what, encoding, str(self._spill.path))
            self._files.append(files)
            return nw.from_native(_read(lambda: files.opened(self._connection, required, optional), files)), files
        if encoding is not None:
            raise ArgumentError(f"encoding is {encoding!r}, but the {what} is no text file; leave it out.")
        stream = stream_of(table)
        if stream is not None:
            require(required, stream.names, what)
            wanted = [*required, *(name for name in optional if name in stream.names)] if required else stream.names
            return self._let_in(stream, list(dict.fromkeys(wanted))), None
        frame = _frame(in_columns(table, required, optional, what), what)
        names = frame.collect_schema().names()
        require(required, names, what)
        if required:
            frame = frame.select(*dict.fromkeys([*required, *(name for name in optional if name in names)]))
        if isinstance(frame, nw.LazyFrame) and is_foreign(table):
            return frame, None
        return self.put(_to_arrow(frame, what)), None

    def reopened(self, files: Files, required: Sequence[str], proven: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Return the columns of text files again, with types that were proven."""
        return nw.from_native(_read(lambda: files.opened(self._connection, required, proven=proven), files))

    def put(self, table: pa.Table | pa.RecordBatchReader) -> nw.LazyFrame[Any]:
        """Return an Arrow table as a lazy frame; a reader as one that can be computed once."""
        return nw.from_native(self._connection.from_arrow(table))

    def keep(self, frame: nw.LazyFrame[Any], *, foreign: bool = False) -> nw.LazyFrame[Any]:
        """Compute a frame once and keep it in this database, on disk where memory is short.

        ``foreign`` says that the frame is computed on somebody else's connection, which is then only read from.
        """
        relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
        if foreign:
            relation = self._connection.from_arrow(relation.to_arrow_reader())
        name = f"kept_{next(self._names)}"
        relation.create(name)
        return nw.from_native(self._connection.table(name))

    def _let_in(self, stream: Stream, names: list[str]) -> nw.LazyFrame[Any]:
        """Return some columns of a stream as a lazy frame, kept where it can't be read twice."""
        frame: nw.LazyFrame[Any] = nw.from_native(self._connection.from_arrow(stream.opened(names))).select(*names)
        return self.keep(frame) if stream.once else frame


def is_foreign(table: Any) -> bool:
    """Whether a table is computed on a connection that isn't ours."""
    return isinstance(table, duckdb.DuckDBPyRelation)


def day_number(frame: nw.LazyFrame[Any], time: str, tz: str | None, name: str) -> nw.LazyFrame[Any]:
    """Add the calendar day of a time column as a whole number, day 0 being 1970-01-01.

    The time zone is named in the expression, so the zone of the database session plays no part.
    """
    moment = ColumnExpression(time)
    local = moment if tz is None else FunctionExpression("timezone", ConstantExpression(tz), moment)
    days = FunctionExpression("date_diff", ConstantExpression("day"), ConstantExpression(EPOCH), local.cast("DATE"))
    relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
    return nw.from_native(
        relation.select(*(ColumnExpression(column) for column in relation.columns), days.cast("INTEGER").alias(name))
    )


def whole_period(frame: nw.LazyFrame[Any], start: int, days: float, months: int | None) -> nw.LazyFrame[Any]:
    """Add the whole period that ``day`` falls in, ``period``: by so many months of the calendar, or by days."""
    relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
    date = "CAST(DATE '1970-01-01' + {} AS DATE)"
    count = f"((year({date}) - 1970) * 12 + month({date}) - 1)"
    place = (
        f"CAST(floor((day - {start}) / {days!r}) AS BIGINT)"
        if months is None
        else f"({count.format('day', 'day')} // {months} - {count.format(start, start)} // {months})"
    )
    return nw.from_native(relation.project(f"*, {place} AS period"))


def aggregated(frame: nw.LazyFrame[Any], by: str, totals: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Group by a column, with aggregates in the engine's own words: what narwhals says by sorting, it says at once."""
    relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
    told = ", ".join(f'{total} AS "{name}"' for name, total in totals.items())
    return nw.from_native(relation.aggregate(f'"{by}", {told}', f'"{by}"'))


def share(frame: nw.LazyFrame[Any], k: int, n: int, *, by: str = "customer") -> nw.LazyFrame[Any]:
    """Return the rows of the customers whose ids fall into share k of n."""
    relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
    hashed = FunctionExpression("hash", ColumnExpression(by))
    return frame if n == 1 else nw.from_native(relation.filter(hashed % ConstantExpression(n) == ConstantExpression(k)))


def native_maker(table: Any) -> Callable[[pd.DataFrame], Any] | None:
    """Return what turns a pandas frame into the kind of table that ``table`` is; None where that is pandas itself."""
    if is_foreign(table):
        return _Beside(table)
    if is_spark(table):
        return BackToSpark(table)
    if isinstance(table, pa.Table) or is_arrow(table):
        return _to_pyarrow
    if nw.dependencies.is_polars_dataframe(table):
        return _to_polars
    return _to_polars_lazy if nw.dependencies.is_polars_lazyframe(table) else None


class _Beside:
    """Makes relations on the connection of the relation that came in, so that both can be joined."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation

    def __call__(self, frame: pd.DataFrame) -> duckdb.DuckDBPyRelation:
        summary = _to_pyarrow(frame)  # found by its name in the query
        made = self._relation.query("log", "SELECT * FROM summary")
        assert made is not None  # only statements that return no rows give None
        return made.set_alias(f"summary_{id(summary):x}")


def _to_pyarrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def _to_polars(frame: pd.DataFrame) -> Any:
    return nw.from_native(_to_pyarrow(frame), eager_only=True).to_polars()


def _to_polars_lazy(frame: pd.DataFrame) -> Any:
    return _to_polars(frame).lazy()


def _frame(table: Any, what: str) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(table)
    except TypeError:
        raise InputError(f"The {what} is of type {type(table).__name__}, which can't be read; give {_KINDS}.") from None
    except nw.exceptions.DuplicateError as error:
        found = " ".join(str(error).split())
        raise InputError(f"The {what} has two columns of one name ({found}); rename one of them.") from None
    return frame


def _to_arrow(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], what: str) -> pa.Table:
    try:
        return (frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error.args[-1] if error.args else error).split()).rstrip(".")
        raise InputError(
            f"A column of the {what} holds values of several types, or of one that no table engine knows ({reason}); "
            f"give it one type, e.g. with log['column'].astype(str)."
        ) from error


def _read(opened: Callable[[], duckdb.DuckDBPyRelation], files: Files) -> duckdb.DuckDBPyRelation:
    try:
        return opened()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"The {files.what} {files.names[0]!r} can't be read ({reason}); check that the file is whole."
        ) from error


def _unreadable(error: duckdb.Error) -> str:
    """Return one sentence from an engine's page."""
    lines = str(error).splitlines()
    found = re.search(r'column "(.+?)"\. (.+)', str(error))
    if found:
        row = re.search(r"on Line: (\d+)", lines[0])
        place = f" in line {row[1]}" if row else ""
        return (
            f"The column {found[1]!r} can't be read{place}: {found[2].rstrip('.')}. All its values must be of one "
            f"kind; correct that one, or leave its row out."
        )
    needed = "what hands out its batches can" if "Arrow source" in lines[0] else "the file is whole"
    return f"The log can't be read to its end ({lines[0].rstrip('.')}); check that {needed}."


def _too_little(error: duckdb.Error) -> str:
    reason = str(error).splitlines()[0].rstrip(".")
    return (
        f"The memory or the disk wasn't enough ({reason}); raise memory_limit, or give a temp_folder with more room. "
        f"Nothing was written."
    )
