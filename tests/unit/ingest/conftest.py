"""One small log, in every kind of table that can come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest


@pytest.fixture(scope="session")
def log() -> pd.DataFrame:
    """Line items with several a day, refunds, free ones, and segments that change."""
    rng = np.random.default_rng(20_240_101)
    n = 4_000
    amount = np.round(rng.gamma(2.0, 10.0, n), 2)
    amount[rng.random(n) < 0.05] *= -1
    amount[rng.random(n) < 0.02] = 0.0
    return pd.DataFrame(
        {
            "customer": rng.integers(1, 500, n),
            "date": pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 500, n), unit="D"),
            "amount": amount,
            "segment": rng.choice(["shop", "web", "app"], n),
        }
    )


def _csv(log: pd.DataFrame, folder: Path) -> str:
    log.to_csv(folder / "log.csv", index=False)
    return str(folder / "log.csv")


def _csv_glob(log: pd.DataFrame, folder: Path) -> str:
    log[:1_500].to_csv(folder / "part-1.csv", index=False)
    log[1_500:].to_csv(folder / "part-2.csv", index=False)
    return str(folder / "part-*.csv")


def _parquet(log: pd.DataFrame, folder: Path) -> Path:
    log.to_parquet(folder / "log.parquet", index=False)
    return folder / "log.parquet"


def _parquet_list(log: pd.DataFrame, folder: Path) -> list[Path]:
    paths = [folder / "first.parquet", folder / "second.parquet"]
    log[:1_500].to_parquet(paths[0], index=False)
    log[1_500:].to_parquet(paths[1], index=False)
    return paths


def _relation(log: pd.DataFrame, folder: Path) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect(folder / "shop.duckdb")
    connection.register("frame", log)
    connection.execute("CREATE TABLE log AS SELECT * REPLACE (CAST(amount AS DECIMAL(18, 2)) AS amount) FROM frame")
    connection.unregister("frame")
    return connection.sql("SELECT * FROM log")


KINDS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda log, folder: log,
    "pandas with an odd index": lambda log, folder: log.set_index(log.index[::-1] + 7),
    "pandas on arrow": lambda log, folder: log.convert_dtypes(dtype_backend="pyarrow"),
    "pandas with categories": lambda log, folder: log.astype({"segment": "category"}),
    "polars": lambda log, folder: pl.from_pandas(log),
    "polars lazy": lambda log, folder: pl.from_pandas(log).lazy(),
    "polars with categories": lambda log, folder: pl.from_pandas(log).cast(
        {"segment": pl.Enum(["web", "shop", "app"])}
    ),
    "pyarrow": lambda log, folder: pa.Table.from_pandas(log, preserve_index=False),
    "pyarrow in many chunks": lambda log, folder: pa.Table.from_batches(
        pa.Table.from_pandas(log, preserve_index=False).to_batches(max_chunksize=97)
    ),
    "duckdb with decimals": _relation,
    "csv": _csv,
    "csv glob": _csv_glob,
    "parquet": _parquet,
    "parquet list": _parquet_list,
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each kind of table in turn."""
    return request.param


@pytest.fixture
def as_kind(tmp_path: Path) -> Callable[[str, pd.DataFrame], Any]:
    """Turn a pandas frame into another kind of table."""
    return lambda kind, log: KINDS[kind](log, tmp_path)
