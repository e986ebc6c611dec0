"""Days, time zones, whole periods, windows and what is said about the ends of a log."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from clvmodels import heuristics
from clvmodels.ingest import rfm_summary

ASKED = {"customer": "who", "time": "day", "amount": "paid"}


def _log(*days, who=1, paid=5.0):
    return pd.DataFrame({"who": who, "day": pd.to_datetime(list(days), format="ISO8601"), "paid": paid})


def _codes(summary, level=None):
    return [note.code for note in summary.notes if level in (None, note.level)]


@pytest.mark.parametrize(
    ("period", "days"),
    [("day", 1), ("week", 7), ("month", 30.4375), ("quarter", 91.3125), ("year", 365.25), (timedelta(days=10), 10)],
)
def test_recency_and_observed_time_are_exact_fractions_of_the_period(period, days):
    summary = rfm_summary(_log("2024-01-03", "2024-02-20"), **ASKED, period=period, observation_end="2024-03-31")
    assert summary.recency[0] == 48 / days
    assert summary.T[0] == 88 / days


@pytest.mark.parametrize(
    "end", ["2024-03-31", date(2024, 3, 31), np.datetime64("2024-03-31"), pd.Timestamp("2024-03-31 15:00")]
)
def test_any_kind_of_date_ends_the_observation(end):
    assert rfm_summary(_log("2024-01-03"), **ASKED, observation_end=end).observation_end == np.datetime64("2024-03-31")


def test_moments_of_one_day_are_one_purchase():
    summary = rfm_summary(_log("2024-01-03 00:00", "2024-01-03 23:59:59.999999", "2024-01-04 00:00"), **ASKED)
    assert summary.frequency.tolist() == [1]
    assert summary.monetary_value.tolist() == [5]
    assert summary.total_spend.tolist() == [15]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_resolution_of_the_clock_does_not_matter(unit):
    log = _log("1969-12-31 23:00", "1970-01-02 01:00")
    summary = rfm_summary(log.astype({"day": f"datetime64[{unit}]"}), **ASKED, period="day")
    assert summary.recency.tolist() == [2]
    assert summary.first_purchase.tolist() == [date(1969, 12, 31)]


def test_columns_of_dates_are_read():
    log = _log("2024-01-03", "2024-01-10")
    expected = rfm_summary(log, **ASKED).to_frame()
    for other in (log.assign(day=log["day"].dt.date), pl.from_pandas(log).with_columns(pl.col("day").cast(pl.Date))):
        pd.testing.assert_frame_equal(rfm_summary(other, **ASKED).to_frame(), expected)


@pytest.mark.parametrize("session", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_the_time_zone_of_the_session_plays_no_part(session):
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{session}'")
    aware = connection.sql(
        "SELECT 1 AS who, 5.0 AS paid, unnest([TIMESTAMPTZ '2024-01-01 23:30:00+00', "
        "TIMESTAMPTZ '2024-01-02 00:30:00+00', TIMESTAMPTZ '2024-01-02 23:30:00+00']) AS day"
    )
    naive = aware.query("aware", "SELECT who, paid, timezone('Europe/Berlin', day) AS day FROM aware")
    for relation, tz in ((aware, "Europe/Berlin"), (naive, None)):
        summary = rfm_summary(relation, **ASKED, tz=tz, period="day")
        assert summary.frequency.tolist() == [1]
        assert summary.first_purchase.tolist() == [date(2024, 1, 2)]
    assert rfm_summary(aware, **ASKED, tz="America/New_York").first_purchase.tolist() == [date(2024, 1, 1)]


@pytest.mark.parametrize("kind", ["pandas", "polars lazy", "parquet"])
def test_days_are_taken_in_the_zone_asked_for(kind, as_kind):
    log = _log("2024-01-01 23:30", "2024-01-02 00:30")
    log["day"] = log["day"].dt.tz_localize("UTC")
    assert rfm_summary(as_kind(kind, log), **ASKED, tz="UTC").frequency.tolist() == [1]
    assert rfm_summary(as_kind(kind, log), **ASKED, tz="Europe/Berlin").frequency.tolist() == [0]


def test_whole_periods_count_at_most_one_purchase_each():
    log = _log("2024-01-01", "2024-01-07", "2024-01-08", "2024-01-29", "2024-02-03")
    summary = rfm_summary(log, **ASKED, collapse="period", observation_end="2024-02-04")
    assert summary.frequency.tolist() == [2]
    assert summary.recency.tolist() == [4]
    assert summary.T.tolist() == [4]
    assert summary.total_spend.tolist() == [25]
    assert summary.monetary_value.tolist() == [7.5]
    assert summary.timeline.purchases.tolist() == [1, 1, 0, 0, 1]
    assert summary.timeline.repeat_purchases.tolist() == [0, 1, 0, 0, 1]


def test_a_purchase_after_the_end_is_never_observed_in_whole_periods():
    log = _log("2024-01-01", "2024-01-16", "2024-01-19")
    summary = rfm_summary(log, **ASKED, collapse="period", observation_end="2024-01-17", holdout_end="2024-02-04")
    assert (summary.frequency[0], summary.total_spend[0]) == (1, 10)
    assert (summary.holdout.frequency[0], summary.holdout.spend[0], summary.holdout.duration) == (1, 5, 2)
    assert "last_period_incomplete" in _codes(summary, "warning")


def test_the_recent_window_counts_back_from_the_end():
    log = _log("2024-01-01", "2024-03-17", "2024-03-18", "2024-03-31")
    two_weeks = rfm_summary(log, **ASKED, recent="2 weeks")
    assert two_weeks.recent_window == 2
    assert two_weeks.recent_purchases.tolist() == [2]
    assert two_weeks.recent_spend.tolist() == [10]
    assert rfm_summary(log, **ASKED, recent=15 / 7).recent_purchases.tolist() == [3]
    assert rfm_summary(log, **ASKED, period="month").recent_window == 3
    assert rfm_summary(log, **ASKED).recent_purchases.tolist() == [4]
    whole = rfm_summary(log, **ASKED, recent=2, collapse="period")
    assert whole.recent_purchases.tolist() == [2]


def daily(n):
    """Return a log of a customer who buys every day for so many days, from Monday, the first of January 2024."""
    return _log(*(date(2024, 1, 1) + timedelta(days=i) for i in range(n)))


@pytest.mark.parametrize(
    ("recent", "days"),
    [("1 week", 7), (2, 14), (10 / 7, 10), ("1 month", 31), ("2 months", 61), (None, 92), ("10.4 days", 11)],
)
def test_a_purchase_is_recent_when_less_than_the_window_ago(recent, days):
    """A quarter of a year has 91.3 days: from today, 0 days ago, to 91 days ago there are 92."""
    assert rfm_summary(daily(140), **ASKED, recent=recent).recent_purchases.tolist() == [days]
    assert rfm_summary(daily(140), **ASKED, recent=recent).recent_spend.tolist() == [5 * days]


@pytest.mark.parametrize(("n_days", "recent", "weeks"), [(140, 2, 2), (140, 1, 1), (144, 3, 3), (140, 2.5, 3)])
def test_whole_periods_are_recent_from_their_first_day_on(n_days, recent, weeks):
    """144 days end in a week just begun, which is one of the recent ones."""
    summary = rfm_summary(daily(n_days), **ASKED, recent=recent, collapse="period")
    assert summary.recent_purchases.tolist() == [weeks]


def test_who_buys_every_day_of_the_window_goes_on_every_day():
    for recent in ("1 week", 2, 10 / 7):
        summary = rfm_summary(daily(140), **ASKED, recent=recent)
        ahead = heuristics.forecast("recent_run_rate", summary, horizon=3)
        assert ahead.purchases[0] == pytest.approx(21, rel=1e-12, abs=0)
        assert ahead.spend[0] == pytest.approx(105, rel=1e-12, abs=0)


def test_customers_who_came_later_are_left_out_and_counted():
    log = pd.concat([_log("2024-01-01", "2024-02-10"), _log("2024-02-05", "2024-02-06", who=2)])
    for ends in ({}, {"holdout_end": "2024-02-11"}):
        summary = rfm_summary(log, **ASKED, observation_end="2024-01-28", **ends)
        assert summary.customer_id.tolist() == [1]
        assert "1 customer who first bought" in next(n.text for n in summary.notes if n.code == "first_bought_later")
        assert summary.timeline.purchases.sum() == (2 if ends else 1)
    assert summary.holdout.frequency.tolist() == [1]


def test_rows_after_the_last_end_are_counted_in_a_note():
    log = _log("2024-01-01", "2024-01-20", "2024-02-10")
    summary = rfm_summary(log, **ASKED, observation_end="2024-01-14", holdout_end="2024-01-28")
    assert "1 row after 2024-01-28" in next(n.text for n in summary.notes if n.code == "after_end")
    assert summary.holdout.frequency.tolist() == [1]


def test_a_holdout_beyond_the_log_is_a_warning():
    summary = rfm_summary(
        _log("2024-01-01", "2024-01-20"), **ASKED, observation_end="2024-01-14", holdout_end="2024-03-01"
    )
    assert "holdout_incomplete" in _codes(summary, "warning")


def test_a_log_that_stops_long_before_the_end_is_a_warning():
    log = _log(*pd.date_range("2024-01-01", "2024-02-29"), who=range(60))
    assert "log_ends_early" in _codes(rfm_summary(log, **ASKED, observation_end="2024-03-31"), "warning")
    assert "log_ends_early" not in _codes(rfm_summary(log, **ASKED, observation_end="2024-03-03"))


def test_an_end_inside_a_period_is_said_where_nobody_chose_it():
    log = _log("2024-01-01", "2024-01-17")
    assert "last_period_incomplete" in _codes(rfm_summary(log, **ASKED), "info")
    assert "last_period_incomplete" not in _codes(rfm_summary(log, **ASKED, observation_end="2024-01-17"))
    assert "last_period_incomplete" not in _codes(rfm_summary(_log("2024-01-01", "2024-01-14"), **ASKED))


def test_the_timeline_leaves_the_last_part_of_a_period_out():
    timeline = rfm_summary(_log("2024-01-01", "2024-01-08", "2024-01-15"), **ASKED).timeline
    assert timeline.purchases.tolist() == [1, 1]
    assert timeline.n_observed == 2


def test_a_log_shorter_than_a_period_has_no_timeline():
    assert rfm_summary(_log("2024-01-01", "2024-01-03"), **ASKED).timeline is None


def test_the_first_purchase_decides_on_the_group():
    log = pd.DataFrame(
        {
            "who": ["a", "a", "a", "b", "b", "c"],
            "day": pd.to_datetime(["2024-01-05", "2024-01-01", "2024-01-01", "2024-01-02", "2024-02-20", "2024-01-02"]),
            "channel": ["web", "shop", "app", "shop", "web", None],
            "size": [3, 2, 1, 1, 1, 4],
        }
    )
    summary = rfm_summary(log, customer="who", time="day", groups=["channel", "size"], observation_end="2024-01-31")
    assert summary.groups["channel"].tolist() == ["app", "shop", "unknown"]
    assert summary.groups["size"].tolist() == [1, 1, 4]
    texts = [note.text for note in summary.notes if note.code == "several_groups"]
    assert [text.split(";")[0] for text in texts] == [
        "Several values of 'channel': 1 customer",
        "Several values of 'size': 1 customer",
    ]
    assert "missing_groups" in _codes(summary)


def test_groups_are_those_of_the_customers_even_where_some_are_left_out():
    log = pd.concat([_log("2024-03-01", who=1), _log("2024-01-01", who=2)]).assign(segment=["late", "early"])
    summary = rfm_summary(log, **ASKED, groups="segment", observation_end="2024-02-01")
    assert summary.groups["segment"].tolist() == ["early"]
    grouped = rfm_summary(log, **ASKED, groups="segment", collapse="period")
    assert grouped.groups["segment"].tolist() == ["late", "early"]


@pytest.mark.parametrize("zero_amounts", ["keep", "drop"])
def test_what_is_said_of_amounts_is_said_of_rows_that_count(zero_amounts):
    """Three rows of zero are observed, two are in the holdout, and four come after the end."""
    days = ["2024-01-03", "2024-01-05", "2024-01-10", "2024-01-20", "2024-01-22"]
    later = ["2024-02-01", "2024-02-02", "2024-02-03", "2024-02-04"]
    log = pd.concat([_log("2024-01-01", "2024-01-12", "2024-01-24"), _log(*days, *later, paid=0.0)])
    asked = ASKED | {"zero_amounts": zero_amounts}
    for ends, said in (
        ({"observation_end": "2024-01-14"}, "3 rows"),
        ({"observation_end": "2024-01-14", "holdout_end": "2024-01-28"}, "5 rows"),
        ({}, "9 rows"),
    ):
        text = next(note.text for note in rfm_summary(log, **asked, **ends).notes if note.code == "zero_amounts")
        assert f": {said} with an amount of zero" in text
    before = {"observation_end": "2024-01-02"}
    assert "zero_amounts" not in _codes(rfm_summary(log, **asked, **before))
