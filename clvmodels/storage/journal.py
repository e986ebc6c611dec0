"""Many files change places as one: a journal says where each belongs before the first is moved.

Until the journal stands, a folder holds what it held. From then on the new files count: whoever opens the folder next,
after a kill at any moment, moves in what is still outside.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from clvmodels.errors import ArgumentError, InputError
from clvmodels.interruption import STATE
from clvmodels.scratch import JOURNAL, LOCK, Scratch, sync, sync_names

_OLD = ".old"  # in the staging folder: what stood there before
_FORMAT = "clvmodels.journal"
_STAGED = re.compile(r"\.clv-[a-z0-9_-]{8,32}")  # folders that only runs make


def commit(staged: Scratch, folder: Path, outdated: Collection[str] = (), along: Sequence[Path] = ()) -> None:
    """Make what lies in a staging folder, and what lies along it, the content of the folder it is in.

    Parameters
    ----------
    staged : Scratch
        In ``folder``; its files and folders are moved.
    folder : Path
        Held by this process.
    outdated : collection of str
        Names in it that go.
    along : sequence of Path
        More files or folders below ``folder`` that are moved into it.

    Raises
    ------
    ArgumentError
        When a file can't be moved; then all is as it was.
    """
    new = {path.name: path for path in sorted(staged.path.iterdir()) if path.name != LOCK}
    new |= {path.name: path for path in along}
    blocked = [name for name, path in new.items() if (folder / name).is_dir() and not path.is_dir()]
    if blocked:
        raise ArgumentError(
            f"{str(folder / blocked[0])!r} is a folder, where a file is to be written; move it away or give another "
            f"folder."
        )
    for path in new.values():
        sync(path)
    (staged.path / _OLD).mkdir()
    content = {
        "format": _FORMAT,
        "staged": staged.path.name,
        "new": {name: f"{path.parent.name}/{path.name}" for name, path in new.items()},
        "gone": [name for name in dict.fromkeys(outdated) if name not in new],
    }
    draft = staged.path / _OLD / JOURNAL
    draft.write_text(json.dumps(content), encoding="utf-8")
    sync(draft)
    sync_names(staged.path)
    staged.hand_over()
    draft.replace(folder / JOURNAL)
    sync_names(folder)
    _move_or_undo(content, folder)
    STATE.written = True


def settle(folder: Path) -> None:
    """Finish what a journal says, if there is one; the folder is held by this process.

    Raises
    ------
    ArgumentError
        When a file can't be moved.
    InputError
        When the journal isn't one.
    """
    try:
        content = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        content = None
    if not _is_journal(content):
        raise InputError(
            f"{str(folder / JOURNAL)!r} can't be read, so nobody can say which files of the folder belong together; "
            f"remove it, and make the study again."
        )
    _finish(content, folder)


def _finish(content: dict[str, Any], folder: Path) -> None:
    """Move all that is still to be moved, and forget the journal."""
    try:
        for move in _moves(content, folder):
            move()
    except OSError as error:
        raise ArgumentError(
            f"A run was killed while it moved its files into {str(folder)!r}, and they can't be moved now "
            f"({error.strerror or error}); close programs that have its files open, then repeat this."
        ) from error
    _forget(content, folder)


def _move_or_undo(content: dict[str, Any], folder: Path) -> None:
    """Move all, or move back what was moved where the system refuses one."""
    done: list[_Move] = []
    try:
        for move in _moves(content, folder):
            done.append(move)
            move()
    except OSError as error:
        for move in reversed(done):
            move.undo()
        _forget(content, folder)
        raise ArgumentError(
            f"{str(folder)!r} can't take the new files ({error.strerror or error}), so it was left as it was; close "
            f"programs that have its files open, or give another folder."
        ) from error
    except BaseException:  # told to stop: what is left takes no time
        _finish(content, folder)
        raise
    _forget(content, folder)


def _forget(content: dict[str, Any], folder: Path) -> None:
    sync_names(folder)
    (folder / JOURNAL).unlink(missing_ok=True)
    sync_names(folder)
    rmtree(folder / content["staged"], ignore_errors=True)


@dataclass(frozen=True)
class _Move:
    here: Path
    there: Path
    linked: bool = False  # then it has its second name already, and stays where it is until it's replaced

    def __call__(self) -> None:
        if not self.linked:
            self.here.replace(self.there)

    def undo(self) -> None:
        back = os.path.lexists(self.here)
        if back and (not self.linked or self.here.samefile(self.there)):
            return  # the one that failed was never moved
        if os.path.lexists(self.there):
            self.there.replace(self.here)


def _moves(content: dict[str, Any], folder: Path) -> Iterator[_Move]:
    """Give what is still to be moved where, in order, each looked at when its turn has come."""
    old = folder / content["staged"] / _OLD
    if not old.is_dir():  # somebody has removed it
        return
    for name, source in content["new"].items():
        here, there = folder / source, folder / name
        if not os.path.lexists(here):
            continue  # a run before this one has moved it
        if os.path.lexists(there):
            yield _Move(there, old / name, linked=_linked(there, old / name))
        yield _Move(here, there)
    for name in content["gone"]:
        if os.path.lexists(folder / name):
            yield _Move(folder / name, old / name)


def _linked(path: Path, copy: Path) -> bool:
    """Give a file a second name to come back by, so that it can be replaced without being away for a moment."""
    if path.is_dir() or path.is_symlink():
        return False
    try:
        copy.unlink(missing_ok=True)
        os.link(path, copy)
    except OSError:  # not all file systems can
        return False
    return True


def _is_journal(content: Any) -> bool:
    """Return whether a journal moves nothing but names of this folder; it may have come from anywhere."""
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return False
    staged, new, gone = content.get("staged"), content.get("new"), content.get("gone")
    if not isinstance(staged, str) or not _STAGED.fullmatch(staged):
        return False
    if not isinstance(new, dict) or not isinstance(gone, list):
        return False
    sources = [str(source).partition("/") for source in new.values()]
    if not all(_STAGED.fullmatch(first) and _is_name(rest) for first, _, rest in sources):
        return False
    return all(_is_name(name) for name in (*new, *gone))


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and text not in ("", ".", "..") and not {"/", "\\", "\0"} & set(text)
