"""Customers in Parquet files on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from glob import glob
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clvmodels.errors import InputError
from clvmodels.ingest.broken_rows import check_customers
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.grouping import first_moments, grouped, spending, summed
from clvmodels.ingest.memory import engine_memory
from clvmodels.ingest.parquet import Piece, pieces
from clvmodels.records import AbstractCustomerTable, FirstPurchase, Note, Period, Spending, Summary
from clvmodels.records.first_purchase import FirstMoments

type FilePath = str | PathLike[str]


@dataclass(frozen=True, eq=False, repr=False)
class StoredTable(AbstractCustomerTable):
    """Customers in Parquet files; see `AbstractCustomerTable`.

    Attributes
    ----------
    paths : tuple of str
        The files.
    period, groups, observation_end, notes
        As for every table of customers.
    memory_limit : str, int or None
        What the process may take while it groups.
    temp_folder : str or None
        Where to spill what doesn't fit.
    """

    paths: tuple[str, ...]
    period: Period
    groups: Mapping[str, str]
    observation_end: np.datetime64 | None = None
    notes: tuple[Note, ...] = ()
    memory_limit: str | int | None = None
    temp_folder: str | None = None

    @classmethod
    def at(cls, path: FilePath | Sequence[FilePath], period: Period, groups: Mapping[str, str]) -> StoredTable:
        """Return the customers in a file, a folder of files, a glob or a list of these.

        Raises
        ------
        InputError
            When there is no file, or one isn't Parquet.
        """
        given = [path] if isinstance(path, str | PathLike) else list(path)
        paths = [str(found) for one in given for found in _files(one)]
        if not paths:
            raise InputError(f"There is no Parquet file at {str(given[0])!r}; check the path.")
        return cls(tuple(paths), period, groups)

    def check(self) -> None:
        """Raise an InputError where rows contradict themselves."""
        with self._frame() as frame:
            check_customers(frame)

    def __len__(self) -> int:
        return sum(piece.metadata.num_rows for piece in self._open)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return tuple(self._open[0].schema_arrow.names)

    def grouped(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> Summary:
        """Return the distinct histories, grouped by DuckDB."""
        with self._frame() as frame:
            return grouped(self, frame, statistics, groups, first)

    def spending(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> tuple[Summary, Spending | None]:
        """Return the distinct histories and what was spent, grouped by DuckDB."""
        with self._frame() as frame:
            return spending(self, frame, statistics, groups, first)

    def first_moments(self) -> FirstMoments | None:
        """Return how first purchases compare with later ones, by DuckDB."""
        with self._frame() as frame:
            return first_moments(self, frame)

    def sums(self, names: Sequence[str]) -> dict[str, float]:
        """Return the sums of some columns, by DuckDB."""
        with self._frame() as frame:
            return summed(frame, names)

    def pieces(self, rows: int) -> list[Piece]:
        """Cut the files into pieces of about so many rows, never within a row group."""
        found = (pieces(path, file, rows) for path, file in zip(self.paths, self._open, strict=True))
        return list(chain.from_iterable(found))

    def identity(self) -> list[dict[str, Any]]:
        """Return what tells these files from others: name, rows and bytes of each, and of each of its row groups."""
        return [
            {
                "file": Path(path).name,
                "bytes": Path(path).stat().st_size,
                "row_groups": [
                    [file.metadata.row_group(i).num_rows, file.metadata.row_group(i).total_byte_size]
                    for i in range(file.metadata.num_row_groups)
                ],
            }
            for path, file in zip(self.paths, self._open, strict=True)
        ]

    def to_native(self) -> list[str]:
        """Return the paths of the files."""
        return list(self.paths)

    @contextmanager
    def _frame(self) -> Iterator[nw.LazyFrame[Any]]:
        memory = engine_memory(self.memory_limit)
        with Workbench(memory=memory, folder=self.temp_folder) as bench:
            yield bench.open(list(self.paths), "table of customers")

    @cached_property
    def _open(self) -> list[pq.ParquetFile]:
        try:
            return [pq.ParquetFile(path) for path in self.paths]
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"The table of customers can't be read ({reason}); give whole Parquet files.") from error


def _files(path: FilePath) -> list[Path]:
    place = Path(path).expanduser()
    if place.is_dir():
        return sorted(found for found in place.glob("*.parquet") if not found.name.startswith((".", "_")))
    return [place] if place.exists() else sorted(Path(found) for found in glob(str(place)))
