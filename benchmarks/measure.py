"""Measure one case, or one point of a curve, each step in a process of its own that prints what it found as JSON.

Time: all contenders in turn, round after round, so that a slow minute of the machine hits all of them. Memory: a fresh
process a contender, since the peak of a process never falls. A process also inherits the peak of the one that started
it, so that one loads no problem: it asks for the `outline`.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.problem import Case, Curve, Problem, find

# ru_maxrss is in bytes on macOS and in KiB elsewhere.
MB = 1e6 if sys.platform == "darwin" else 1e6 / 1024


def outline(problem: str) -> dict[str, Any]:
    """Return the problem's title with the libraries of each case, or with the sizes of each line."""
    return _in_a_process("outline", problem)


def measured(problem: str, case: str, libraries: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """Return one row a library: times, peak memory, the answer's numbers, and how it stands to the first one."""
    _in_a_process("prepare", problem, case, str(folder))
    found = _in_a_process("times", problem, case, str(folder))
    rows = [
        {
            "problem": problem,
            "case": case,
            "library": library,
            "runs": len(found[library]["seconds"]),
            "median_s": median(found[library]["seconds"]),
            "min_s": min(found[library]["seconds"]),
            "peak_mb": _in_a_process("peak", problem, case, str(folder), library),
            **found[library]["answer"],
        }
        for library in libraries
    ]
    for row in rows:
        row["ratio"] = row["median_s"] / rows[0]["median_s"]
        row["more_s"] = row["median_s"] - rows[0]["median_s"]
    return rows


def traced(problem: str, line: str, sizes: Sequence[int], limit: float) -> list[dict[str, Any]]:
    """Return one row a size, as far as a point is found within the limit of seconds."""
    rows = []
    for size in sizes:
        _in_a_process("prepare", problem, line, str(size))
        row: dict[str, Any] = {"problem": problem, "line": line, "customers": size}
        stop = None
        try:
            said = _said("point", problem, line, str(size), limit=limit)
        except subprocess.TimeoutExpired as stopped:
            said, stop = (stopped.output or b"").decode(), limit
        for found in said.splitlines():
            row |= json.loads(found)
        rows.append(row | {"stopped_after_s": stop})
        if stop is not None:
            break
    return rows


def _in_a_process(*step: str) -> Any:
    return json.loads(_said(*step).splitlines()[-1])


def _said(*step: str, limit: float | None = None) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.measure", *step]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=limit).stdout


def times(problem: Problem, case: Case, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the seconds of each run and the answer of each library."""
    data = case.load(folder)
    found: dict[str, dict[str, Any]] = {c.library: {"seconds": []} for c in case.contenders}
    for contender in case.contenders:
        if contender.repeats > 1:
            contender.solve(data)
    for turn in range(max(c.repeats for c in case.contenders)):
        for contender in case.contenders:
            if turn < contender.repeats:
                gc.collect()
                start = perf_counter()
                solution = contender.solve(data)
                found[contender.library]["seconds"].append(perf_counter() - start)
                if turn == 0:
                    found[contender.library]["answer"] = dict(problem.answer(data, solution))
                del solution
    return found


def peak(case: Case, folder: Path, library: str) -> float:
    """Return the peak of this process or of a child, in MB, after one solution: imports and data are in it."""
    contender = next(c for c in case.contenders if c.library == library)
    contender.solve(case.load(folder))
    return _peak()


def point(curve: Curve, line: str, size: int) -> dict[str, float]:
    """Print figures as they are found; return the peak of this process in MB."""
    for found in curve.point(line, size):
        print(json.dumps(found), flush=True)
    return {"peak_mb": _peak()}


def _peak() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(w).ru_maxrss for w in who) / MB


def main(step: str, name: str, *rest: str) -> None:
    """Do one step and print its JSON as the last line."""
    warnings.simplefilter("ignore")
    problem = find(name)
    if isinstance(problem, Curve):
        told = {"title": problem.title, "lines": problem.lines, "limit": problem.limit}
        asked = {
            "outline": lambda: told,
            "prepare": lambda: problem.prepare(rest[0], int(rest[1])),
            "point": lambda: point(problem, rest[0], int(rest[1])),
        }
        print(json.dumps(asked[step]()))
        return
    if step == "outline":
        cases = {case.name: [c.library for c in case.contenders] for case in problem.cases}
        print(json.dumps({"title": problem.title, "cases": cases}))
        return
    case = next(c for c in problem.cases if c.name == rest[0])
    folder = Path(rest[1])
    steps = {
        "prepare": lambda: case.prepare(folder),
        "times": lambda: times(problem, case, folder),
        "peak": lambda: peak(case, folder, rest[2]),
    }
    print(json.dumps(steps[step]()))


if __name__ == "__main__":
    main(*sys.argv[1:])
