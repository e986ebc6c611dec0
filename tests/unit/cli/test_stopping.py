"""A command that is told to stop ends within a second, says so, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clvmodels.scratch import LOCK, SPILLED, Held, spill_folder

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
SOON = 2.0  # seconds: twice what is promised, for machines that do something else beside


def started(desk, *words, **more):
    (desk / "tmp").mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(desk / "tmp")}
    command = [sys.executable, "-m", "clvmodels", *map(str, words)]
    return subprocess.Popen(
        command,
        cwd=desk,
        env=environment,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
    )


def stopped(run, number):
    run.send_signal(number)
    begin = time.monotonic()
    _, err = run.communicate(timeout=60)
    assert time.monotonic() - begin < SOON
    assert run.returncode == 128 + number
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "clv: stopped; nothing was written."
    return err


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a log that takes seconds to read."""
    folder = tmp_path_factory.mktemp("desk")
    rng, n = np.random.default_rng(1), 1_500_000
    days = np.datetime64("2022-01-01") + rng.integers(0, 700, n)
    pd.DataFrame({"customer_id": rng.integers(0, 300_000, n), "date": days}).to_csv(folder / "log.csv", index=False)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("limit", [(), ("--memory-limit", "1GB")], ids=["in memory", "with a limit"])
def test_a_run_stops_while_the_engine_reads(limit, number, desk):
    run = started(desk, "run", "log.csv", "--customer", "customer_id", "--time", "date", *limit, "--out", "out")
    while "Reading the log" not in (told := os.read(run.stderr.fileno(), 100).decode()):
        assert told, "it ended"
    time.sleep(0.3)  # with two processors to itself all is read within a second
    stopped(run, number)
    assert not (desk / "out").exists()
    assert list((desk / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_stops_while_its_modules_load(number, tmp_path):
    run = started(tmp_path, "models")
    maps = Path(f"/proc/{run.pid}/maps")
    if not maps.exists():
        pytest.skip("nobody says here what a process has loaded")
    while "numpy" not in maps.read_text():  # it's among the first
        time.sleep(0.01)
    stopped(run, number)


def test_a_reader_who_leaves_is_no_fault(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    run = started(tmp_path, "models", stdout=writer)
    os.close(writer)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 141
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_output_that_has_no_room_ends_in_one_sentence(tmp_path):
    with open("/dev/full", "w") as full:
        run = started(tmp_path, "models", stdout=full)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 2
    assert err.startswith("clv: the system refuses to read or write: No space left on device")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [["--version"], ["--help"]])
def test_versions_and_help_come_at_once(words, tmp_path):
    code = (
        "import sys, time, runpy\n"
        f"sys.argv[1:] = {words!r}\n"
        "try:\n    runpy.run_module('clvmodels', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(time.process_time(), *{'numpy', 'pandas', 'pyarrow', 'duckdb'} & set(sys.modules))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    took, *loaded = done.stdout.splitlines()[-1].split()
    assert loaded == []
    assert float(took) < 0.6  # seconds of the processor; 0.3 where it does nothing else


def test_spill_folders_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path):
    living = spill_folder(tmp_path)
    (living.path / "spilled").write_text("mine")
    dead = tmp_path / f"{SPILLED}01234567"
    dead.mkdir()
    (dead / LOCK).write_text("")
    (dead / "spilled").write_text("left")
    foreign = tmp_path / f"{SPILLED}abcdefgh"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("somebody's")
    with spill_folder(tmp_path) as mine:
        assert {path.name for path in tmp_path.iterdir()} == {living.path.name, mine.path.name, foreign.name}
    living.close()
    assert [path.name for path in tmp_path.iterdir()] == [foreign.name]


def test_a_lock_is_given_back_and_leaves_no_file(tmp_path):
    held = Held.of(tmp_path)
    assert held is not None
    assert Held.of(tmp_path) is None
    held.release()
    assert list(tmp_path.iterdir()) == []
    again = Held.of(tmp_path)
    assert again is not None
    again.release()
