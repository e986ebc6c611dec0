"""Folders of a run: locked while it lives, gone when it ends, and swept by a later run when it was killed."""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp
from typing import Self

from filelock import FileLock, Timeout

from clvmodels.errors import ArgumentError
from clvmodels.interruption import CLEANUPS

LOCK = ".clv-lock"
JOURNAL = ".clv-journal"  # says which folder is to be moved in; what it names is never swept
STAGED = ".clv-"
SPILLED = "clvmodels-"
_TRIES = 20  # to take a lock whose file another process is just removing

atexit.register(CLEANUPS.run)


class Held:
    """A lock on a folder. The system gives it back when the process ends, however it ends."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self._file, self._lock = folder / LOCK, lock

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Lock a folder; None where another run holds it.

        Raises
        ------
        OSError
            When the folder isn't there or can't be written.
        """
        place = folder / LOCK
        for _ in range(_TRIES):
            lock = FileLock(place, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if place.exists():
                    return None
            else:
                return cls(folder, lock)
        return None

    def release(self) -> None:
        """Give the lock back and remove its file."""
        # Removed while it is held: who opened it meanwhile sees that it has no name any more, and takes a new one.
        if sys.platform != "win32":
            self._file.unlink(missing_ok=True)
        self._lock.release(force=True)
        if sys.platform == "win32":
            with suppress(OSError):  # another process may hold it by now
                self._file.unlink(missing_ok=True)


class Scratch:
    """A new folder of this run, removed with all that is in it.

    Parameters
    ----------
    parent : Path or None
        Where to make it; the system's temporary folder when None.
    prefix : str
        How its name begins.

    Attributes
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        When it can't be made.
    """

    def __init__(self, parent: Path | None, prefix: str) -> None:
        home = Path(gettempdir()) if parent is None else parent
        sweep(home, prefix)
        self.path, self._held = _made(home, prefix)
        CLEANUPS.add(self, self._remove)

    def close(self) -> None:
        """Remove the folder."""
        self._remove()
        self._held.release()
        CLEANUPS.drop(self)

    def hand_over(self) -> None:
        """Leave the folder to a journal, which is written next: nobody removes it before what it holds is moved."""
        CLEANUPS.drop(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remove(self) -> None:
        rmtree(self.path, ignore_errors=True)


def spill_folder(parent: str | Path | None) -> Scratch:
    """Make a folder for what doesn't fit into memory.

    Raises
    ------
    ArgumentError
        When the parent isn't there or can't be written.
    """
    place = None if parent is None else Path(parent).expanduser()
    try:
        if place is not None and not place.is_dir():
            raise ArgumentError(f"The temp_folder {str(parent)!r} isn't a folder that is there; make it first.")
        return Scratch(place, SPILLED)
    except OSError as error:
        where = "The system's temporary folder" if parent is None else f"The temp_folder {str(parent)!r}"
        raise ArgumentError(
            f"{where} can't be written to ({error.strerror or error}); give a temp_folder that is open to writing and "
            f"has room."
        ) from error


def sweep(parent: Path, prefix: str) -> None:
    """Remove the folders of this prefix whose run was killed."""
    for path in _folders(parent, prefix):
        with suppress(OSError):
            if not (path / LOCK).exists():
                path.rmdir()  # killed between making and locking it; a folder that isn't ours isn't empty
                continue
            held = Held.of(path)
            if held is None:
                continue
            if not (parent / JOURNAL).exists():  # looked at under the lock: whoever wrote one is dead or done
                rmtree(path, ignore_errors=True)
            held.release()


def sync(path: Path) -> None:
    """Wait until a file, or a folder with all below it, is on the disk."""
    if path.is_dir():
        for inner in path.iterdir():
            sync(inner)
        if sys.platform == "win32":
            return  # a folder can't be synced there
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # some file systems can't, and have nothing to wait for
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _made(home: Path, prefix: str) -> tuple[Path, Held]:
    for _ in range(_TRIES):
        path = Path(mkdtemp(prefix=prefix, dir=home))
        try:
            held = Held.of(path)
        except OSError:
            if path.exists():
                path.rmdir()
                raise
            continue  # swept before it was locked
        if held is not None and (path / LOCK).exists():
            return path, held
        if held is not None:
            held.release()
    raise OSError(f"no folder could be made in {home}")


def _folders(parent: Path, prefix: str) -> Iterator[Path]:
    name = re.compile(re.escape(prefix) + r"[a-z0-9_]{8}")  # as mkdtemp makes them
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries if name.fullmatch(entry.name) and not entry.is_symlink()]
    except OSError:
        return
    yield from (path for path in found if path.is_dir())
