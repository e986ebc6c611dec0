"""Hold every model against the reference of ``tests/accuracy`` on random cases, and renew the page on accuracy.

python docs/make_accuracy.py [--cases 10000] [--seed 1] [--processes 2]

It writes ``docs/accuracy.csv``, from which ``docs/make_tables.py`` makes the tables of ``docs/accuracy.md``, and names
the cases in which a promise is broken as it finds them.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # arrays of one number: threads only wait for each other

import accuracy_tables  # noqa: E402 - the path comes first
import make_tables  # noqa: E402
import pandas as pd  # noqa: E402

from clvmodels.models import registry  # noqa: E402
from tests.accuracy.cases import Case, cases  # noqa: E402
from tests.accuracy.reference import REFERENCES  # noqa: E402
from tests.accuracy.sweep import PROMISED, Comparison, comparisons  # noqa: E402

PAGE = "docs/accuracy.md"
PART = 25  # cases that a process takes at once


def compared(part: tuple[str, int, int, int]) -> list[Comparison]:
    """Return all comparisons of some cases of a model."""
    model, count, seed, start = part
    return [found for case in cases(model, count, seed)[start : start + PART] for found in comparisons(case)]


def swept(count: int, seed: int, processes: int) -> Iterable[Comparison]:
    """Give all comparisons of so many cases, spread evenly over the models."""
    each = -(-count // len(REFERENCES))
    parts = [(model, each, seed, start) for model in REFERENCES for start in range(0, each, PART)]
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(compared, parts):
            yield from found


def summarised(found: Iterable[Comparison], seed: int) -> tuple[pd.DataFrame, int]:
    """Return the worst error of each model and quantity, and how many numbers break their promise."""
    groups: dict[tuple[str, str], list[Comparison]] = {}
    counted: dict[tuple[str, str], int] = {}
    broken = 0
    for one in found:
        key = (one.case.model, one.quantity)
        counted[key] = counted.get(key, 0) + 1
        worst = groups.setdefault(key, [one, one])
        groups[key] = [max(worst[0], one, key=lambda c: c.relative), max(worst[1], one, key=lambda c: c.absolute)]
        if not one.holds:
            broken += 1
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
    rows = []
    for (model, quantity), (relative, absolute) in groups.items():
        measure, limit = PROMISED[quantity]
        rows.append(
            {
                "model": model,
                "title": registry()[model].title,
                "quantity": quantity,
                "seed": seed,
                "comparisons": counted[model, quantity],
                "measure": measure,
                "promised": limit,
                "relative": relative.relative,
                "absolute": absolute.absolute,
                "where": where((relative if measure == "relative" else absolute).case),
            }
        )
    order = {quantity: i for i, quantity in enumerate(PROMISED)}
    return pd.DataFrame(rows).sort_values("quantity", key=lambda names: names.map(order), kind="stable"), broken


def where(case: Case) -> str:
    """Return the case of a worst error."""
    told = {"params": case.params, "history": case.history, "living": case.living, "t": case.t, "n": case.n}
    if case.phase:
        told["phase"] = case.phase
    return json.dumps(told).replace("Infinity", '"inf"')


def main() -> None:
    """Run the sweep, write its results and renew the page."""
    parser = argparse.ArgumentParser(description="Hold every model against independent arithmetic.")
    parser.add_argument("--cases", type=int, default=10_000, help="over all models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    start = time.perf_counter()
    table, broken = summarised(swept(asked.cases, asked.seed, asked.processes), asked.seed)
    table.insert(4, "cases", -(-asked.cases // len(REFERENCES)))
    table.to_csv(accuracy_tables.RESULTS, index=False, float_format="%.2g")
    (ROOT / PAGE).write_text(make_tables.renewed(PAGE), encoding="utf-8")
    sys.stdout.write(
        f"{table['comparisons'].sum():,} numbers of {asked.cases:,} cases in {time.perf_counter() - start:,.0f} s; "
        f"{broken} break a promise.\n"
    )
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
