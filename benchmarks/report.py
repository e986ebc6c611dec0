"""The table on the screen and the files in ``results``."""

from __future__ import annotations

import csv
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    "clvmodels",
    "numpy",
    "scipy",
    "pandas",
    "duckdb",
    "narwhals",
    "pyarrow",
    "lifetimes",
    "pymc-marketing",
    "pymc",
)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as lines of text."""
    names = [name for name in rows[0] if name != "problem"]
    cells = [names, *[[_text(row.get(name)) for name in names] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def write(problem: str, title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write ``results/PROBLEM.csv`` with the rows, and ``.json`` with machine and versions next to them."""
    RESULTS.mkdir(exist_ok=True)
    rows = [{name: round(v, 4) if isinstance(v, float) else v for name, v in row.items()} for row in rows]
    with (RESULTS / f"{problem}.csv").open("w", newline="") as file:
        lines = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        lines.writeheader()
        lines.writerows(rows)
    study = {"problem": problem, "title": title, "machine": machine(), "versions": versions(), "rows": rows}
    (RESULTS / f"{problem}.json").write_text(json.dumps(study, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """Return what the figures depend on, without a name of the machine."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages * page / 1e9, 1),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
