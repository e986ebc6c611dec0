"""The command line without a new process, and what a folder held before and after."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from clvmodels.cli import main


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    status: int
    out: str
    err: str


def clv(*words: object) -> Run:
    """Run a command as the shell would."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["clv", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code)
    return Run(status, out.getvalue(), err.getvalue())


def spelt(options: dict[str, str]) -> list[str]:
    """Return options as the words of a command."""
    return [word for option in options.items() for word in option]


def sentence_of(err: str) -> str:
    """Return the one sentence that a refused command ends in."""
    *progress, last = err.splitlines()
    assert last.startswith("clv: ")
    assert not any(line.startswith("clv: ") for line in progress)
    assert "Traceback" not in err
    return last.removeprefix("clv: ")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return all that a folder holds: files with what is in them, folders without."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
