"""Forecast and value of up to a hundred million customers in files, compared with a scan that computes next to nothing.

The scan reads the same columns of the same files in the same batches on as many threads, and writes as many columns.
In the first, each is a multiple of the customer's number of purchases, or mean purchase where it's money, plus a
constant: seventy different numbers, which take next to no space. In the second, what isn't money is a sum of all three
columns of the history, as different from customer to customer as a forecast is. What ``clvmodels`` takes beyond them is
the price of the models; grouping the customers is in it. The largest base is the one below it, ten times over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import clvmodels as clv
from benchmarks import base
from benchmarks.problem import Case, Contender, Problem

HORIZON = 39
PART, BATCH = 1_000_000, 100_000
HISTORY = ["customer_id", "frequency", "recency", "T"]
REPEATED = ["p_alive", "p_active", "expected_purchases", "purchases_lower", "purchases_upper"]
AHEAD = [*REPEATED, "expected_purchases_lower", "expected_purchases_upper"]
MONEY = ["expected_spend", "clv", "clv_expected_lower", "clv_expected_upper", "clv_lower", "clv_upper"]
SIZES = {  # customers of the base, and how many times over
    "small, 10,000 customers": (10_000, 1),
    "1,000,000 customers": (1_000_000, 1),
    "10,000,000 customers": (10_000_000, 1),
    "100,000,000 customers": (10_000_000, 10),
}

Solution = TemporaryDirectory[str]


@dataclass(frozen=True)
class Data:
    """The table of customers, what was fitted to them, and a folder to write in."""

    table: Any
    buying: clv.Estimate
    spend: clv.Estimate
    folder: Path


def prepare(n_customers: int) -> Callable[[Path], None]:
    def prepared(folder: Path) -> None:
        table = clv.open_table(base.summary(n_customers, "period"))
        for model in ("bgnbd", "gammagamma"):
            clv.save(clv.fit(model, table), folder / f"{model}.json")

    return prepared


def load(n_customers: int, times: int) -> Callable[[Path], Data]:
    def loaded(folder: Path) -> Data:
        table = clv.open_table(base.summary(n_customers, "period"))
        table = replace(table, paths=table.paths * times)
        return Data(table, clv.load(folder / "bgnbd.json"), clv.load(folder / "gammagamma.json"), folder)

    return loaded


def purchases_only(data: Data) -> Solution:
    out = TemporaryDirectory(dir=data.folder)
    clv.score(data.table, data.buying, horizon=HORIZON, out=out.name)
    return out


def with_value(data: Data) -> Solution:
    out = TemporaryDirectory(dir=data.folder)
    clv.score(data.table, data.buying, spend=data.spend, horizon=HORIZON, out=out.name)
    return out


def scan(of: Mapping[str, str], *, of_all: bool = False) -> Callable[[Data], Solution]:
    """Return what writes the columns named in ``of``, each made from the column of the table that it names.

    With ``of_all``, what is made from the number of purchases is made from recency and T as well. These many different
    numbers are written as they are, which takes the engine less time than to look for codes.
    """
    codes = False if of_all else REPEATED
    columns = [*HISTORY, *sorted(set(of.values()) - set(HISTORY))]
    schema = pa.schema([("customer_id", pa.int64()), *((name, pa.float64()) for name in of)])

    def write_part(path: str, row_groups: list[int], place: Path) -> None:
        with pq.ParquetFile(path) as file, pq.ParquetWriter(place, schema, use_dictionary=codes) as writer:
            for batch in file.iter_batches(BATCH, row_groups, columns=columns, use_threads=False):
                known = {name: batch.column(name).to_numpy() for name in columns}
                if of_all:
                    known["frequency"] = known["frequency"] + known["recency"] * 0.01 + known["T"] * 0.0001
                made = [pa.array(known[source] * 0.1 + k) for k, source in enumerate(of.values())]
                writer.write_batch(pa.RecordBatch.from_arrays([batch.column("customer_id"), *made], schema=schema))

    def solve(data: Data) -> Solution:
        out = TemporaryDirectory(dir=data.folder)
        parts = [part for path in data.table.to_native() for part in _parts(path)]
        with ThreadPoolExecutor(cpu_count()) as pool:
            places = (Path(out.name) / f"part-{i:05d}.parquet" for i in range(len(parts)))
            list(pool.map(lambda part, place: write_part(*part, place), parts, places))
        return out

    return solve


def _parts(path: str) -> list[tuple[str, list[int]]]:
    """Cut a file into parts of as many row groups as make about a million rows."""
    found = pq.read_metadata(path)
    each = max(PART // found.row_group(0).num_rows, 1)
    groups = list(range(found.num_row_groups))
    return [(path, groups[i : i + each]) for i in range(0, len(groups), each)]


def answer(data: Data, written: Solution) -> Mapping[str, float]:
    """Return what was written; rows and columns agree."""
    files = list(Path(written.name).glob("*.parquet"))
    return {
        "customers": sum(pq.read_metadata(file).num_rows for file in files),
        "columns": pq.read_metadata(files[0]).num_columns,
        "written_mb": sum(file.stat().st_size for file in files) / 1e6,
    }


def cases(name: str) -> tuple[Case, Case]:
    n_customers, times = SIZES[name]
    ahead = dict.fromkeys(AHEAD, "frequency")
    money = dict.fromkeys(MONEY, "monetary_value")
    asked = {"purchases": (ahead, purchases_only), "purchases and value": (ahead | money, with_value)}
    told = []
    for what, (of, solve) in asked.items():
        contenders = (
            Contender("scan", scan(of), 2),
            Contender("scan, of all columns", scan(of, of_all=True), 2),
            Contender("clvmodels", solve, 2),
        )
        told.append(Case(f"{name}, {what}", prepare(n_customers), load(n_customers, times), contenders))
    return told[0], told[1]


PROBLEM = Problem(
    title="scores of customers in files; clvmodels is compared with a scan with a trivial formula",
    cases=tuple(case for name in SIZES for case in cases(name)),
    answer=answer,
)
