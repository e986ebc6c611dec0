"""The same log gives the same numbers, bit by bit, whatever order its rows and the engine's threads come in."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import clvmodels as clv
from clvmodels.ingest.settled_sums import settled_sums

ASKED = {"customer": "who", "time": "day", "amount": "paid", "observation_end": "2024-06-30"}


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(7)
    n = 30_000
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 240, n), unit="D")
    cents = rng.integers(1, 30_000, n) / 100
    return pd.DataFrame({"who": rng.integers(0, 300, n), "day": days, "paid": cents})


def shuffled(log):
    return [log.sample(frac=1, random_state=seed) for seed in range(4)]


@pytest.mark.parametrize("how", [{}, {"holdout_end": "2024-08-01"}, {"collapse": "period"}])
def test_a_summary_hangs_on_no_order_of_rows(how, log):
    first, *others = (clv.rfm_summary(rows, **ASKED, **how) for rows in shuffled(log))
    for other in others:
        pd.testing.assert_frame_equal(first.to_frame(), other.to_frame(), check_exact=True)
        assert first.timeline.spend.tolist() == other.timeline.spend.tolist()
    assert first.total_spend.tolist() == np.round(first.total_spend, 2).tolist()  # cents stay cents


def test_a_table_on_disk_hangs_on_no_order_of_rows(log, tmp_path):
    tables = []
    for k, rows in enumerate(shuffled(log)):
        clv.rfm_table(rows, **ASKED, out=tmp_path / f"{k}", memory_limit="1GB")
        tables.append(
            pq.read_table(tmp_path / f"{k}" / "summary.parquet")
            .to_pandas()
            .sort_values("customer_id", ignore_index=True)
        )
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other, check_exact=True)


def test_settled_sums_are_the_nearest_of_fourteen_digits():
    rng = np.random.default_rng(1)
    exact = rng.integers(-(10**12), 10**12, 1000) / 10.0 ** rng.integers(0, 15, 1000)
    noise = exact * (1 + rng.uniform(-1e-15, 1e-15, 1000))
    assert settled_sums(noise).tolist() == exact.tolist()
    odd = np.array([0.0, np.inf, -np.inf, 1e300, 5e-324, 123456789012345678.0])
    assert settled_sums(odd).tolist() == odd.tolist()
    assert np.isnan(settled_sums(np.array([np.nan]))).all()
