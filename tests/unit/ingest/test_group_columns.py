"""Columns carried along stay what they are: numbers numbers, text text."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clvmodels as clv

LOG = pd.DataFrame(
    {
        "who": ["a", "a", "b", "b", "c"],
        "on": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-05", "2024-03-01", "2024-01-09"]),
        "age": [30, 31, 40, 40, 50],
        "size": [1.5, 1.5, 2.5, 2.5, 0.5],
        "member": [True, True, False, False, True],
        "shop": ["x", "y", "x", "x", "y"],
    }
)
GROUPS = ["age", "size", "member", "shop"]
KINDS = {"pandas": lambda log: log, "polars": pl.from_pandas, "arrow": pa.Table.from_pandas}


def summary_of(log, groups=GROUPS):
    return clv.rfm_summary(log, customer="who", time="on", groups=groups, observation_end="2024-04-01")


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_stay_numbers_and_the_first_purchase_counts(kind):
    rfm = summary_of(KINDS[kind](LOG))
    assert rfm.groups["age"].tolist() == [30, 40, 50]
    assert rfm.groups["age"].dtype.kind in "if"
    assert rfm.groups["size"].tolist() == [1.5, 2.5, 0.5]
    assert rfm.groups["member"].tolist() == [True, False, True]
    assert rfm.groups["shop"].tolist() == ["x", "x", "y"]
    several = [note.text for note in rfm.notes if note.code == "several_groups"]
    assert [text.split("'")[1] for text in several] == ["age", "shop"]


def test_missing_numbers_are_missing_and_missing_text_is_a_group():
    log = LOG.assign(age=[30, 30, np.nan, 40, 50], shop=["x", "x", None, "x", "y"])
    rfm = summary_of(log, ["age", "shop"])
    np.testing.assert_array_equal(rfm.groups["age"], [30, np.nan, 50])
    assert rfm.groups["shop"].tolist() == ["x", "unknown", "y"]
    assert [note.code for note in rfm.notes].count("missing_groups") == 2


def test_decimals_are_numbers():
    log = pa.Table.from_pandas(LOG.assign(size=[Decimal("1.5"), Decimal("1.5"), None, None, Decimal("0.5")]))
    np.testing.assert_array_equal(summary_of(log, "size").groups["size"], [1.5, np.nan, 0.5])


def test_an_aggregated_table_carries_its_columns_alike():
    table = pd.DataFrame({"frequency": [0, 1, 2], "recency": [0.0, 3.0, 9.0], "T": [10.0, 10.0, 10.0]})
    table = table.assign(age=[30, 40, 50], shop=["x", None, "y"])
    rfm = clv.as_summary(table, period="week", groups=["age", "shop"])
    assert rfm.groups["age"].dtype.kind in "if"
    assert rfm.groups["shop"].tolist() == ["x", "unknown", "y"]
