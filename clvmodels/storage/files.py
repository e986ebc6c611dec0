"""Writing so that a file is whole or not there at all."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import isfinite
from os import PathLike, fspath, scandir, unlink
from os.path import isdir, realpath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError, check_kind
from clvmodels.scratch import STAGED, Scratch, sync, sync_names

type FilePath = str | PathLike[str]

_A_PATH = "give a text or a pathlib.Path"


def as_path(path: object) -> Path:
    """Return a path, or raise an ArgumentError where what was given is none."""
    text: str = path if isinstance(path, str) else fspath(check_kind("the path", path, PathLike, _A_PATH))
    return Path(text).expanduser()


_SIGNS = "=+\\-@＝＋－＠"  # a spreadsheet computes what begins with one, whichever width it has
_FORMULA = re.compile(rf"[\t\r\n]|[\s\"']*[{_SIGNS}]")
# Where a list is separated by another sign than a comma, a cell may begin within ours.
_AFTER_SEPARATOR = re.compile(rf"[;,|\t\r\n][\s\"']*(?=[{_SIGNS}])")


@contextmanager
def whole_file(path: FilePath) -> Iterator[Path]:
    """Give a place to write to beside the path, and move it there when all went well.

    Parameters
    ----------
    path : str or path
        Where the file shall stand; one that is there is replaced.

    Yields
    ------
    Path
        A file of the same name in a new folder beside it; what was written there is gone if anything fails.

    Raises
    ------
    ArgumentError
        When there is no such folder, the path is a folder, or the system refuses.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with whole_file(f"{folder}/a.txt") as place:
    ...         _ = place.write_text("all of it")
    ...     Path(folder, "a.txt").read_text()
    'all of it'
    """
    # A link is written through; unlike Path's, these calls never raise.
    target = Path(realpath(as_path(path)))
    if isdir(target):
        raise ArgumentError(f"{str(path)!r} is a folder; give the name of a file in it.")
    if not isdir(target.parent):
        raise ArgumentError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into; make it first.")
    try:
        with Scratch(target.parent, STAGED) as scratch:
            _sweep_older(target)
            place = scratch.path / target.name
            yield place
            sync(place)
            place.replace(target)
            sync_names(target.parent)
    except OSError as error:
        raise ArgumentError(
            f"{str(path)!r} can't be written ({error.strerror or error}); nothing was changed. Give a place that is "
            f"open to writing and has room."
        ) from error


def is_full(error: OSError) -> bool:
    """Return whether a disk, a quota or a file has no room for more."""
    full = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
    return error.errno in full or "No space left" in str(error)


def write_text(text: str, path: FilePath) -> Path:
    """Write a text as UTF-8.

    Parameters
    ----------
    text : str
        All of it; lines end in a line feed on every system.
    path : str or path
        The file.

    Returns
    -------
    Path

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_text("all of it", f"{folder}/a.txt").read_text()
    'all of it'
    """
    with whole_file(path) as place:
        place.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def write_json(content: Mapping[str, Any], path: FilePath) -> Path:
    """Write a mapping as JSON and return its path; NaN and infinities become null, which JSON has no number for.

    Parameters
    ----------
    content : mapping
        Texts, numbers (also of NumPy), dates, lists and mappings of them.
    path : str or path
        The file.

    Returns
    -------
    Path

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_json({"gini": float("nan"), "n": 3}, f"{folder}/study.json").read_text().split()
    ['{', '"gini":', 'null,', '"n":', '3', '}']
    """
    text = json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    return write_text(text + "\n", path)


def write_table(table: pd.DataFrame, path: FilePath, *, excel_safe: bool = False) -> Path:
    """Write a table as CSV or Parquet, by the suffix, with every digit of its numbers.

    Parameters
    ----------
    table : DataFrame
        The index is left out.
    path : str or path
        Ends in ``.csv`` or ``.parquet``.
    excel_safe : bool
        Put an apostrophe before texts and headers that a spreadsheet would run as a formula. The table then differs
        from the data, so leave it off for other programs.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        When the suffix is another one or the file can't be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = pd.DataFrame({"customer_id": ["=1+1"], "clv": [0.1]})
    ...     write_table(table, f"{folder}/a.csv", excel_safe=True).read_text().split()
    ['customer_id,clv', "'=1+1,0.1"]
    """
    suffix = as_path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise ArgumentError(
            f"{str(path)!r} ends in {suffix or 'no suffix'!r}, which says no format to write; end it in "
            f"{' or '.join(_WRITERS)}."
        )
    with whole_file(path) as place:
        _WRITERS[suffix](_guarded(table) if excel_safe else table, place)
    return Path(path)


def _to_csv(table: pd.DataFrame, place: Path) -> None:
    table.to_csv(place, index=False, encoding="utf-8", lineterminator="\n")


def _to_parquet(table: pd.DataFrame, place: Path) -> None:
    mixed = [
        str(name)
        for name, kind in table.dtypes.items()
        if kind == np.dtype(object) and pd.api.types.infer_dtype(table[name], skipna=True).startswith("mixed")
    ]
    if mixed:
        raise ArgumentError(
            f"Column {mixed[0]!r} holds texts and numbers at once, which a Parquet column can't; make them all texts, "
            f"or write a .csv."
        )
    table.to_parquet(place, index=False)


_WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {".csv": _to_csv, ".parquet": _to_parquet}


def _guarded(table: pd.DataFrame) -> pd.DataFrame:
    numeric = set(table.select_dtypes(["number", "bool", "datetime", "datetimetz", "timedelta"]).columns)
    safe = table.assign(
        **{name: table[name].astype(object).map(_guard) for name in table.columns if name not in numeric}
    )
    return safe.rename(columns=_guard)


def _guard(cell: Any) -> Any:
    """Put an apostrophe before each place of a text where a spreadsheet could begin a formula."""
    if not isinstance(cell, str):
        return cell
    inside = _AFTER_SEPARATOR.sub(r"\g<0>'", cell)
    return f"'{inside}" if _FORMULA.match(inside) else inside


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; NaN and infinities become None."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy
        inner = value.tolist()
        return (
            plain(inner) if isinstance(inner, (list, float)) else inner if isinstance(inner, (int, str)) else str(inner)
        )
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _sweep_older(target: Path) -> None:
    """Remove what killed runs of earlier versions have left beside a file."""
    left = re.compile(re.escape(f".{target.name}.") + "[0-9a-f]{8}")
    with suppress(OSError), scandir(target.parent) as entries:
        for path in [entry.path for entry in entries if left.fullmatch(entry.name)]:
            unlink(path)
