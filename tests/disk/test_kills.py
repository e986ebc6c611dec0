"""Whole runs, killed at random or racing for a folder; `kill_runs.py` does it as often as one likes."""

import os
import sys

import pytest

from .kill_runs import kills, make_log, races

TIMES = int(os.environ.get("CLV_KILLS", "2"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there"),
]


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "tmp").mkdir()
    make_log(tmp_path / "log.csv")
    return tmp_path


@pytest.mark.parametrize("limit", [False, True], ids=["in memory", "with a limit"])
def test_a_killed_run_leaves_the_old_study_or_the_new(limit, desk):
    assert sum(kills(desk, TIMES, limit=limit).values()) >= TIMES


def test_of_two_runs_in_one_folder_one_is_told_to_wait(desk):
    assert sum(races(desk, TIMES, limit=False).values()) == TIMES
