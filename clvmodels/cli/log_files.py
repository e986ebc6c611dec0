"""The files of a log, and whether they stay as they are while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clvmodels.ingest.files import named_by
from clvmodels.records import Note

CHANGED = "log_changed"


def identity(log: Any) -> list[list[Any]]:
    """Return names, sizes and dates of the files of a log; nothing where it is a table."""
    if not isinstance(log, str):
        return []
    found = []
    for name in named_by(log):
        try:
            state = Path(name).stat()
        except OSError:
            continue  # whoever reads it says what is wrong
        found.append([name, state.st_size, state.st_mtime_ns])
    return found


@contextmanager
def steady(log: Any) -> Iterator[list[Note]]:
    """Give a list, which afterwards holds a warning where the files of a log changed meanwhile."""
    notes: list[Note] = []
    before = identity(log)
    yield notes
    notes += changes_since(log, before)


def changes_since(log: Any, before: list[list[Any]]) -> list[Note]:
    """Return a warning where the files of a log aren't any more what they were."""
    after = identity(log)
    return [] if after == before else [_remark(before, after)]


def _remark(before: list[list[Any]], after: list[list[Any]]) -> Note:
    old, new = ({name: rest for name, *rest in files} for files in (before, after))
    name = next(name for name in (*old, *new) if old.get(name) != new.get(name))
    if name not in new:
        what = "is gone"
    elif name not in old:
        what = "came"
    elif new[name][0] != old[name][0]:
        what = f"went from {old[name][0]:,} to {new[name][0]:,} bytes"
    else:
        what = "was written again"
    text = (
        f"The log changed while it was read: {name!r} {what}, so the numbers may mix two states of it; run this again "
        f"when nothing writes to the log."
    )
    return Note(CHANGED, text, "warning")
