"""Seconds of a fit against the number of customers: they grow with the distinct histories, not with the customers.

Models of buying at any time are fitted to one base by whole weeks, two of them by days too, the others to customers of
their own.
Each fit is maximum likelihood with standard errors and draws, of a table on disk: grouping it into distinct histories
and the fit itself have a clock each. What takes less than some seconds is run three times, the first of which pays for
imports and isn't counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median
from time import perf_counter
from typing import Any

import duckdb
import pandas as pd

import clvmodels as clv
from benchmarks import base
from benchmarks.problem import Curve
from benchmarks.problems.fit_models import with_lifetimes, with_pymc_marketing

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
RUNS, ENOUGH = 3, 6.0  # seconds after which a point isn't run again
PEERS = {"lifetimes": with_lifetimes("bgnbd"), "pymc-marketing": with_pymc_marketing("bgnbd")}
AT_ANY_TIME = [
    name for name, model in clv.models.registry().items() if "T" in model.statistics and name not in base.STEPS
]
WEEKS, DAYS = "by weeks", "by days"
UNITS: dict[str, base.By] = {WEEKS: "period", DAYS: "day"}


def title(model: str) -> str:
    return clv.models.get(model).title


LINES = {
    **{f"{title(model)}, {WEEKS}": (model, WEEKS, SIZES) for model in AT_ANY_TIME},
    **{f"{title(model)}, {DAYS}": (model, DAYS, SIZES[:-1]) for model in ("bgnbd", "paretonbd")},
    **{f"{title(model)}, in steps": (model, "in steps", SIZES) for model in base.STEPS},
    f"{title('gammagamma')}, {DAYS}": ("gammagamma", DAYS, SIZES),
    **{f"{title('bgnbd')} by {peer}, {WEEKS}": (peer, WEEKS, (1_000_000,)) for peer in PEERS},
}


def prepare(line: str, size: int) -> None:
    model, data, _ = LINES[line]
    if data in UNITS:
        base.summary(size, UNITS[data])
    else:
        base.in_steps(model, size)


def point(line: str, size: int) -> Iterator[Mapping[str, Any]]:
    model, data, _ = LINES[line]
    known = clv.models.get("bgnbd" if model in PEERS else model)
    yield {"library": model if model in PEERS else "clvmodels", "model": known.title, "data": data}
    if model in PEERS:
        histories = _frame(size)
        yield {"histories": None, "group_s": None}
        yield _timed(lambda: PEERS[model](histories))[0] | {"log_likelihood": None}
        return
    table = _table(model, data, size)
    seconds, rows = _timed(lambda: table.grouped(known.statistics))
    yield {"histories": len(rows), "group_s": seconds["fit_s"]}
    seconds, estimate = _timed(lambda: clv.fit(model, rows))
    yield seconds | {"log_likelihood": estimate.log_likelihood}


def _table(model: str, data: str, size: int) -> Any:
    if data in UNITS:
        return clv.open_table(base.summary(size, UNITS[data]))
    return clv.as_table(base.in_steps(model, size), period="week")


def _frame(size: int) -> pd.DataFrame:
    path = base.summary(size, "period") / "summary.parquet"
    return duckdb.sql(f"select customer_id, frequency, recency, \"T\" from '{path}'").df()


def _timed(solve: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Return the median seconds, how many runs they are of, and the result."""
    seconds: list[float] = []
    while len(seconds) < RUNS and sum(seconds) < ENOUGH:
        start = perf_counter()
        found = solve()
        seconds.append(perf_counter() - start)
    counted = seconds[1:] or seconds
    return {"runs": len(counted), "fit_s": median(counted)}, found


PROBLEM = Curve(
    title="seconds of a fit, by the number of customers",
    lines={line: sizes for line, (_, _, sizes) in LINES.items()},
    prepare=prepare,
    point=point,
    limit=90.0,
)
