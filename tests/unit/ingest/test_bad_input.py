"""What can be wrong with the input, and the sentence that says so."""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest import as_summary, rfm_summary

GOOD = pd.DataFrame(
    {"who": [1, 1, 2], "day": pd.to_datetime(["2024-01-01", "2024-01-09", "2024-01-05"]), "paid": [5.0, 6.0, 7.0]}
)
AWARE = GOOD.assign(day=GOOD["day"].dt.tz_localize("UTC"))
RETURNED = GOOD.assign(paid=[5.0, -6.0, 7.0])
TABLE = pd.DataFrame({"customer_id": [1, 2], "frequency": [2, 0], "recency": [3.0, 0.0], "T": [9.0, 9.0]})


def _rfm(log=GOOD, **asked):
    return rfm_summary(log, **({"customer": "who", "time": "day", "amount": "paid"} | asked))


def _table(**columns):
    return as_summary(TABLE.assign(**columns), period="week")


BAD_LOGS = {
    "a column that isn't there": (lambda: _rfm(customer="whom"), InputError, "no column 'whom'. Did you mean 'who'?"),
    "a group column that isn't there": (
        lambda: _rfm(groups=["shop"]),
        InputError,
        "no column 'shop'. It has: who, day",
    ),
    "no customer column": (lambda: _rfm(customer=[]), ArgumentError, "customer is []; give a column's name"),
    "an id column twice": (lambda: _rfm(customer=["who", "who"]), ArgumentError, "several different ones"),
    "no rows": (lambda: _rfm(GOOD[:0]), InputError, "The log has no rows"),
    "no customer": (
        lambda: _rfm(GOOD.assign(who=[1.0, None, 2.0])),
        InputError,
        "The log has 1 row with no customer in 'who' (first: who=missing, paid=6.0, day=2024-01-09), and purchases of "
        "nobody can't be counted; leave such rows out, or fill them in.",
    ),
    "an empty text as customer": (lambda: _rfm(GOOD.assign(who=["a", "", "b"])), InputError, "no customer in 'who'"),
    "none of several ids": (
        lambda: _rfm(GOOD.assign(mail=[None, None, "m"], who=[1, None, None]), customer=["who", "mail"]),
        InputError,
        "1 row with no customer in 'who' or 'mail'",
    ),
    "customers of mixed types": (
        lambda: _rfm(GOOD.assign(who=[1, "b", 2])),
        InputError,
        "holds values of several types, or of one that no table engine knows (Conversion failed for column who",
    ),
    "two columns of one name": (
        lambda: _rfm(GOOD.set_axis(["who", "day", "day"], axis=1), amount=None),
        InputError,
        "The log has two columns of one name",
    ),
    "dates as text": (
        lambda: _rfm(GOOD.assign(day="last week")),
        InputError,
        "'day' holds 'last week', which is no date in a format that is known; name its format, e.g. with date_format=",
    ),
    "dates as numbers": (lambda: _rfm(GOOD.assign(day=20240101)), InputError, "say so with date_format='yyyymmdd'"),
    "missing dates": (
        lambda: _rfm(pd.concat([GOOD.assign(day=pd.NaT)] * 3)),
        InputError,
        "9 rows with no date in 'day'",
    ),
    "a time zone and no tz": (lambda: _rfm(AWARE), InputError, "name the zone to count days in, e.g. tz='Europe"),
    "tz and no time zone": (lambda: _rfm(tz="UTC"), InputError, "'day' has no time zone to convert from; leave tz out"),
    "an unknown time zone": (lambda: _rfm(AWARE, tz="Mars/Base"), ArgumentError, "'Mars/Base', which is no IANA"),
    "amounts as text": (
        lambda: _rfm(GOOD.assign(paid="seven")),
        InputError,
        "'paid' holds 'seven', which is no number with a decimal point, so nothing can be summed; correct it",
    ),
    "truth values as amounts": (lambda: _rfm(GOOD.assign(paid=True)), InputError, "'paid' holds Boolean, not numbers"),
    "a missing amount": (
        lambda: _rfm(GOOD.assign(paid=[1, None, 2])),
        InputError,
        "1 row with a missing or infinite amount",
    ),
    "an amount that is no number": (
        lambda: _rfm(pl.from_pandas(GOOD).with_columns(paid=pl.lit(float("nan")))),
        InputError,
        "3 rows with a missing or infinite amount in 'paid'",
    ),
    "an infinite amount": (lambda: _rfm(GOOD.assign(paid=[1, np.inf, 2])), InputError, "paid=inf, day=2024-01-09"),
    "refunds and no word on them": (
        lambda: _rfm(RETURNED),
        InputError,
        "has 1 row with a negative 'paid' (first: who=1, paid=-6.0, day=2024-01-09), and a refund is no purchase",
    ),
    "only refunds": (lambda: _rfm(GOOD.assign(paid=-1.0), refunds="day"), InputError, "No purchase is left in the log"),
    "only free purchases, dropped": (
        lambda: _rfm(GOOD.assign(paid=0.0), zero_amounts="drop"),
        InputError,
        "No purchase is left in the log",
    ),
    "an unknown treatment of refunds": (lambda: _rfm(refunds="dya"), ArgumentError, "Did you mean 'day'?"),
    "an unknown way to collapse": (lambda: _rfm(collapse="week"), ArgumentError, "no way of collapse called 'week'"),
    "an unknown treatment of zeros": (lambda: _rfm(zero_amounts="?"), ArgumentError, "Known: drop, keep."),
    "refunds without amounts": (lambda: _rfm(amount=None, refunds="day"), ArgumentError, "give amount= as well"),
    "an unknown period": (lambda: _rfm(period="wek"), ArgumentError, "Did you mean 'week'?"),
    "a period of no length": (lambda: _rfm(period=timedelta(0)), ArgumentError, "period (in days) is 0.0"),
    "an end that is no date": (lambda: _rfm(observation_end="soon"), ArgumentError, "is 'soon', which is no date"),
    "an end that is a number": (lambda: _rfm(observation_end=20240131), ArgumentError, "20240131, which is no date"),
    "an end before the log": (
        lambda: _rfm(observation_end="2023-12-31"),
        ArgumentError,
        "observation_end is 2023-12-31, but the first purchase of the log is on 2024-01-01",
    ),
    "a holdout without a beginning": (lambda: _rfm(holdout_end="2024-02-01"), ArgumentError, "give both"),
    "a holdout without days": (
        lambda: _rfm(observation_end="2024-01-08", holdout_end="2024-01-08"),
        ArgumentError,
        "is not after observation_end 2024-01-08",
    ),
    "a holdout within one whole period": (
        lambda: _rfm(observation_end="2024-01-08", holdout_end="2024-01-09", collapse="period"),
        ArgumentError,
        "the holdout (in whole periods) is 0.0",
    ),
    "a recent window of no length": (lambda: _rfm(recent=0), ArgumentError, "recent is 0"),
    "a recent window without end": (lambda: _rfm(recent="inf weeks"), ArgumentError, "recent is inf"),
    "a recent window that is no length": (lambda: _rfm(recent="13 wks"), ArgumentError, "recent is '13 wks'"),
    "an id with two customers": (
        lambda: _rfm(same_customer=pd.DataFrame({"id": [1, 1], "customer_id": [2, 3]})),
        InputError,
        "same_customer gives 1 id to more than one customer (first: 1)",
    ),
    "renaming in a circle": (lambda: _rfm(same_customer={1: 2, 2: 1}), InputError, "in a circle for 2 ids"),
    "renaming to nobody": (lambda: _rfm(same_customer={1: None}), InputError, "1 row without an id or without"),
    "renaming of another type": (lambda: _rfm(same_customer={"1": "2"}), InputError, "give both the same type"),
    "a mapping of three columns": (lambda: _rfm(same_customer=GOOD), InputError, "columns who, day, paid; give two"),
    "something else altogether": (lambda: _rfm(42), InputError, "of type int, which can't be read; give a pandas"),
    "a file that isn't there": (lambda: _rfm("nowhere.csv"), InputError, "there is no file 'nowhere.csv'"),
    "a glob without files": (lambda: _rfm("nowhere-*.parquet"), InputError, "there is no file 'nowhere-*.parquet'"),
}

BAD_TABLES = {
    "a column missing": (lambda: as_summary(TABLE.drop(columns="T"), period="week"), "no column 'T'"),
    "no rows": (lambda: as_summary(TABLE[:0], period="week"), "The table has no rows"),
    "text": (lambda: _table(frequency="2"), "'frequency' holds str, not numbers"),
    "missing": (
        lambda: _table(recency=[None, 0.0]),
        "1 row with a recency that is missing or not finite (first: row 0",
    ),
    "negative": (lambda: _table(T=[9.0, -1.0]), "1 row with a negative T (first: row 1: customer_id=2"),
    "too recent": (lambda: _table(recency=[9.5, 0.0]), "a recency above T"),
    "half a purchase": (lambda: _table(frequency=[1.5, 0]), "a frequency that is no whole number"),
    "recent without repeats": (lambda: _table(frequency=0), "frequency 0 but a recency above 0"),
    "repeats without time": (lambda: _table(frequency=1), "subtract 1 if the first was counted"),
    "money without repeats": (lambda: _table(monetary_value=5.0), "put all money in total_spend"),
    "uneven times that add up to more": (lambda: _table(litt=[0.9, 0.0]), "1 row with a litt that doesn't fit"),
    "times in days": (lambda: _table(litt=[0.8 + 2 * np.log(7), 0.0]), "take the times in the unit of recency"),
    "times without a repeat purchase": (lambda: _table(litt=[0.7, -0.4]), "(first: row 1: customer_id=2"),
    "a single time that isn't recency": (lambda: _table(frequency=1, recency=3.0, litt=0.0), "2 rows with a litt that"),
    "times missing": (lambda: _table(litt=[np.nan, 0.0]), "a litt that is missing or not finite"),
    "negative money": (lambda: _table(monetary_value=[-5.0, 0.0]), "a negative monetary_value"),
    "nobody observed": (lambda: _table(frequency=0, recency=0.0, T=0.0), "T is 0 for every customer"),
    "an id twice": (lambda: _table(customer_id=7), "2 rows with a customer_id that occurs more than once"),
    "an id missing": (lambda: _table(customer_id=[None, 1]), "1 row with no customer_id"),
    "a holdout of no length": (lambda: _table(holdout_frequency=1), "the holdout= is not, and a holdout needs"),
    "half a purchase held out": (lambda: _table(holdout_frequency=0.5), "a holdout_frequency that is no whole"),
    "a length and no holdout": (lambda: as_summary(TABLE, period="week", holdout=3), "'holdout_frequency' is not"),
}


def _sentence(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("wrong", BAD_LOGS)
def test_a_bad_log_is_refused_with_a_sentence(wrong):
    call, kind, words = BAD_LOGS[wrong]
    with pytest.raises(kind) as caught:
        call()
    assert words in _sentence(caught.value)


@pytest.mark.parametrize("wrong", BAD_TABLES)
def test_a_bad_table_is_refused_with_a_sentence(wrong):
    call, words = BAD_TABLES[wrong]
    with pytest.raises((InputError, ArgumentError)) as caught:
        call()
    assert words in _sentence(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("log.csv", "who,day,paid\n1,2024-01-05,5\n2,last week,6\n", "'day' holds 'last week' in line 3"),
        ("log.csv", "who;day;paid\n1;2024-01-05;3,5x5\n", "'paid' holds '3,5x5' in line 2"),
        ("log.parquet", "no parquet", "can't be read"),
        ("log.doc", "no table", "give files that all end in .csv"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence(name, content, words, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        _rfm(tmp_path / name)
    assert words in _sentence(caught.value)


def test_at_most_five_rows_are_shown():
    with pytest.raises(InputError) as caught:
        _rfm(pd.concat([GOOD.assign(paid=-1.0)] * 10))
    assert str(caught.value).count("who=") == 5
    assert "The log has 30 rows" in str(caught.value)


@pytest.mark.parametrize("log", [GOOD, RETURNED])
def test_nothing_stays_behind(log, tmp_path, monkeypatch):
    spill, folder = tmp_path / "spill", tmp_path / "folder"
    spill.mkdir()
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    monkeypatch.chdir(folder)
    connection = duckdb.connect()
    for kind in (log, connection.from_df(log)):
        try:
            _rfm(kind, same_customer={1: 2})
        except InputError:
            assert log is RETURNED
    assert os.listdir(spill) == os.listdir(folder) == []
    assert connection.sql("SELECT table_name FROM duckdb_tables()").fetchall() == []
    assert duckdb.sql("SELECT table_name FROM duckdb_tables()").fetchall() == []
