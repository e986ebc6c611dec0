"""Logs that come batch by batch: Arrow datasets, readers, streams, and queries of a warehouse."""

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import clvmodels as clv
from clvmodels.errors import InputError

ASKED = {"customer": "customer", "time": "date", "amount": "amount", "groups": "segment", "refunds": "customer"}


class Streaming:
    """Something that hands out Arrow and nothing else."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Query:
    """A table of a warehouse that is computed when batches are asked for, with the words of ibis."""

    def __init__(self, table):
        self._table = table
        self.columns = tuple(table.column_names)

    def select(self, *names):
        return Query(self._table.select(list(names)))

    def to_pyarrow_batches(self):
        assert set(self.columns) < {"customer", "date", "amount", "segment", "remark"}, "more was asked for than needed"
        return self._table.to_reader(max_chunksize=100)


def dataset(table, folder):
    for i in range(3):
        pq.write_table(table.slice(i * 1_500, 1_500), folder / f"part-{i}.parquet")
    return ds.dataset(folder)


def warehouse(table, folder):
    """Return the log as a table of a database, seen through ibis."""
    return ibis.sqlite.connect(folder / "shop.sqlite").create_table("log", table)


KINDS = {
    "dataset": dataset,
    "reader": lambda table, folder: table.to_reader(max_chunksize=97),
    "stream": lambda table, folder: Streaming(table),
    "query": lambda table, folder: Query(table),
    "warehouse": warehouse,
}


@pytest.fixture
def table(log):
    return pa.Table.from_pandas(log.assign(remark="x"), preserve_index=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_that_comes_batch_by_batch_has_the_summary_of_a_whole_one(kind, table, log, tmp_path):
    found = clv.rfm_summary(KINDS[kind](table, tmp_path), **ASKED)
    expected = clv.rfm_summary(log, **ASKED)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=1e-12, atol=1e-12)
    assert found.notes == expected.notes
    assert isinstance(found.to_native(), pd.DataFrame if kind in ("query", "warehouse") else pa.Table)


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_into_a_table_on_disk_too(kind, table, log, tmp_path):
    (tmp_path / "log").mkdir()
    stored = clv.rfm_table(KINDS[kind](table, tmp_path / "log"), out=tmp_path / "out", **ASKED, memory_limit="500MB")
    assert len(stored) == log["customer"].nunique()


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_have_the_usual_sentences(kind, table, tmp_path):
    with pytest.raises(InputError, match=r"The log has no column 'amounts'. Did you mean 'amount'\?"):
        clv.rfm_summary(KINDS[kind](table, tmp_path), **ASKED | {"amount": "amounts"})
    gaps = table.set_column(0, "customer", pa.array([None] * 2 + table["customer"].to_pylist()[2:]))
    (tmp_path / "gaps").mkdir()
    with pytest.raises(InputError, match="The log has 2 rows with no customer in 'customer'"):
        clv.rfm_summary(KINDS[kind](gaps, tmp_path / "gaps"), **ASKED)


def test_a_source_that_breaks_off_is_named(table):
    def batches():
        yield table.to_batches()[0]
        raise OSError("the warehouse has gone to sleep")

    reader = pa.RecordBatchReader.from_batches(table.schema, batches())
    with pytest.raises(InputError, match=r"the warehouse has gone to sleep.*; check that what hands out its batches"):
        clv.rfm_summary(reader, **ASKED)


def test_frames_that_could_also_stream_stay_what_they_are(log):
    assert isinstance(clv.rfm_summary(pl.from_pandas(log), **ASKED).to_native(), pl.DataFrame)
    with pytest.raises(InputError, match="two columns of one name"):
        clv.rfm_summary(pd.concat([log, log["amount"]], axis=1), **ASKED)


def test_a_stream_is_never_whole_in_memory():
    rows, batches = 100_000, 60
    schema = pa.schema({"who": pa.int64(), "on": pa.date32(), "paid": pa.float64(), "unused": pa.string()})
    most = 0

    def made():
        nonlocal most
        rng = np.random.default_rng(1)
        for _ in range(batches):
            most = max(most, pa.total_allocated_bytes() - before)
            days = pa.array(rng.integers(19_000, 19_300, rows).astype(np.int32)).cast(pa.date32())
            columns = [rng.integers(0, 5_000, rows), days, rng.random(rows), ["x" * 20] * rows]
            yield pa.record_batch([pa.array(column) for column in columns], schema=schema)

    before = pa.total_allocated_bytes()
    reader = pa.RecordBatchReader.from_batches(schema, made())
    summary = clv.rfm_summary(reader, customer="who", time="on", amount="paid", intervals=False)
    assert len(summary) == 5_000
    a_batch = rows * (8 + 4 + 8 + 24)
    assert most < 10 * a_batch  # of 60; the engine reads a few ahead


def test_a_stream_that_breaks_off_says_why(table):
    def made():
        yield from table.to_batches(max_chunksize=100)[:2]
        raise OSError("the warehouse hung up")

    with pytest.raises(InputError, match=r"can't be read to its end .*the warehouse hung up"):
        clv.rfm_summary(pa.RecordBatchReader.from_batches(table.schema, made()), **ASKED)
