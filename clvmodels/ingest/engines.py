"""Any kind of table in, lazy frames on DuckDB out: the only place that knows one engine from another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from glob import glob
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from clvmodels.errors import InputError
from clvmodels.ingest.arrow_streams import Stream, is_arrow, stream_of
from clvmodels.ingest.spark_frames import BackToSpark, is_spark

EPOCH = pd.Timestamp("1970-01-01").date()  # day 0 of numpy's datetime64[D], so day numbers need no conversion
_READERS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}
_KINDS = (
    "a pandas, polars or Spark frame, a pyarrow table, dataset or stream, a DuckDB relation, an ibis table, or a path, "
    "glob or list of paths of CSV or Parquet files"
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
        self._spill = TemporaryDirectory(prefix="clvmodels-", dir=folder)
        config: dict[str, str | bool | int] = {"temp_directory": self._spill.name}
        if threads is not None:
            config["threads"] = threads
        if memory is not None:
            config |= {"memory_limit": f"{memory}B", "preserve_insertion_order": False}
        self._connection = duckdb.connect(config=config)  # type: ignore[arg-type] # it takes truth values too
        # A library doesn't draw on the terminal. In a notebook without widgets the engine draws nothing and refuses.
        with suppress(duckdb.InvalidInputException):
            self._connection.execute("SET enable_progress_bar = false")
        self._names = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()
        if isinstance(error, duckdb.OutOfMemoryException):
            raise InputError(_too_little(error)) from error
        if isinstance(error, duckdb.Error):  # what the engine met only while it computed
            raise InputError(_unreadable(error)) from error

    def open(
        self, table: Any, what: str, required: Sequence[str] = (), optional: Sequence[str] = ()
    ) -> nw.LazyFrame[Any]:
        """Return any supported table as a lazy frame of the named columns, or of all if none is named.

        Parameters
        ----------
        table : table or path
            What came in.
        what : str
            Its name in errors.
        required, optional : sequence of str
            The columns that must be there, and those that are taken where they are.

        Raises
        ------
        InputError
            When it can't be read, or a required column is missing.
        """
        is_path = isinstance(table, str | Path) or (isinstance(table, list | tuple) and bool(table))
        stream = stream_of(table)
        if stream is not None:
            _require(required, stream.names, what)
            wanted = [*required, *(name for name in optional if name in stream.names)] if required else stream.names
            return self._let_in(stream, list(dict.fromkeys(wanted)))
        frame = _frame(self._open_files(table, what) if is_path else table, what)
        names = frame.collect_schema().names()
        _require(required, names, what)
        if required:
            frame = frame.select(*dict.fromkeys([*required, *(name for name in optional if name in names)]))
        if isinstance(frame, nw.LazyFrame) and (is_path or is_foreign(table)):
            return frame
        return self.put(_to_arrow(frame, what))

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

    def _open_files(self, paths: str | Path | Sequence[str | Path], what: str) -> duckdb.DuckDBPyRelation:
        names: Any = [str(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        missing = [name for name in names if "://" not in name and not glob(name) and not Path(name).exists()]
        if missing:
            raise InputError(f"The {what} can't be read, because there is no file {missing[0]!r}; check the path.")
        kinds = {_READERS.get(_suffix(name)) for name in names}
        if kinds == {"csv"}:
            return _read(lambda: self._connection.read_csv(names), names, what)
        if kinds == {"parquet"}:
            return _read(lambda: self._connection.read_parquet(names), names, what)
        raise InputError(
            f"The {what} {names[0]!r} is not read by its ending; give files that all end in .csv (or .csv.gz) or all "
            f"in .parquet, a folder as 'folder/*.parquet'."
        )


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


def _require(wanted: Sequence[str], present: Sequence[str], what: str) -> None:
    for name in wanted:
        if name not in present:
            close = get_close_matches(name, present, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise InputError(f"The {what} has no column {name!r}.{hint} It has: {', '.join(present)}.")


def _to_arrow(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], what: str) -> pa.Table:
    try:
        return (frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"A column of the {what} holds values of several types ({error.args[-1]}); give it one type, e.g. with "
            f"log['column'].astype(str)."
        ) from error


def _read(opened: Callable[[], duckdb.DuckDBPyRelation], names: list[str], what: str) -> duckdb.DuckDBPyRelation:
    try:
        return opened()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"The {what} {names[0]!r} can't be read ({reason}); check that the file is whole.") from error


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


def _suffix(name: str) -> str:
    return Path(name.removesuffix(".gz").removesuffix(".zst")).suffix.lower()
