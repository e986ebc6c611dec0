"""From ten million purchases to one row a customer.

Every contender gives frequency, recency, T and the mean value of repeat purchases, by distinct days. ``clvmodels`` also
checks the log, and gives total and recent spend, the base by calendar week and the times between purchases, which the
others don't; once it leaves the last out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem

N_CUSTOMERS, REPEATS_EACH, DAYS, COHORT_DAYS = 1_000_000, 9, 728, 84
FIRST, LAST = "2023-01-01", "2024-12-28"

SQL = f"""
with days as (
    select customer_id, cast(date as date) as day, sum(amount) as amount from {{log}} group by all
), customers as (
    select customer_id, count(*) - 1 as frequency, min(day) as first, max(day) as last,
           sum(amount) - arg_min(amount, day) as repeat_spend
    from days group by customer_id
)
select customer_id, frequency, (last - first) / 7.0 as recency, (date '{LAST}' - first) / 7.0 as "T",
       case when frequency > 0 then repeat_spend / frequency else 0 end as monetary_value
from customers
"""


def prepare(folder: Path) -> None:
    """Write a log in order of time: customers who arrive over twelve weeks and buy unequally often over two years."""
    rng = np.random.default_rng(1)
    starts = rng.integers(0, COHORT_DAYS, N_CUSTOMERS)
    repeats = rng.negative_binomial(0.5, 0.5 / (0.5 + REPEATS_EACH), N_CUSTOMERS)
    who = np.repeat(np.arange(N_CUSTOMERS), repeats)
    later = starts[who] + rng.integers(0, DAYS - starts[who])
    log = pd.DataFrame(
        {
            "customer_id": np.concatenate([np.arange(N_CUSTOMERS), who]),
            "date": np.datetime64(FIRST, "us") + np.concatenate([starts, later]).astype("timedelta64[D]"),
            "amount": rng.gamma(2.0, 20.0, N_CUSTOMERS + len(who)).round(2),
        }
    )
    log.sort_values("date", kind="stable").to_parquet(folder / "log.parquet", index=False)
    days = "select * replace (cast(date as date) as date)"
    duckdb.sql(f"copy ({days} from '{folder / 'log.parquet'}') to '{folder / 'log.csv'}' (header)")


def frame(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "log.parquet")


def path(name: str) -> Callable[[Path], str]:
    return lambda folder: str(folder / name)


def with_clvmodels(log: pd.DataFrame | str, *, intervals: bool = True) -> clv.Summary:
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(log, **columns, period="week", observation_end=LAST, intervals=intervals)


def without_intervals(log: pd.DataFrame | str) -> clv.Summary:
    return with_clvmodels(log, intervals=False)


def with_duckdb(log: pd.DataFrame | str) -> Mapping[str, Any]:
    source = "log" if isinstance(log, pd.DataFrame) else f"'{log}'"
    return duckdb.sql(SQL.format(log=source)).fetchnumpy()


def with_lifetimes(log: pd.DataFrame) -> pd.DataFrame:
    return summary_data_from_transaction_data(
        log,
        "customer_id",
        "date",
        monetary_value_col="amount",
        observation_period_end=LAST,
        freq="D",
        freq_multiplier=7,
    )


def answer(log: Any, solution: Any) -> Mapping[str, float]:
    """Return sums over customers; they agree where the summaries do."""
    table = solution.to_frame() if hasattr(solution, "to_frame") else solution
    names = ("frequency", "recency", "T", "monetary_value")
    return {name: float(np.sum(np.asarray(table[name], dtype=float))) for name in names}


PROBLEM = Problem(
    title="a log of ten million purchases by a million customers, to one row a customer",
    cases=(
        Case(
            "pandas frame",
            prepare,
            frame,
            (
                Contender("clvmodels", with_clvmodels),
                Contender("clvmodels, no intervals", without_intervals),
                Contender("duckdb, by hand", with_duckdb),
                Contender("lifetimes", with_lifetimes, repeats=3),
            ),
        ),
        *(
            Case(
                title,
                prepare,
                path(name),
                (
                    Contender("clvmodels", with_clvmodels),
                    Contender("clvmodels, no intervals", without_intervals),
                    Contender("duckdb, by hand", with_duckdb),
                ),
            )
            for title, name in (("Parquet file", "log.parquet"), ("CSV file", "log.csv"))
        ),
    ),
    answer=answer,
)
