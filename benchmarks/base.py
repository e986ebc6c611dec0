"""One simulated base for the problems of scale, of any size, made once into ``.cache``.

Customers arrive over a year and are followed for 78 weeks at most; they buy about five times. The log is made a million
customers at a time and then ordered by time, as a shop's log is: a customer's purchases are spread over its files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

import clvmodels as clv

CACHE = Path(__file__).parent / ".cache"
BUYING = {"r": 0.66, "alpha": 5.4, "a": 0.5, "b": 3.5}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
STEPS = {
    "bgbb": {"alpha": 1.2035, "beta": 0.7497, "gamma": 0.6567, "delta": 2.7834},
    "sbg": {"gamma": 0.704, "delta": 1.182},
    "bdw": {"gamma": 0.523, "delta": 0.894, "c": 1.196},
}
START, LAST, WEEKS, SHORTEST = "2023-01-02", "2024-06-30", 78, 26
MOST_STEPS = 12
CHUNK, N_FILES, DAY = 1_000_000, 13, 86_400  # customers made at once; files of six weeks; seconds

By = Literal["day", "period"]


def log(n_customers: int, kind: Literal["csv", "parquet"]) -> list[str]:
    """Return the files of the log, each of six weeks: ``customer_id, date, amount``."""
    parquet = _once(CACHE / str(n_customers) / "parquet", lambda place: _write_log(n_customers, place))
    if kind == "csv":
        return _files(_once(CACHE / str(n_customers) / "csv", lambda place: _write_csv(parquet, place)), kind)
    return _files(parquet, kind)


def summary(n_customers: int, by: By) -> Path:
    """Return the folder of the summary that ``rfm_table`` makes of the log, by days or by whole weeks."""
    folder = CACHE / str(n_customers) / by
    if not folder.exists():
        clv.rfm_table(
            log(n_customers, "parquet"),
            out=folder,
            customer="customer_id",
            time="date",
            amount="amount",
            period="week",
            observation_end=LAST,
            collapse=by,
            intervals=True,
            memory_limit="4GB",
        )
    return folder


def in_steps(model: str, n_customers: int) -> Path:
    """Return a file with the histories of a model whose time passes in steps, each customer followed for 1 to 12."""
    folder = CACHE / str(n_customers) / model
    return _once(folder, lambda place: _write_steps(model, n_customers, place)) / "histories.parquet"


def _once(folder: Path, write: Callable[[Path], None]) -> Path:
    """Return a folder, written now if it isn't there; one that was left unfinished is begun anew."""
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(unfinished)
        unfinished.rename(folder)
    return folder


def _files(folder: Path, kind: str) -> list[str]:
    return sorted(str(path) for path in folder.glob(f"*.{kind}"))


def _chunks(n_customers: int) -> list[tuple[int, int]]:
    """Return number and size of each chunk."""
    return [(i, min(CHUNK, n_customers - begin)) for i, begin in enumerate(range(0, n_customers, CHUNK))]


def _write_log(n_customers: int, place: Path) -> None:
    chunks = place / "chunks"
    for i, size in _chunks(n_customers):
        rows = _purchases(i, size)
        of_file = pc.cast(rows["second"], pa.int64()).to_numpy() * N_FILES // (WEEKS * 7 * DAY)
        for j in range(N_FILES):
            (chunks / str(j)).mkdir(parents=True, exist_ok=True)
            pq.write_table(rows.filter(pa.array(of_file == j)), chunks / str(j) / f"{i}.parquet")
    for j in range(N_FILES):
        rows = pq.read_table(chunks / str(j)).sort_by([("second", "ascending"), ("customer_id", "ascending")])
        date = np.datetime64(START, "s") + rows["second"].to_numpy().astype("timedelta64[s]")
        log = pa.table({"customer_id": rows["customer_id"], "date": date, "amount": rows["amount"]})
        pq.write_table(log, place / f"part-{j:02d}.parquet")
    shutil.rmtree(chunks)


def _purchases(seed: int, size: int) -> pa.Table:
    """Return the purchases of a chunk; times are in seconds from the start, and all are followed to the same day."""
    rng = np.random.default_rng(seed)
    watched = rng.integers(SHORTEST * 7, WEEKS * 7 + 1, size) / 7
    who, when = clv.models.get("bgnbd").simulate(BUYING, watched, rng)
    who = np.concatenate([np.arange(size), who])
    weeks = np.concatenate([np.zeros(size), when]) + (WEEKS - watched)[who]
    second = np.minimum(np.round(weeks * 7 * DAY), WEEKS * 7 * DAY - 1).astype(np.int64)
    amount = clv.models.get("gammagamma").simulate_spend(SPEND, who, size, rng)
    return pa.table({"customer_id": who + seed * CHUNK, "second": second, "amount": amount.round(2)})


def _write_csv(parquet: Path, place: Path) -> None:
    for path in sorted(parquet.glob("*.parquet")):
        pyarrow.csv.write_csv(pq.read_table(path), place / f"{path.stem}.csv")


def _write_steps(model: str, n_customers: int, place: Path) -> None:
    names = ("customer_id", "frequency", "recency", "T")
    schema = pa.schema([(name, pa.int64() if name == "customer_id" else pa.float64()) for name in names])
    with pq.ParquetWriter(place / "histories.parquet", schema) as writer:
        for i, size in _chunks(n_customers):
            rng = np.random.default_rng(i)
            followed = rng.integers(1, MOST_STEPS + 1, size).astype(float)
            who, when = clv.models.get(model).simulate(STEPS[model], followed, rng)
            last = np.zeros(size)
            np.maximum.at(last, who, when)
            counted = np.bincount(who, minlength=size).astype(float)
            columns = (np.arange(size) + i * CHUNK, counted, last, followed)
            writer.write_table(pa.table(dict(zip(names, columns, strict=True)), schema=schema))
