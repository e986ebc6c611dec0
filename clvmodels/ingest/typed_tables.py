"""Tables whose texts have been read: the columns under their own names, each with its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import narwhals as nw

from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.files import Files
from clvmodels.ingest.text_rows import TableRows
from clvmodels.ingest.texts import DOUBT, Asked, Formats, Plan, Role, plan_of
from clvmodels.records import Note


def as_read(
    frame: nw.LazyFrame[Any], files: Files | None, roles: Mapping[str, Role], asked: Asked, *, thorough: bool = False
) -> tuple[nw.LazyFrame[Any], Plan]:
    """Return a frame with its columns read, with one of doubt where there can be any, and how it was read."""
    relation: duckdb.DuckDBPyRelation = nw.to_native(frame)
    file = files is not None and files.kind != "parquet"
    plan = plan_of(TableRows(relation, files), roles, asked, thorough=thorough, file=file)
    return nw.from_native(plan.applied(relation)), plan


def planned(frame: nw.LazyFrame[Any], plan: Plan, proven: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Return a frame some of whose columns have their types, with the others read by a plan that left no doubt."""
    return nw.from_native(plan.once_proven(proven).applied(nw.to_native(frame)))


def typed(
    bench: Workbench,
    table: Any,
    what: str,
    roles: Mapping[str, Role],
    *,
    optional: Mapping[str, Role] | None = None,
    asked: Asked | None = None,
    frames: bool = True,
) -> tuple[nw.LazyFrame[Any], tuple[Note, ...]]:
    """Open a table and read its columns, with no doubt left.

    Parameters
    ----------
    table : table or path
        The table as it was handed in.
    what : str
        Its name in errors.
    roles, optional : mapping of str to str
        What its columns are for: those that must be there, and those that are taken where they are.
    asked : LogSpec or alike
        Formats, as far as they were given.
    frames : bool
        Whether texts are read in frames too, and not only in files that know no other types.
    """
    said = asked or Formats()
    frame, files = bench.opened(table, what, list(roles), list(optional or {}), encoding=said.encoding)
    there = frame.collect_schema().names()
    if not frames and (files is None or files.kind == "parquet"):
        return frame, ()
    mine = {name: role for name, role in {**(optional or {}), **roles}.items() if name in there}
    read, plan = as_read(frame, files, mine, said, thorough=False)
    if DOUBT not in read.collect_schema().names():
        return read, plan.notes
    if read.select(nw.col(DOUBT).sum()).collect("pyarrow").item():
        read, plan = as_read(frame, files, mine, said, thorough=True)
        return read, plan.notes
    return read.drop(DOUBT), plan.notes
