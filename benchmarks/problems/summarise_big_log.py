"""From a log of fifty million purchases to one row a customer in a file, with two gigabytes of memory.

``clvmodels`` checks the log too, and gives the base by calendar week. The first of the SQL by hand gives the same
columns, the second only those of ``summarise_log``. All write Parquet and spill to disk what doesn't fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import duckdb
import pyarrow.parquet as pq

import clvmodels as clv
from benchmarks import base
from benchmarks.problem import Case, Contender, Problem

MEMORY, RECENT = "2GB", 13
SIZES = {
    "small, 500,000 purchases": (100_000, 3),
    "10,000,000 purchases": (2_000_000, 3),
    "50,000,000 purchases": (10_000_000, 2),
}

DAYS = "select customer_id, cast(date as date) as day, sum(amount) as amount from {log} group by all"
SHORT = f"""
with days as ({DAYS}), customers as (
    select customer_id, count(*) - 1 as frequency, min(day) as first, max(day) as last,
           sum(amount) - arg_min(amount, day) as repeat_spend
    from days group by customer_id
)
select customer_id, frequency, (last - first) / 7.0 as recency, (date '{base.LAST}' - first) / 7.0 as "T",
       case when frequency > 0 then repeat_spend / frequency else 0 end as monetary_value
from customers
"""
SAME = f"""
with days as ({DAYS}), customers as (
    select customer_id, count(*) - 1 as frequency, min(day) as first, max(day) as last, sum(amount) as total_spend,
           arg_min(amount, day) as first_spend,
           count(*) filter (day > date '{base.LAST}' - {RECENT * 7}) as recent_purchases,
           coalesce(sum(amount) filter (day > date '{base.LAST}' - {RECENT * 7}), 0) as recent_spend
    from days group by customer_id
)
select customer_id, frequency, (last - first) / 7.0 as recency, (date '{base.LAST}' - first) / 7.0 as "T",
       first as first_purchase, recent_purchases, total_spend, recent_spend,
       case when frequency > 0 then (total_spend - first_spend) / frequency else 0 end as monetary_value
from customers
"""
SUMS = ("frequency", "recency", "T", "monetary_value", "total_spend", "recent_purchases", "recent_spend")


@dataclass(frozen=True)
class Log:
    """The files, how many purchases are in them, and a folder to write in."""

    paths: list[str]
    n_purchases: int
    folder: Path


@dataclass(frozen=True)
class Written:
    """A file of customers, in a folder that goes with this object."""

    path: Path
    folder: TemporaryDirectory[str]


def prepare(n_customers: int, kind: Literal["csv", "parquet"]) -> Callable[[Path], None]:
    def prepared(_: Path) -> None:
        base.log(n_customers, kind)

    return prepared


def load(n_customers: int, kind: Literal["csv", "parquet"]) -> Callable[[Path], Log]:
    def loaded(folder: Path) -> Log:
        n_purchases = sum(pq.read_metadata(path).num_rows for path in base.log(n_customers, "parquet"))
        return Log(base.log(n_customers, kind), n_purchases, folder)

    return loaded


def with_clvmodels(log: Log) -> Written:
    out = TemporaryDirectory(dir=log.folder)
    clv.rfm_table(
        log.paths,
        out=Path(out.name) / "table",
        customer="customer_id",
        time="date",
        amount="amount",
        period="week",
        observation_end=base.LAST,
        recent=RECENT,
        memory_limit=MEMORY,
        temp_folder=out.name,
    )
    return Written(Path(out.name) / "table" / "summary.parquet", out)


def by_hand(sql: str) -> Callable[[Log], Written]:
    def solve(log: Log) -> Written:
        out = TemporaryDirectory(dir=log.folder)
        path = Path(out.name) / "customers.parquet"
        reader = "read_csv" if log.paths[0].endswith(".csv") else "read_parquet"
        with duckdb.connect() as connection:
            connection.execute(f"set memory_limit = '{MEMORY}'")
            connection.execute(f"set temp_directory = '{out.name}/spill'")
            connection.execute("set preserve_insertion_order = false")
            connection.execute(f"copy ({sql.format(log=f'{reader}({log.paths})')}) to '{path}' (format parquet)")
        return Written(path, out)

    return solve


def answer(log: Log, written: Written) -> Mapping[str, Any]:
    """Return how many customers there are and sums over them, which agree where the summaries do."""
    customers = duckdb.read_parquet(str(written.path))
    known = [name for name in SUMS if name in customers.columns]
    found = customers.aggregate(", ".join(["count(*)", *(f'sum("{name}")::double' for name in known)])).fetchall()[0]
    sums = dict.fromkeys(SUMS) | dict(zip(known, found[1:], strict=True))
    return {"purchases": log.n_purchases, "customers": found[0], **sums}


def case(name: str, kind: Literal["csv", "parquet"], title: str) -> Case:
    n_customers, repeats = SIZES[name]
    solvers = {
        "clvmodels": with_clvmodels,
        "duckdb, the same columns": by_hand(SAME),
        "duckdb, five columns": by_hand(SHORT),
    }
    contenders = tuple(Contender(library, solve, repeats) for library, solve in solvers.items())
    return Case(f"{name}, {title}", prepare(n_customers, kind), load(n_customers, kind), contenders)


PROBLEM = Problem(
    title=f"a log bigger than memory ({MEMORY}) to one row a customer, file to file",
    cases=tuple(case(name, kind, title) for name in SIZES for kind, title in (("parquet", "Parquet"), ("csv", "CSV"))),
    answer=answer,
)
