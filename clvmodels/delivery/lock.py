"""One run at a time in a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from clvmodels.errors import ArgumentError

_NAME = ".clv-lock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it isn't there, and clear what a killed run has left half-written in it.

    The system gives the lock back when a process ends, however it ends.

    Raises
    ------
    ArgumentError
        When another run holds it, or it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / _NAME, "a")  # noqa: SIM115 - it's closed below, and held open until then
    except OSError as error:
        raise ArgumentError(
            f"{str(folder)!r} can't be written to ({error.strerror or error}); give a folder that is open to writing."
        ) from error
    try:
        if not _locked(file):
            raise ArgumentError(f"Another run is writing to {str(folder)!r}; wait for its end, or give another folder.")
        for left in folder.glob(".part-*"):
            left.unlink(missing_ok=True)
        yield
    finally:
        file.close()


def _locked(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - there only

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - not there

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
