"""Spreadsheets, read by python-calamine where it's installed (the extra ``excel``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from clvmodels.errors import InputError
from clvmodels.ingest.missing_columns import no_column

_TITLES = 50  # rows that may stand above the header


def sheet_of(path: str, required: Sequence[str], optional: Sequence[str], what: str) -> pa.Table:
    """Return the columns that are wanted of the one sheet that has them.

    Raises
    ------
    InputError
        When python-calamine isn't installed, the file can't be read, or no sheet or several have the columns.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - an extra
    except ImportError:
        raise InputError(
            f"The {what} {path!r} is a spreadsheet; install the extra that reads it, pip install 'clvmodels[excel]', "
            f"or save it as CSV."
        ) from None
    try:
        book = CalamineWorkbook.from_path(path)
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The {what} {path!r} can't be read ({reason}); check that the file is whole.") from error
    found = {name: place for name, rows in sheets.items() if (place := _header(rows, required)) is not None}
    if len(found) > 1:
        raise InputError(
            f"The {what} {path!r} has the columns in several sheets ({', '.join(found)}), so it's open which is meant; "
            f"save the one as a file of its own."
        )
    if not found:
        rows = next(iter(sheets.values()), [])
        names = [str(cell) for cell in (rows[0] if rows else [])]
        missing = next((name for name in required if name not in names), "")
        raise no_column(missing, names, what)
    (sheet, place), *_ = found.items()
    return _table(sheets[sheet], place, required, optional, what)


def _header(rows: list[list[Any]], required: Sequence[str]) -> int | None:
    for place, cells in enumerate(rows[:_TITLES]):
        names = [str(cell).strip() for cell in cells]
        if any(names) and all(name in names for name in required):
            return place
    return None


def _table(rows: list[list[Any]], place: int, required: Sequence[str], optional: Sequence[str], what: str) -> pa.Table:
    names = [str(cell).strip() for cell in rows[place]]
    wanted = [*required, *(name for name in optional if name in names)] or [name for name in names if name]
    for name in wanted:
        if names.count(name) > 1:
            raise InputError(f"The {what} has two columns of one name ({name!r}); rename one of them.")
    filled = [row for row in rows[place + 1 :] if any(cell not in ("", None) for cell in row)]
    return pa.table({name: _column([row[names.index(name)] for row in filled]) for name in dict.fromkeys(wanted)})


def _column(cells: list[Any]) -> pa.Array:
    """Return the cells of a column as dates where all are, as text elsewhere: a number is its shortest text."""
    known = [cell for cell in cells if cell not in ("", None)]
    if known and all(isinstance(cell, date) for cell in known):
        moments = [None if cell in ("", None) else _moment(cell) for cell in cells]
        return pa.array(moments, pa.timestamp("us"))
    return pa.array([None if cell in ("", None) else _text(cell) for cell in cells], pa.string())


def _moment(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
