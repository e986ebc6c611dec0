"""Contracts into renewals: the calendar, every kind of table, and rows that can't be."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

TABLE = pd.DataFrame(
    {
        "who": ["ann", "bob", "cid", "dee", "eve", "fay"],
        "from": pd.to_datetime(["2024-01-31", "2024-01-15", "2024-01-15", "2024-01-15", "2024-06-20", "2024-02-29"]),
        "to": pd.to_datetime([None, "2024-02-15", "2024-02-16", "2024-07-10", None, "2024-06-28"]),
        "fee": [10.0, 20.0, 20.0, 5.0, 8.0, 9.0],
        "plan": ["s", "m", "m", "l", "s", "l"],
    }
)


def read(table=TABLE, **changes):
    asked = {
        "start": "from",
        "end": "to",
        "customer": "who",
        "price": "fee",
        "period": "month",
        "observation_end": "2024-06-30",
    }
    return clv.as_contracts(table, **(asked | changes))


def test_renewals_go_by_the_calendar():
    base = read()
    # ann: Feb 29, Mar 31, Apr 30, May 31, Jun 30; bob ended on the first point, cid a day later; dee ends after the
    # observation; eve came ten days ago; fay: Mar 29, Apr 29, May 29, Jun 29, and left before that one.
    np.testing.assert_array_equal(base.frequency, [5, 0, 1, 5, 0, 3])
    np.testing.assert_array_equal(base.T, [5, 5, 5, 5, 0, 4])
    np.testing.assert_array_equal(base.recency, base.frequency)
    np.testing.assert_array_equal(base.monetary_value, [10, 0, 20, 5, 0, 9])
    np.testing.assert_array_equal(base.total_spend, [60, 20, 40, 30, 8, 36])
    assert list(base.customer_id) == list(TABLE["who"])
    assert base.notes == ()


@pytest.mark.parametrize(
    "made",
    [
        pl.from_pandas,
        lambda t: pl.from_pandas(t).lazy(),
        lambda t: pa.Table.from_pandas(t, preserve_index=False),
        lambda t: duckdb.connect().from_arrow(pa.Table.from_pandas(t, preserve_index=False)),
        lambda t: t.assign(**{"from": t["from"].dt.date, "to": [None if pd.isna(d) else d.date() for d in t["to"]]}),
    ],
    ids=["polars", "lazy", "pyarrow", "duckdb", "dates"],
)
def test_every_engine_says_the_same(made):
    base = read(made(TABLE), groups="plan")
    right = read(groups="plan")
    pd.testing.assert_frame_equal(base.to_frame(), right.to_frame(), check_dtype=False)


def test_files_are_read(tmp_path):
    TABLE.to_csv(tmp_path / "contracts.csv", index=False)
    pd.testing.assert_frame_equal(read(tmp_path / "contracts.csv").to_frame(), read().to_frame(), check_dtype=False)


def test_contracts_that_all_run_need_no_end():
    base = read(TABLE.assign(to=pd.NaT))
    np.testing.assert_array_equal(base.frequency, base.T)
    base = read(TABLE.assign(to=None))
    np.testing.assert_array_equal(base.frequency, base.T)


@pytest.mark.parametrize(("period", "points"), [("year", 2), ("quarter", 8), (timedelta(days=30), 25), ("week", 108)])
def test_other_periods_are_counted(period, points):
    table = pd.DataFrame({"from": pd.to_datetime(["2022-05-31"]), "to": [pd.NaT]})
    base = read(table, customer=None, price=None, period=period)
    assert base.T[0] == points


@pytest.mark.slow
@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(1, 200), st.booleans())
def test_who_ends_on_a_renewal_point_has_not_renewed_there(start, n, day_later):
    year, month = divmod(start.year * 12 + start.month - 1 + n, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    point = date(year, month + 1, min(start.day, last))
    end = point + timedelta(days=1) if day_later else point
    table = pd.DataFrame({"from": [start], "to": [end]})
    base = read(table, customer=None, price=None, observation_end="2100-01-01")
    assert base.frequency[0] == n - (not day_later)


def test_the_holdout_counts_renewals_of_who_is_there():
    base = read(observation_end="2024-04-30", holdout_end="2024-06-30")
    assert base.holdout.duration == 2
    # eve came in the holdout; dee renews twice; fay once, then leaves; bob and cid were gone.
    assert list(base.customer_id) == ["ann", "bob", "cid", "dee", "fay"]
    np.testing.assert_array_equal(base.holdout.frequency, [2, 0, 0, 2, 1])
    np.testing.assert_array_equal(base.holdout.spend, [20, 0, 0, 10, 9])
    assert [note.code for note in base.notes] == ["started_later"]


def test_a_base_of_contracts_is_compared_on_its_holdout():
    rng = np.random.default_rng(1)
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700, 800), unit="D")
    months = np.minimum(rng.geometric(rng.beta(0.8, 6.0, 800)), 240)
    table = pd.DataFrame({"from": start, "to": start + pd.to_timedelta(30.4375 * months, unit="D")})
    base = read(table, customer=None, price=None, observation_end="2022-12-31", holdout_end="2023-06-30")
    board = clv.compare(base, models=["sbg", "bdw"], heuristics=[]).to_frame().set_index("name")
    assert abs(board.loc["sbg", "bias"]) < 0.1
    # Everybody who runs renews for ever: the better median, so no measure of absolute error, and too much in sum.
    assert board.loc["sbg", "rmse"] < board.loc["run_rate", "rmse"]
    assert board.loc["run_rate", "bias"] > 0.1


def test_what_ended_since_the_last_point_is_named():
    base = read(TABLE.assign(to=pd.to_datetime([None, None, None, "2024-06-20", "2024-06-25", None])))
    assert [note.code for note in base.notes] == ["ended_since_last_point"]
    assert base.notes[0].text.startswith("2 contracts ended since")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"to": pd.to_datetime(["2023-01-01"] * 6)}, r"6 rows with an end in 'to' before the start \(first: row 0: "),
        ({"from": pd.to_datetime([None] + ["2024-01-01"] * 5)}, "1 row with no date in 'from'"),
        ({"from": "soon"}, "'from' holds 'soon', which is no date"),
        ({"from": TABLE["from"].dt.tz_localize("UTC")}, "'from' has a time zone"),
        ({"fee": [-1.0, 2, 3, 4, 5, 6]}, "1 row with a negative price in 'fee'"),
        ({"fee": [None, 2, 3, 4, 5, 6]}, "1 row with a missing or infinite price in 'fee'"),
        ({"fee": "dear"}, "'fee' holds 'dear', which is no number"),
        ({"fee": [1, "two", 3, 4, 5, 6]}, "holds values of several types"),
        ({"who": ["a", "a", "b", "c", "d", "e"]}, "2 rows with an id in 'who' that occurs more than once"),
        ({"who": [None, "a", "b", "c", "d", "e"]}, "1 row with no id in 'who'"),
        ({"from": pd.to_datetime("2025-01-01"), "to": pd.NaT}, "All contracts start after observation_end 2024-06-30"),
    ],
)
def test_rows_that_cannot_be_are_refused_in_one_sentence(change, says):
    with pytest.raises(InputError, match=says) as told:
        read(TABLE.assign(**change))
    assert "\n" not in str(told.value)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(InputError, match="has no column 'until'"):
        read(end="until")


def test_a_table_without_rows_is_refused():
    with pytest.raises(InputError, match="has no rows"):
        read(TABLE.head(0))


@pytest.mark.parametrize(
    ("holdout_end", "says"), [("2024-07-15", "isn't a whole number of months"), ("2024-06-30", "is not after")]
)
def test_a_holdout_is_whole_periods_long(holdout_end, says):
    with pytest.raises(ArgumentError, match=says):
        read(holdout_end=holdout_end)


def test_survivors_become_customers():
    base = clv.contracts_from_survivors({"old": [10, 6, 4], "young": [5, 5]}, period="year", price=3)
    assert base.by_group("cohort")["old"].frequency.tolist() == [0] * 4 + [1] * 2 + [2] * 4
    assert base.T.tolist() == [2] * 10 + [1] * 5
    assert base.total_spend.sum() == 3 * (10 + 6 + 4 + 5 + 5)
    assert len(base.histories) == 4


@pytest.mark.parametrize(
    ("survivors", "says"),
    [
        ([10, 11], "more survivors after renewal point 1"),
        ([86.9, 74.3], "no counts"),
        ([10, -1], "no counts"),
        ([0, 0], "no counts"),
        ([10], "no renewal point"),
    ],
)
def test_survivors_that_cannot_be_are_refused(survivors, says):
    with pytest.raises(InputError, match=says):
        clv.contracts_from_survivors(survivors, period="year")
