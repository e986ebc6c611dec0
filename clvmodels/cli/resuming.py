"""What a job out of memory leaves in its folder, so that a stopped run needn't do it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from clvmodels.cli.shocks import shock_content, shock_of
from clvmodels.delivery import load, save, write_json
from clvmodels.records import Estimate, Shock

_ASKED, _SHOCK = "asked.json", "shock.json"


@dataclass(frozen=True)
class Learned:
    """What scoring needs beside the customers."""

    buying: Estimate
    spending: Estimate | None
    shock: Shock | None


@dataclass(frozen=True)
class Kept:
    """A folder, and the question that its content answers.

    Attributes
    ----------
    folder : Path
        Made where it isn't there.
    asked : dict
        What JSON can hold; content that answers anything else counts for nothing.
    """

    folder: Path
    asked: dict[str, Any]

    @property
    def is_there(self) -> bool:
        """Whether a run before this one has come to its end here."""
        try:
            told = json.loads((self.folder / _ASKED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(told == json.loads(json.dumps(self.asked)))

    def done(self) -> None:
        """Say that the content is whole."""
        write_json(self.asked, self.folder / _ASKED)

    def learned(self, learn: Callable[[], Learned]) -> Learned:
        """Return what was learned before, or learn it.

        Sums over many customers may differ in their last digits from run to run, and scores of another estimate are
        another answer: what was learned is learned once.
        """
        places = {role: self.folder / f"{role}.json" for role in ("buying", "spending")}
        if not self.is_there:
            found = learn()
            self.folder.mkdir(parents=True, exist_ok=True)
            for role, place in places.items():
                estimate = getattr(found, role)
                if estimate is None:
                    place.unlink(missing_ok=True)
                else:
                    save(estimate, place)
            shock = None if found.shock is None else shock_content(found.shock)
            write_json({"shock": shock}, self.folder / _SHOCK)
            self.done()
        told = json.loads((self.folder / _SHOCK).read_text(encoding="utf-8"))["shock"]
        spending = load(places["spending"]) if places["spending"].exists() else None
        return Learned(load(places["buying"]), spending, None if told is None else shock_of(told))


def identity(log: str) -> list[list[Any]]:
    """Return names, sizes and dates of the files of a log."""
    files = sorted(glob(log)) or [log]
    return [[name, Path(name).stat().st_size, Path(name).stat().st_mtime_ns] for name in files if Path(name).exists()]
