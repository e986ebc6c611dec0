"""A table that has one row a customer already."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl

from clvmodels.ingest import as_summary, load_cdnow, rfm_summary


def test_a_summary_survives_the_way_through_a_table():
    log = load_cdnow(sample=True)
    ends = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
    summary = rfm_summary(log, customer="customer_id", time="date", amount="amount", **ends)
    again = as_summary(summary.to_frame(), period="week", holdout="39 weeks")
    for name in ("customer_id", "frequency", "recency", "T", "monetary_value", "total_spend", "litt"):
        assert np.array_equal(getattr(again, name), getattr(summary, name))
    assert again.holdout.duration == summary.holdout.duration
    assert np.array_equal(again.holdout.frequency, summary.holdout.frequency)
    assert np.array_equal(again.holdout.spend, summary.holdout.spend)


def test_the_least_table_knows_nothing_of_money():
    summary = as_summary(pd.DataFrame({"frequency": [1], "recency": [2.0], "T": [3.0]}), period="month")
    assert summary.customer_id.tolist() == [0]
    assert summary.monetary_value is None
    assert summary.total_spend is None
    assert summary.litt is None
    assert summary.holdout is None
    assert summary.period.name == "month"


def test_groups_are_carried_along_and_other_columns_are_not():
    table = pl.DataFrame({"frequency": [1, 0], "recency": [2.0, 0], "T": [3.0, 3.0], "shop": ["a", "b"], "x": [1, 2]})
    summary = as_summary(table, period="week", groups="shop")
    assert summary.by_group("shop").keys() == {"a", "b"}
    assert isinstance(summary.to_native(), pl.DataFrame)
    assert "x" not in summary.to_frame()
