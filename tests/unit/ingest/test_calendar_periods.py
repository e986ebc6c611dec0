"""Whole months, quarters and years are those of the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.ingest.periods import Span, day_of
from clvmodels.records import Period

from .ways_in import WAYS

ASKED = {"customer": "who", "time": "day", "amount": "paid", "collapse": "period"}


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


def base(days, who="a"):
    return pd.DataFrame({"who": who, "day": pd.to_datetime(days), "paid": 5.0})


@pytest.mark.parametrize("days", [
    [f"{year}-01-{day:02d}" for year, day in zip(range(2015, 2025), (3, 30, 2, 31, 1, 15, 4, 29, 1, 7), strict=True)],
    [f"{year}-01-{day:02d}" for year, day in zip(range(2015, 2025), (31, 1, 2, 3, 1, 15, 4, 29, 1, 7), strict=True)],
])  # fmt: skip
def test_who_buys_every_january_buys_every_year(days, read):
    frame, _ = read(base(days), **ASKED, period="year")
    assert frame[["frequency", "recency", "T"]].to_numpy().tolist() == [[9.0, 9.0, 9.0]]


@pytest.mark.parametrize(("period", "step"), [("month", 1), ("quarter", 3), ("year", 12)])
@pytest.mark.parametrize("seed", [1, 2])
def test_periods_are_counted_as_by_pandas(period, step, seed, read):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2019-02-17") + pd.to_timedelta(rng.integers(0, 1_800, 400), unit="D")
    log = base(days).assign(who=rng.integers(0, 40, 400))
    end = log["day"].max()
    code = {"month": "M", "quarter": "Q", "year": "Y"}[period]
    place = log["day"].dt.to_period(code).apply(lambda found: found.ordinal)
    last = end.to_period(code).ordinal
    by = place.groupby(log["who"])
    expected = pd.DataFrame({"frequency": by.nunique() - 1, "recency": by.max() - by.min(), "T": last - by.min()})
    frame, _ = read(log, **ASKED, period=period)
    assert frame[["frequency", "recency", "T"]].to_numpy().tolist() == expected.to_numpy(dtype=float).tolist()


def test_weeks_begin_on_the_weekday_of_the_first_day(read):
    frame, _ = read(base(["2022-01-05", "2022-01-11", "2022-01-12", "2022-01-19"]), **ASKED, period="week")
    assert frame[["frequency", "recency", "T"]].to_numpy().tolist() == [[2.0, 2.0, 2.0]]


def test_whole_periods_end_with_the_calendar():
    span = Span(day_of("2022-01-15", ""), day_of("2022-12-31", ""), day_of("2022-12-31", ""), Period.of("month"), True)
    assert [span.n_whole(day_of(day, "")) for day in ("2022-01-30", "2022-01-31", "2022-02-27", "2022-02-28")] == [
        0,
        1,
        1,
        2,
    ]
    assert span.days_of_part(day_of("2022-02-28", "")) == 0
    assert span.days_of_part(day_of("2022-03-02", "")) == 2
    assert span.first_day_of(2) == day_of("2022-03-01", "")


def test_a_timeline_counts_the_calendar():
    days = [f"2022-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 28)]
    rfm = clv.rfm_summary(base(days), **ASKED, period="month", observation_end="2022-12-31")
    assert rfm.timeline.purchases.tolist() == [1.0] * 12
    assert not any(note.code == "last_period_incomplete" for note in rfm.notes)


def test_a_study_keeps_back_whole_months():
    log = clv.load_cdnow(sample=True)
    study = clv.CLV(holdout=3).read(log, customer="customer_id", time="date", period="month", collapse="period")
    assert str(study.calibration.observation_end) == "1998-03-31"
    assert study.calibration.holdout.duration == 3.0
