"""Tables that come batch by batch: Arrow datasets and streams, and queries of a warehouse."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Stream:
    """A table that needn't be in memory.

    Attributes
    ----------
    names : list of str
        Its columns.
    opened : callable
        From the columns that are wanted to what gives batches; others may be among them.
    once : bool
        Whether it's gone once it has been read.
    """

    names: list[str]
    opened: Callable[[Sequence[str]], Any]
    once: bool


def stream_of(table: Any) -> Stream | None:
    """Return a table as a stream; None where it's another kind of table."""
    if _is_query(table):
        return Stream(list(table.columns), lambda names: table.select(*names).to_pyarrow_batches(), once=True)
    if not is_arrow(table):
        return None
    if _is_dataset(table):
        return Stream(table.schema.names, lambda _: table, once=False)
    reader = table if isinstance(table, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(table)
    return Stream(reader.schema.names, lambda _: reader, once=True)


def is_arrow(table: Any) -> bool:
    """Whether a table is a dataset or a stream of Arrow, and no frame of a library that is known."""
    if isinstance(table, pa.RecordBatchReader) or _is_dataset(table):
        return True
    if _is_query(table) or not hasattr(table, "__arrow_c_stream__"):
        return False
    try:
        return nw.from_native(table, pass_through=True) is table
    except nw.exceptions.DuplicateError:
        return False


def _is_query(table: Any) -> bool:
    """Whether a table is a query of ibis, or speaks like one."""
    return hasattr(table, "to_pyarrow_batches") and hasattr(table, "select")


def _is_dataset(table: Any) -> bool:
    dataset = sys.modules.get("pyarrow.dataset")  # whoever holds one has loaded it
    return dataset is not None and isinstance(table, dataset.Dataset)
