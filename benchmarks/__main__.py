"""Run problems: ``python -m benchmarks [PROBLEM ...] [--case NAME]``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import measure, problem, report


def main() -> None:
    """Measure what was asked for; a whole problem also writes its results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Problems times libraries, side by side.")
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help=f"of: {', '.join(problem.known())}; all if none")
    parser.add_argument("--case", help="only the cases whose name contains this; then nothing is written")
    asked = parser.parse_args()
    for name in asked.problems or problem.known():
        if name not in problem.known():
            parser.error(f"there is no problem called {name!r}; known: {', '.join(problem.known())}")
        outline = measure.outline(name)
        print(f"\n{name}: {outline['title']}", flush=True)
        rows = []
        for line, sizes in outline.get("lines", {}).items():
            if chosen := [size for size in sizes if (asked.case or "") in f"{line}, {size:,} customers"]:
                rows += measure.traced(name, line, chosen, outline["limit"])
        for case, libraries in outline.get("cases", {}).items():
            if (asked.case or "") in case:
                with tempfile.TemporaryDirectory() as folder:
                    rows += measure.measured(name, case, libraries, Path(folder))
        if rows:
            print(report.table(rows), flush=True)
            if not asked.case:
                report.write(name, outline["title"], rows)


if __name__ == "__main__":
    main()
