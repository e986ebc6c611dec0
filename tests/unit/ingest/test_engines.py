"""Whatever kind of table comes in, the same summary comes out."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clvmodels.ingest import as_summary, rfm_summary

ASKED = {"customer": "customer", "time": "date", "amount": "amount", "groups": "segment"}
ENDS = {"observation_end": "2023-10-31", "holdout_end": "2024-04-30"}


@pytest.mark.parametrize("refunds", ["drop", "day", "customer"])
def test_every_engine_gives_the_same_summary(kind, refunds, log, as_kind):
    expected = rfm_summary(log, **ASKED, **ENDS, refunds=refunds)
    found = rfm_summary(as_kind(kind, log), **ASKED, **ENDS, refunds=refunds)
    if kind.startswith("csv"):  # ids of text files are text, in the order of numbers where they are written so
        expected = replace(expected, customer_id=expected.customer_id.astype(str).astype(object))
    # 1e-12: the engines may add up a customer's few amounts in different orders.
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=1e-12, atol=1e-12, check_dtype=False)
    for name in ("purchases", "repeat_purchases", "new_customers", "spend"):
        np.testing.assert_allclose(getattr(found.timeline, name), getattr(expected.timeline, name), rtol=1e-12)
    assert [note.text for note in found.notes] == [note.text for note in expected.notes]


@pytest.mark.parametrize(
    ("kind", "returned"),
    [
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("polars lazy", pl.LazyFrame),
        ("pyarrow", pa.Table),
        ("duckdb with decimals", duckdb.DuckDBPyRelation),
        ("csv", pd.DataFrame),
        ("parquet list", pd.DataFrame),
    ],
)
def test_what_comes_in_decides_what_goes_out(kind, returned, log, as_kind):
    native = rfm_summary(as_kind(kind, log), **ASKED, refunds="drop").to_native()
    assert isinstance(native, returned)
    frame = native.lazy().collect() if returned is pl.LazyFrame else native
    assert len(frame) == log["customer"].nunique()


def test_a_relation_that_goes_out_joins_with_the_one_that_came_in(log, as_kind):
    relation = as_kind("duckdb with decimals", log)
    native = rfm_summary(relation, **ASKED, refunds="drop").to_native()
    joined = relation.set_alias("log").join(native, "log.customer = customer_id")
    assert len(joined) == len(log)


def test_nothing_is_written_to_a_database_that_comes_in(log, as_kind):
    relation = as_kind("duckdb with decimals", log)
    result = rfm_summary(relation, **ASKED, refunds="customer", same_customer={1: 2})
    result.to_native()
    objects = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
    assert relation.query("log", objects).fetchall() == [("log",)]


def test_sums_on_a_chunked_arrow_table_are_the_same_every_time(log, as_kind):
    table = as_kind("pyarrow in many chunks", pd.concat([log] * 20, ignore_index=True))
    results = [rfm_summary(table, **ASKED, refunds="drop") for _ in range(5)]
    for result in results[1:]:
        np.testing.assert_allclose(result.total_spend, results[0].total_spend, rtol=1e-12)
        assert np.array_equal(result.groups["segment"], results[0].groups["segment"])


def test_a_log_without_amounts_has_no_money(log):
    summary = rfm_summary(log, customer="customer", time="date", **ENDS)
    assert summary.monetary_value is None
    assert summary.total_spend is None
    assert summary.recent_spend is None
    assert summary.holdout.spend is None
    assert summary.timeline.spend is None
    assert summary.frequency.sum() > 0


@pytest.mark.parametrize("kind", ["pandas", "polars lazy", "pyarrow", "csv", "parquet"])
def test_an_aggregated_table_comes_from_every_engine(kind, as_kind):
    table = pd.DataFrame({"customer_id": [5, 3], "frequency": [2, 0], "recency": [3.5, 0.0], "T": [9.0, 4.0]})
    summary = as_summary(as_kind(kind, table), period="week")
    assert summary.customer_id.tolist() == (["5", "3"] if kind == "csv" else [5, 3])
    assert summary.recency.tolist() == [3.5, 0.0]


def test_columns_that_nobody_asked_for_are_not_read(log):
    odd = log.assign(remark=[1, "text"] * (len(log) // 2))
    assert len(rfm_summary(odd, **ASKED, refunds="drop")) == log["customer"].nunique()


def test_ids_keep_their_leading_zeros_in_a_csv_file(tmp_path):
    (tmp_path / "log.csv").write_text("who,day\n007,2024-01-05\n7,2024-01-06\n")
    assert rfm_summary(tmp_path / "log.csv", customer="who", time="day").customer_id.tolist() == ["007", "7"]


def test_the_summary_is_sorted_by_customer_whatever_the_order_of_the_log(log):
    summary = rfm_summary(log.sample(frac=1.0, random_state=3), **ASKED, refunds="drop")
    assert np.all(np.diff(summary.customer_id) > 0)
