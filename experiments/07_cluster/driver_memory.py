"""What the driver needs while Spark holds the customers: python experiments/07_cluster/driver_memory.py 1000000"""

import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession

import clvmodels as clv

RESULTS = Path(__file__).parent / "results" / "driver_memory.csv"
BUYING = {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.4}
WEEKS, JOINING = 78, 39  # the log's length, and the weeks in which customers come in
EACH = 20_000  # customers simulated at once
HORIZON = 39


def session(folder):
    """Start Spark on this machine, its workers on this Python."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", False)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "2g")
        .config("spark.local.dir", folder)
        .config("spark.sql.shuffle.partitions", 16)
        .getOrCreate()
    )


def simulated(batches):
    """Return the log of blocks of customers, a block for each number that comes in."""
    for batch in batches:
        for block in batch.column("id").to_pylist():
            joined = np.random.default_rng(block).integers(0, JOINING, EACH)
            joined[0] = 0  # all blocks begin on the same day
            log = clv.simulate(
                "bgnbd", BUYING, n_customers=EACH, T=WEEKS - joined, spend_params=SPEND, seed=int(block) + 1
            )
            days = pa.array(log["date"].to_numpy().astype("datetime64[D]"))
            ids = pa.array(log["customer_id"].to_numpy() + block * EACH)
            yield pa.record_batch({"customer": ids, "day": days, "amount": log["amount"].to_numpy()})


def peak():
    """Return the most memory that this process has had so far, in MB; Spark itself is another process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(n_customers, spark, folder):
    """Return memory and time from a log on Spark to scores on Spark."""
    blocks = spark.range(0, n_customers // EACH, 1, min(n_customers // EACH, 200))
    blocks.mapInArrow(simulated, "customer bigint, day date, amount double").write.parquet(f"{folder}/log")
    log = spark.read.parquet(f"{folder}/log")
    found = {"customers": n_customers, "purchases": log.count(), "before_mb": peak()}
    began = time.perf_counter()
    table = clv.rfm_table(log, customer="customer", time="day", amount="amount", collapse="period")
    table.to_native().persist()
    found["histories"] = len(table.grouped(("x", "t_x", "T")))
    found |= {"group_s": time.perf_counter() - began, "group_mb": peak()}
    began = time.perf_counter()
    buying, spend = clv.fit("bgnbd", table), clv.fit("gammagamma", table)
    found |= {"fit_s": time.perf_counter() - began, "fit_mb": peak()}
    began = time.perf_counter()
    scores = clv.score(table, buying, spend=spend, horizon=HORIZON)
    scores.to_native().write.format("noop").mode("overwrite").save()
    return found | {"score_s": time.perf_counter() - began, "score_mb": peak()}


def main(n_customers):
    """Measure, and replace the line of that many customers."""
    with TemporaryDirectory() as folder:
        spark = session(folder)
        row = pd.DataFrame([measured(n_customers, spark, folder)])
        spark.stop()
    if RESULTS.exists():
        before = pd.read_csv(RESULTS)
        row = pd.concat([before[before["customers"] != n_customers], row])
    RESULTS.parent.mkdir(exist_ok=True)
    row.sort_values("customers").to_csv(RESULTS, index=False, float_format="%.0f")


if __name__ == "__main__":
    main(int(sys.argv[1]))
