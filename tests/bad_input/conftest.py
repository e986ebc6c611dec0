"""A study that went well, to spoil, and an empty folder to work in."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import copytree

import pytest

from ..unit.cli.command_line import clv, spelt
from .shop import COLUMNS, LOG, write


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, which also takes what is meant to be temporary."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of which all steps are done."""
    folder = tmp_path_factory.mktemp("finished")
    log = write(LOG, folder / "log.csv")
    steps = [
        ("rfm", log, *spelt(COLUMNS), "--by", "channel", "--holdout", "10"),
        ("fit",),
        ("predict", "--horizon", "10"),
        ("value",),
    ]
    for step in steps:
        run = clv(*step, "--out", folder / "study")
        assert run.status == 0, run.err
    return folder / "study"


@pytest.fixture
def study(finished: Path, desk: Path) -> Path:
    """A copy of it on the desk."""
    return Path(copytree(finished, desk / "study"))
