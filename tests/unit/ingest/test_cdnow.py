"""The facts that pin the CDNOW summary, and lifetimes as an independent witness."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifetimes.utils import calibration_and_holdout_data, summary_data_from_transaction_data

from clvmodels.ingest import load_cdnow, rfm_summary

ENDS = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount"}


@pytest.mark.parametrize(
    ("sample", "customers", "records", "days", "repeats", "holdout", "once"),
    [(True, 2_357, 6_919, 6_696, 2_457, 1_882, 1_411), (False, 23_570, 69_659, 67_591, 24_337, 19_684, 14_119)],
)
def test_the_published_counts_come_out(sample, customers, records, days, repeats, holdout, once):
    log = load_cdnow(sample=sample)
    summary = rfm_summary(log, **COLUMNS, **ENDS)
    assert (len(log), len(summary)) == (records, customers)
    assert summary.frequency.sum() == repeats
    assert summary.holdout.frequency.sum() == holdout
    assert summary.holdout.duration == 39.0
    assert (summary.frequency == 0).sum() == once
    assert (summary.frequency + 1).sum() + summary.holdout.frequency.sum() == days
    assert not [note for note in summary.notes if note.level == "warning"]


def test_the_timeline_adds_up_to_the_counts():
    log = load_cdnow(sample=True)
    timeline = rfm_summary(log, **COLUMNS, **ENDS).timeline
    assert (timeline.n_observed, len(timeline.purchases)) == (39, 78)
    assert timeline.start == np.datetime64("1997-01-01")
    assert timeline.repeat_purchases[:39].sum() == 2_457
    assert timeline.repeat_purchases[39:].sum() == 1_882
    assert timeline.new_customers.sum() == 2_357
    week = (log["date"] - log["date"].min()).dt.days // 7
    np.testing.assert_allclose(timeline.spend, log["amount"].groupby(week).sum(), rtol=1e-12)


def test_lifetimes_counts_the_same():
    log = load_cdnow(sample=True)
    theirs = summary_data_from_transaction_data(
        log, "customer_id", "date", "amount", observation_period_end="1997-09-30", freq="D"
    )
    ours = rfm_summary(log, **COLUMNS, observation_end="1997-09-30")
    assert ours.customer_id.tolist() == theirs.index.tolist()
    assert np.array_equal(ours.frequency, theirs["frequency"])
    assert np.array_equal(ours.recency, theirs["recency"] / 7)
    assert np.array_equal(ours.T, theirs["T"] / 7)
    np.testing.assert_allclose(ours.monetary_value, theirs["monetary_value"], rtol=1e-12)


def test_lifetimes_holds_out_the_same():
    log = load_cdnow(sample=True)
    theirs = calibration_and_holdout_data(
        log, "customer_id", "date", "1997-09-30", "1998-06-30", freq="D", monetary_value_col="amount"
    )
    ours = rfm_summary(log, **COLUMNS, **ENDS)
    assert np.array_equal(ours.holdout.frequency, theirs["frequency_holdout"])
    assert np.array_equal(ours.T, theirs["T_cal"] / 7)
    assert ours.holdout.duration == theirs["duration_holdout"].iloc[0] / 7


def test_the_sample_is_part_of_the_whole_cohort():
    columns = ["customer_id", "date", "quantity", "amount"]
    whole, sample = load_cdnow(), load_cdnow(sample=True)
    part = whole[whole["customer_id"].isin(sample["customer_id"])]
    pd.testing.assert_frame_equal(
        part.sort_values(columns).reset_index(drop=True), sample.sort_values(columns).reset_index(drop=True)
    )
    assert whole["customer_id"].nunique() == 23_570


def test_zero_amounts_are_purchases_unless_dropped():
    log = load_cdnow()
    kept = rfm_summary(log, **COLUMNS)
    dropped = rfm_summary(log, **COLUMNS, zero_amounts="drop")
    assert "80 rows" in next(note.text for note in kept.notes if note.code == "zero_amounts")
    assert len(kept) - len(dropped) == log.groupby("customer_id")["amount"].max().eq(0).sum() > 0
    assert kept.frequency.sum() > dropped.frequency.sum()
