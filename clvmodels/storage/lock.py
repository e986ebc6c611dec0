"""One run at a time in a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from os import scandir
from os.path import exists
from pathlib import Path

from clvmodels.errors import ArgumentError, ClvError
from clvmodels.interruption import CLEANUPS
from clvmodels.scratch import JOURNAL, STAGED, Held, sweep
from clvmodels.storage.journal import settle

_SWAP = 10.0  # seconds that another run may take to move its files in; they are renames
_TRIES = 20  # to make a folder that another run is just removing


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it isn't there; what a killed run left is finished or cleared first.

    Folders that were made and are empty at the end are removed again.

    Raises
    ------
    ArgumentError
        When another run holds it, or it can't be written.
    """
    made = [path for path in (folder, *folder.parents) if not exists(path)]  # the innermost first
    held: list[Held] = []

    def leave() -> None:
        while held:
            held.pop().release()
        for path in made:
            with suppress(OSError):  # it holds the new files, or was never made
                path.rmdir()

    CLEANUPS.add(leave, leave)
    try:
        held.append(_held(folder))
        settle(folder)
        sweep(folder, STAGED)
        for left in folder.glob(".part-*"):  # of versions before this one
            left.unlink(missing_ok=True)
        yield
    finally:
        leave()
        CLEANUPS.drop(leave)


def settled(folder: Path) -> Path:
    """Return the folder, after finishing what a killed run had begun to move in.

    Raises
    ------
    ArgumentError
        When that can't be done.
    """
    end = time.monotonic() + _SWAP
    while (folder / JOURNAL).exists():
        try:
            held = Held.of(folder)
            if held is not None:
                try:
                    settle(folder)
                finally:
                    held.release()
        except OSError as error:
            raise ArgumentError(
                f"A run was killed while it moved its files into {str(folder)!r}, and they can't be moved now "
                f"({error.strerror or error}); repeat this where the folder may be written."
            ) from error
        if held is None:
            if time.monotonic() > end:
                raise ArgumentError(f"Another run is writing to {str(folder)!r}; wait for its end.")
            time.sleep(0.01)
    return folder


def unchanged[T](folder: Path, read: Callable[[], T]) -> T:
    """Read files of a folder that belong together, again where another run has replaced them meanwhile."""
    for _ in range(_TRIES):
        before = _state(settled(folder))
        try:
            found = read()
        except ClvError:
            if _state(folder) == before:
                raise
            continue
        if not (folder / JOURNAL).exists() and _state(folder) == before:
            return found
    raise ArgumentError(f"Another run is writing to {str(folder)!r}; wait for its end.")


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """Return names, places and dates of the files of a folder, but not those of runs that aren't at their end."""
    try:
        with scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(STAGED)]
            return sorted((entry.name, entry.inode(), entry.stat().st_mtime_ns) for entry in shown)
    except OSError:  # it isn't there, or one has just gone
        return []


def _held(folder: Path) -> Held:
    try:
        for attempt in range(_TRIES):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                held = Held.of(folder)
            except FileNotFoundError:
                if attempt == _TRIES - 1:
                    raise
                continue  # removed by the run that made it
            if held is not None:
                return held
            break
    except OSError as error:
        raise ArgumentError(
            f"{str(folder)!r} can't be written to ({error.strerror or error}); give a folder that is open to writing."
        ) from error
    raise ArgumentError(f"Another run is writing to {str(folder)!r}; wait for its end, or give another folder.")
