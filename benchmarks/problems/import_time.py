"""What ``import clvmodels`` costs on top of the libraries that everybody has loaded anyway."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.problem import Case, Contender, Problem


def importing(libraries: str) -> Contender:
    def solve(_: None) -> None:
        subprocess.run([sys.executable, "-c", f"import {libraries}"], check=True)

    return Contender(libraries, solve, repeats=15)


def nothing(_: Path) -> None:
    return None


PROBLEM = Problem(
    title="a fresh interpreter that imports and ends; clvmodels is compared with what it builds on",
    cases=(Case("fresh process", nothing, nothing, (importing("numpy, pandas"), importing("clvmodels"))),),
    answer=lambda data, solution: {},
)
