"""What a job out of memory leaves in its folder, so that a stopped run needn't do it again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from clvmodels.cli.shocks import shock_content, shock_of
from clvmodels.errors import ArgumentError
from clvmodels.interruption import CLEANUPS, STATE
from clvmodels.records import Estimate, Shock
from clvmodels.storage.files import plain, write_json
from clvmodels.storage.folder import read_json
from clvmodels.storage.store import load, save

TABLE, LEARNED, SCORES = "table", "learned", "customers"
_ASKED, _SHOCK = "asked.json", "shock.json"
_WORK = ".clv-work-"
# What each folder holds, and the file without which it is somebody else's.
_CONTENTS = {
    TABLE: (re.compile(r"summary\.(parquet|json)|asked\.json"), "summary.json"),
    LEARNED: (re.compile(r"(buying|spending|shock|asked)\.json"), "buying.json"),
    SCORES: (re.compile(r"part-\d{5,}\.parquet|_score\.json"), "_score.json"),
}


@dataclass(frozen=True)
class Learned:
    """What scoring needs beside the customers."""

    buying: Estimate
    spending: Estimate | None
    shock: Shock | None


@dataclass(frozen=True)
class Kept:
    """What answers a question, in the study or in the work of a run that was stopped.

    Attributes
    ----------
    name : str
        Of its folder.
    out : Path
        The study, which stays as it is.
    work : Path
        Where it is made.
    asked : dict
        What JSON can hold; content that answers anything else counts for nothing.
    """

    name: str
    out: Path
    work: Path
    asked: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where it stands, or is to be made."""
        return self.out / self.name if self._answers(self.out) else self.work / self.name

    @property
    def is_there(self) -> bool:
        """Whether a run before this one has come to its end here."""
        return self._answers(self.out) or self._answers(self.work)

    def made_by(self, make: Callable[[Path], None]) -> None:
        """Make it anew among the work."""
        place = self.work / self.name
        rmtree(place, ignore_errors=True)
        place.mkdir()
        make(place)
        write_json(self.asked, place / _ASKED)
        STATE.written = False  # these are no files of the study yet

    def learned(self, learn: Callable[[], Learned]) -> Learned:
        """Return what was learned before, or learn it.

        Sums over many customers may differ in their last digits from run to run, and scores of another estimate are
        another answer: what was learned is learned once.
        """
        if not self.is_there:
            found = learn()
            self.made_by(lambda place: _keep(found, place))
        folder = self.folder
        told = read_json(folder / _SHOCK, made_by="clv run")["shock"]
        spending = load(folder / "spending.json") if (folder / "spending.json").exists() else None
        return Learned(load(folder / "buying.json"), spending, None if told is None else shock_of(told))

    def _answers(self, home: Path) -> bool:
        try:
            told = json.loads((home / self.name / _ASKED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(told == json.loads(json.dumps(plain(self.asked))))


@contextmanager
def work_in(out: Path, asked: dict[str, Any]) -> Iterator[Path]:
    """Give a folder for what a run makes on its way, the same for the same question.

    Where the run fails, the folder is gone. Where it is stopped or killed, the folder stays, and the same question goes
    on with it.
    """
    _check_room(out)
    digest = hashlib.sha256(json.dumps(plain(asked), sort_keys=True).encode()).hexdigest()
    work = out / f"{_WORK}{digest[:12]}"
    is_new = not work.exists()
    work.mkdir(exist_ok=True)

    def stopped() -> None:
        if (work / TABLE / _ASKED).exists():
            STATE.told = "stopped; the study is as it was, and the same command goes on where this one was."
        else:
            rmtree(work, ignore_errors=True)

    CLEANUPS.add(stopped, stopped)
    try:
        yield work
    except KeyboardInterrupt:
        stopped()
        raise
    except BaseException:
        if is_new and not STATE.stopping:
            rmtree(work, ignore_errors=True)
        raise
    finally:
        CLEANUPS.drop(stopped)
    rmtree(work, ignore_errors=True)


def kept_in(out: Path) -> list[str]:
    """Return what jobs out of memory have left in a folder, by name."""
    work = [path.name for path in out.glob(f"{_WORK}*")]
    return [*work, *(name for name in _CONTENTS if _is_ours(out / name) and (out / name / _CONTENTS[name][1]).exists())]


def _keep(found: Learned, place: Path) -> None:
    for role in ("buying", "spending"):
        estimate = getattr(found, role)
        if estimate is not None:
            save(estimate, place / f"{role}.json")
    write_json({"shock": None if found.shock is None else shock_content(found.shock)}, place / _SHOCK)


def _check_room(out: Path) -> None:
    """Raise where a folder of the study would replace somebody else's."""
    for name in _CONTENTS:
        path = out / name
        if path.exists() and not _is_ours(path):
            raise ArgumentError(
                f"{str(path)!r} holds what no clv run has written, and would be replaced; move it away, or give "
                f"another folder."
            )


def _is_ours(path: Path) -> bool:
    if not path.is_dir() or path.is_symlink():
        return False
    shown = [entry.name for entry in path.iterdir() if not entry.name.startswith((".clv-", ".part-"))]
    return all(_CONTENTS[path.name][0].fullmatch(name) for name in shown)
