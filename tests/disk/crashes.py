"""A process that dies at a chosen moment, played within this one.

From the k-th look at the disk on, every attempt to change it fails: what a killed process would have left stands there,
and no clean-up can touch it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from filelock import FileLock

from clvmodels import interruption, scratch

_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}


class Crash(BaseException):
    """The moment of death."""


class _Injector:
    def __init__(self) -> None:
        self.on, self.seen, self.at, self.below = False, 0, 0, ""
        self.installed = False

    def __call__(self, event: str, args: tuple) -> None:
        if not self.on or not self._changes(event, args):
            return
        self.seen += 1
        if self.seen >= self.at > 0:
            raise Crash

    def _changes(self, event: str, args: tuple) -> bool:
        if event == "open":
            path, mode, flags = args
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or any(c in str(mode) for c in "wxa+")
            return bool(writes) and self.below in str(path)
        return event in _CHANGES and any(self.below in str(arg) for arg in args)


def _remembered(*args: object, **more: object) -> FileLock:
    lock = FileLock(*args, **more)
    _LOCKS.append(lock)
    return lock


_INJECTOR = _Injector()
_LOCKS: list[FileLock] = []


@contextmanager
def crash_at(k: int, below: object) -> Iterator[_Injector]:
    """Die at the k-th change below a folder; 0 only counts them.

    The caller sees whether it came so far: ``seen >= k``.
    """
    if not _INJECTOR.installed:  # such a hook stays for good, so it is one
        sys.addaudithook(_INJECTOR)
        _INJECTOR.installed = True
    _INJECTOR.on, _INJECTOR.seen, _INJECTOR.at, _INJECTOR.below = True, 0, k, str(below)
    try:
        with suppress(Crash), pytest.MonkeyPatch.context() as patch:
            patch.setattr(scratch, "FileLock", _remembered)
            patch.setattr(os, "fsync", lambda _: None)  # nothing here outlives the machine, and it takes its time
            yield _INJECTOR
    finally:
        _INJECTOR.on = False
        interruption.CLEANUPS._functions.clear()
        for lock in _LOCKS:
            lock.release(force=True)  # as the system does it
        _LOCKS.clear()


def died(k: int, below: object, act) -> bool:
    """Do something that dies at the k-th change; return whether it died."""
    with crash_at(k, below) as injector:
        act()
    return injector.seen >= k
