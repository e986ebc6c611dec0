"""A summary that was saved in a folder comes back as it was."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from clvmodels import as_summary, rfm_summary
from clvmodels.records import Note, Period, Summary, Timeline
from clvmodels.storage.folder import load_summary, save_summary


def same(one, other):
    if one is None or other is None:
        return one is other
    return bool(np.all(one == other)) and np.asarray(one).dtype == np.asarray(other).dtype


def different(one, other):
    """Return the fields in which two records differ."""
    return [field.name for field in fields(one) if not same(getattr(one, field.name), getattr(other, field.name))]


def assert_same(one, other):
    simple = [
        field.name for field in fields(Summary) if field.name not in ("groups", "as_native", "holdout", "timeline")
    ]
    assert [name for name in simple if not same(getattr(one, name), getattr(other, name))] == []
    assert list(one.groups) == list(other.groups)
    assert all(same(one.groups[name], other.groups[name]) for name in one.groups)
    for mine, theirs in ((one.holdout, other.holdout), (one.timeline, other.timeline)):
        assert (mine is None) == (theirs is None)
        assert mine is None or different(mine, theirs) == []


@pytest.fixture
def summary(log):
    return rfm_summary(
        log.assign(mail=log["mail"].where(log["customer_id"] > 100)),
        customer="customer_id",
        time="date",
        amount="amount",
        groups=["channel", "mail"],
        observation_end="1997-09-30",
        holdout_end="1998-06-27",
    )


def back(summary, folder):
    save_summary(summary, folder, name="kept")
    return load_summary(folder, name="kept")


def test_everything_comes_back(summary, tmp_path):
    assert summary.timeline is not None
    assert summary.holdout is not None
    assert summary.notes
    assert_same(back(summary, tmp_path), summary)


def test_text_ids_come_back_as_text(log, tmp_path):
    summary = rfm_summary(log, customer="mail", time="date", period="month")
    assert_same(back(summary, tmp_path), summary)


def test_a_bare_summary_comes_back(tmp_path):
    table = {"frequency": [2, 0], "recency": [30.43, 0.0], "T": [38.86, 38.86]}
    summary = as_summary(pd.DataFrame(table), period="week")
    assert_same(back(summary, tmp_path), summary)


def test_awkward_values_come_back(summary, tmp_path):
    awkward = replace(
        summary,
        period=Period("10-day period", 10.0),
        recent_window=1 / 3,
        notes=(Note("odd", 'Quotes ", dashes – and a\u2028line', "warning"),),
        groups={"T": summary.groups["channel"], "customer_id": summary.customer_id % 7},
        timeline=Timeline(np.datetime64("1997-01-01"), 1, *(np.array([0.1, 1e300]),) * 3),
    )
    assert_same(back(awkward, tmp_path), awkward)
