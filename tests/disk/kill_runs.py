"""Kill `clv run` at random moments, or let two race, and look at what is left.

    python tests/disk/kill_runs.py kills --times 200 [--limit]
    python tests/disk/kill_runs.py races --times 150 [--limit]

Two studies of one log, which look 10 and 20 weeks ahead, replace each other in a folder. Whatever happens, the folder
must hold one of them, whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from shutil import rmtree

import clvmodels as clv
from clvmodels.storage.lock import settled

ROOT = Path(__file__).parents[2]
HORIZONS = (10, 20)
SPARED = (".clv-lock", ".clv-work-", ".clv-")  # what a killed run may leave until the next one


def make_log(path: Path) -> None:
    """Write a log of 300 customers."""
    sample = clv.load_cdnow(sample=True)
    sample[sample["customer_id"].isin(sample["customer_id"].unique()[:300])].to_csv(path, index=False)


def start(desk: Path, horizon: int, *, limit: bool, out: str = "study") -> subprocess.Popen[str]:
    """Start a run."""
    words = ["run", "log.csv", "--customer", "customer_id", "--time", "date", "--amount", "amount", "--out", out]
    words += ["--horizon", str(horizon), *(["--memory-limit", "1GB"] if limit else [])]
    command = [sys.executable, "-m", "clvmodels", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(desk / "tmp"), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=desk, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def whole(study: Path, *, limit: bool) -> int:
    """Return the horizon that all files of a study speak of; raise where they don't."""
    settled(study)
    horizon = int(json.loads((study / "study.json").read_text())["horizon"])
    clv.load(study / "buying.json")
    clv.load(study / "spending.json")
    seen = {path.name for path in study.iterdir() if not path.name.startswith(SPARED)}
    known = {"buying.json", "spending.json", "comparison.csv", "parameters.csv", "report.html", "study.json"}
    more = {"table", "learned", "customers"} if limit else {"customers.csv", "customers.parquet"}
    more |= set() if limit else {"summary.json", "summary.parquet"}
    assert seen == known | more, seen ^ (known | more)
    if limit:
        told = json.loads((study / "customers" / "_score.json").read_text())
        assert int(float(told["horizon"])) == horizon
        assert len(clv.open_table(study / "table")) == told["customers"] == 300
        clv.load(study / "learned" / "buying.json")
    else:
        assert f"looking {horizon} weeks ahead" in (study / "report.html").read_text()
        assert len((study / "customers.csv").read_text().splitlines()) == 301
    return horizon


def left_over(desk: Path) -> list[str]:
    """Return what should be gone when a run has ended well."""
    hidden = [path for path in (desk / "study").rglob("*") if path.name.startswith(".")]
    return [str(path.relative_to(desk)) for path in [*hidden, *(desk / "tmp").iterdir()]]


def kills(desk: Path, times: int, *, limit: bool, seed: int = 1) -> Counter[str]:
    """Kill so many runs; every tenth is followed by one that must end well."""
    rng, found, last = random.Random(seed), Counter[str](), HORIZONS[0]
    run = start(desk, last, limit=limit)
    begin = time.monotonic()
    _, err = run.communicate()
    assert run.returncode == 0, err
    duration = time.monotonic() - begin
    for i in range(times):
        wanted = HORIZONS[(HORIZONS.index(last) + 1) % 2]
        run = start(desk, wanted, limit=limit)
        time.sleep(rng.uniform(0.0, 1.1 * duration))
        run.send_signal(signal.SIGKILL)
        _, err = run.communicate()
        now = whole(desk / "study", limit=limit)
        found[
            "ended before the kill" if run.returncode == 0 else "killed, new" if now == wanted else "killed, old"
        ] += 1
        assert run.returncode != 0 or now == wanted
        last = now
        if i % 10 == 9:
            begin = time.monotonic()
            run = start(desk, wanted, limit=limit)
            _, err = run.communicate()
            assert run.returncode == 0, err
            duration = (duration + time.monotonic() - begin) / 2
            last = whole(desk / "study", limit=limit)
            assert last == wanted
            assert left_over(desk) == [], left_over(desk)
            found["run anew, well"] += 1
            print(i + 1, dict(found), file=sys.stderr, flush=True)
    return found


def races(desk: Path, times: int, *, limit: bool, seed: int = 1) -> Counter[str]:
    """Let so many pairs of runs race for one folder."""
    rng, found = random.Random(seed), Counter[str]()
    for _ in range(times):
        if rng.random() < 0.3:
            rmtree(desk / "study", ignore_errors=True)
        first = start(desk, HORIZONS[0], limit=limit)
        time.sleep(rng.choice([0.0, 0.0, rng.uniform(0, 0.2), rng.uniform(0, 4)]))
        second = start(desk, HORIZONS[1], limit=limit)
        ended = []
        for run in (first, second):
            _, err = run.communicate()
            assert run.returncode in (0, 2), err
            if run.returncode:
                assert "Another run is writing" in err.splitlines()[-1], err
            ended.append(run.returncode)
        found["both ended well" if ended == [0, 0] else "one was told to wait" if 0 in ended else "none ended"] += 1
        assert 0 in ended
        assert whole(desk / "study", limit=limit) in HORIZONS
        assert left_over(desk) == [], left_over(desk)
        print(sum(found.values()), dict(found), file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Read the words, and print how often what happened."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["kills", "races"])
    words.add_argument("--times", type=int, default=200)
    words.add_argument("--limit", action="store_true", help="run with --memory-limit")
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        desk = Path(name)
        (desk / "tmp").mkdir()
        make_log(desk / "log.csv")
        do = kills if asked.what == "kills" else races
        print(do(desk, asked.times, limit=asked.limit, seed=asked.seed))


if __name__ == "__main__":
    main()
