"""Tables of customers as Parquet files: written part by part, read row group by row group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import InputError

_ROW_GROUP = 250_000  # rows: of 15 columns they take 30 MB
_ID = "customer_id"
# Columns whose values repeat take a fraction of the space as codes; to try codes on the others costs time.
_REPEATED = {"frequency", "recency", "T", "first_purchase", "recent_purchases", "holdout_frequency"}


@dataclass(frozen=True, eq=False, slots=True)
class Coded:
    """A column of few values: ``levels[codes]``, and written as these.

    Attributes
    ----------
    codes : array of int32, shape (row,)
        Which level each row has.
    levels : array, shape (level,)
        The values; the same array for all rows of a table.
    """

    codes: NDArray[np.int32]
    levels: FloatArray


type Rule = Callable[[Mapping[str, AnyArray]], Mapping[str, FloatArray]]
type CodedRule = Callable[[Mapping[str, AnyArray]], Mapping[str, FloatArray | Coded]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some row groups of a file: what is read, and scored, at once.

    Attributes
    ----------
    path : str
        The file.
    row_groups : tuple of int
        Which of its row groups.
    n_rows : int
        How many rows they have.
    """

    path: str
    row_groups: tuple[int, ...]
    n_rows: int

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Give the rows, so many at a time.

        Raises
        ------
        InputError
            When a row group is broken.
        """
        try:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(rows, list(self.row_groups), columns=list(columns), use_threads=False)
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"The customers in {self.path!r} can't be read to their end ({reason}); the file is broken within its "
                f"row groups {self.row_groups[0]} to {self.row_groups[-1]}. Make it again; parts that are done stay."
            ) from error

    def write(self, rule: CodedRule, columns: Sequence[str], rows: int, place: Path) -> None:
        """Apply a rule to the rows, so many at a time, and write the ids with what it gives.

        Parameters
        ----------
        rule : callable
            From columns to columns.
        columns : sequence of str
            What it takes.
        rows : int
            How many customers at a time.
        place : Path
            The file to write.
        """
        with pq.ParquetFile(self.path) as file:
            ids = [_ID] if _ID in file.schema_arrow.names else []
        told: list[pa.ChunkedArray | pa.Array] = []
        found: list[Mapping[str, FloatArray | Coded]] = []
        for batch in self.batches([*ids, *columns], rows):
            told.extend(batch.column(name) for name in ids)
            found.append(rule({name: batch.column(name).to_numpy(zero_copy_only=False) for name in columns}))
        table = {name: pa.chunked_array(told) for name in ids}
        table |= {name: _joined([part[name] for part in found]) for name in found[0]}
        coded = [name for name, values in found[0].items() if isinstance(values, Coded)]
        fields = [pa.field(name, values.type, nullable=name in ids) for name, values in table.items()]
        made = pa.table(table, schema=pa.schema(fields))
        # All rows make one group, so that levels are written once; readers get plain numbers.
        pq.write_table(
            made, place, row_group_size=self.n_rows, use_dictionary=coded, store_schema=False, write_page_checksum=True
        )


def _joined(parts: list[FloatArray | Coded]) -> pa.Array:
    """Return the rows of a column."""
    if isinstance(parts[0], Coded):
        codes = np.concatenate([part.codes for part in parts if isinstance(part, Coded)])
        return pa.DictionaryArray.from_arrays(codes, parts[0].levels, safe=False)
    return pa.array(np.concatenate([part for part in parts if not isinstance(part, Coded)]))


def applied(rule: Rule, batch: pa.RecordBatch, columns: Sequence[str], schema: pa.Schema) -> pa.RecordBatch:
    """Return what a rule gives for the rows of a batch, beside the columns that it leaves as they are."""
    found = rule({name: batch.column(name).to_numpy(zero_copy_only=False) for name in columns})
    values = [pa.array(found[name]) if name in found else batch.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(values, schema=schema)


def pieces(path: str, file: pq.ParquetFile, rows: int) -> Iterator[Piece]:
    """Cut a file into pieces of about so many rows, never within a row group."""
    mine: list[int] = []
    held = 0
    for i in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(i).num_rows
        if mine and held + size > rows:
            yield Piece(path, tuple(mine), held)
            mine, held = [], 0
        mine.append(i)
        held += size
    if held:
        yield Piece(path, tuple(mine), held)


def write_tables(tables: Iterator[pa.Table], place: Path) -> None:
    """Write tables of one schema below each other."""
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(place, table.schema, use_dictionary=_repeated(table.schema))
            writer.write_table(table, row_group_size=_ROW_GROUP)
    finally:
        if writer is not None:
            writer.close()


def holds(path: Path, n_rows: int) -> bool:
    """Return whether a file has so many rows and every page of it is what was written; all of it is read."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if file.metadata.num_rows != n_rows:
                return False
            for batch in file.iter_batches(_ROW_GROUP):
                del batch  # to be read is all that is asked
    except (OSError, pa.ArrowException, ValueError):
        return False
    return True


def rows_of(path: Path) -> int:
    """Return how many rows a file says that it has."""
    return int(pq.read_metadata(path).num_rows)


def _repeated(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if field.name in _REPEATED or pa.types.is_string(field.type)]
