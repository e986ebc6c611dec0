"""Dates in files and frames: read where one reading fits the whole column, else asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import ArgumentError, InputError

from .ways_in import ASKED, WAYS, texts

DAYS = pd.Series(pd.date_range("2022-01-03", "2023-12-28", freq="11D"))
LAST = str(DAYS.max().date())
EARLY = pd.Series(pd.to_datetime([f"2022-{month:02d}-{day:02d}" for month in (1, 5, 9) for day in (2, 7, 11)]))


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


@pytest.fixture(params=["file", "frame"])
def log_of(request, tmp_path):
    """Turn texts of dates into a log of two customers."""

    def made(days, form=request.param):
        log = pd.DataFrame({"who": ["a", "b"] * (len(days) // 2) + ["a"] * (len(days) % 2), "day": days, "paid": 5.0})
        if form == "frame":
            return log
        log.to_csv(tmp_path / "log.csv", index=False)
        return tmp_path / "log.csv"

    return made


def expected(days, read):
    return read(
        pd.DataFrame({"who": ["a", "b"] * (len(days) // 2) + ["a"] * (len(days) % 2), "day": days, "paid": 5.0}),
        **ASKED,
    )[0]


def same(found, wanted):
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


@pytest.mark.parametrize(
    "form",
    [
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d-%b-%Y",
        "%d %b %Y",
        "%d %B %Y",
        "%b %d, %Y",
        "%B %d, %Y",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y %I:%M:%S %p",
        "%d.%m.%Y %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%d",
    ],
)
def test_the_one_reading_that_fits_the_whole_column_is_taken_and_said(form, read, log_of):
    found, notes = read(
        log_of((DAYS + pd.Timedelta(hours=20 if "%I" in form or "%H" in form else 0)).dt.strftime(form)), **ASKED
    )
    same(found, expected(DAYS, read))
    said = [note for note in notes if note.code == "date_format"]
    assert bool(said) == (not form.startswith("%Y-"))
    assert all(f"from 2022-01-03 to {LAST}" in note.text for note in said)


def test_days_without_a_leading_zero_are_read(read, log_of):
    days = pd.Series(pd.to_datetime(["2011-08-13", "2011-08-02", "2011-12-31", "2012-01-09"]))
    found, _ = read(log_of(["8/13/2011 8:26", "8/2/2011 18:05", "12/31/2011 0:00", "1/9/2012 9:00"]), **ASKED)
    same(found, expected(days, read))


@pytest.mark.parametrize("form", ["%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y"])
def test_years_of_two_digits_are_asked_for_where_they_may_be_days(form, read, log_of):
    written = DAYS.dt.strftime(form)
    with pytest.raises(InputError) as caught:
        read(log_of(written), **ASKED)
    assert f"{form!r}" in str(caught.value)
    assert f"from 2022-01-03 to {LAST}" in str(caught.value)
    assert "2031" in str(caught.value)  # what the other reading would give
    assert "date_format=" in str(caught.value)
    found, _ = read(log_of(written), **ASKED, date_format=form)
    same(found, expected(DAYS, read))


def test_years_of_two_digits_that_are_no_days_are_read(read, log_of):
    days = DAYS + pd.DateOffset(years=50)  # 2072 and 2073: no day is 72; strptime takes them for 1972
    found, _ = read(log_of(days.dt.strftime("%d/%m/%y")), **ASKED)
    same(found, expected(DAYS - pd.DateOffset(years=50), read))


@pytest.mark.parametrize(("form", "other"), [("%m/%d/%Y", "%d/%m/%Y"), ("%d.%m.%Y", "%m.%d.%Y")])
def test_days_up_to_the_twelfth_are_asked_for(form, other, read, log_of):
    with pytest.raises(InputError, match="can be read in 2 ways") as caught:
        read(log_of(EARLY.dt.strftime(form)), **ASKED)
    assert all(repr(name) in str(caught.value) for name in (form, other))
    found, _ = read(log_of(EARLY.dt.strftime(form)), **ASKED, date_format=form)
    same(found, expected(EARLY, read))
    letters = form.replace("%m", "mm").replace("%d", "dd").replace("%Y", "yyyy")
    found, _ = read(log_of(EARLY.dt.strftime(form)), **ASKED, date_format=letters)
    same(found, expected(EARLY, read))


def test_one_day_late_in_a_column_decides(read, tmp_path):
    days = [*np.tile(EARLY.dt.strftime("%m/%d/%Y"), 3_000), "09/13/2022"]
    log = pd.DataFrame({"who": "a", "day": days, "paid": 5.0})
    log.to_csv(tmp_path / "log.csv", index=False)
    found, notes = read(tmp_path / "log.csv", **ASKED)
    assert found["recency"].tolist() == [(pd.Timestamp("2022-09-13") - pd.Timestamp("2022-01-02")).days / 7]
    assert "%m/%d/%Y" in texts(notes)


SECONDS = (DAYS - pd.Timestamp("1970-01-01")) // pd.Timedelta("1s") + 43_200


@pytest.mark.parametrize(
    ("option", "numbers"),
    [
        ("yyyymmdd", DAYS.dt.strftime("%Y%m%d").astype(int)),
        ("epoch-seconds", SECONDS),
        ("epoch-ms", SECONDS * 1_000),
        ("epoch-us", SECONDS * 1_000_000),
        ("epoch-ns", SECONDS * 1_000_000_000),
        ("excel", (DAYS - pd.Timestamp("1899-12-30")).dt.days),
        ("excel", (DAYS - pd.Timestamp("1899-12-30")).dt.days + 0.25),
    ],
)
def test_numbers_are_recognised_by_their_size_and_read_when_it_is_said(option, numbers, read, log_of):
    with pytest.raises(InputError) as caught:
        read(log_of(numbers), **ASKED)
    assert f"date_format={option!r}" in str(caught.value)
    assert f"2022-01-03 to {LAST}" in str(caught.value)
    found, notes = read(log_of(numbers), **ASKED, date_format=option)
    same(found, expected(DAYS, read))
    assert ("UTC" in texts(notes)) == option.startswith("epoch")


def test_moments_in_seconds_fall_on_days_of_a_zone(read, log_of):
    late = [1_646_092_800 - 1_800, 1_646_092_800 + 9 * 86_400]  # 23:30 UTC on the last of February
    found, _ = read(log_of(late), **ASKED, date_format="epoch-seconds", tz="Europe/Berlin")
    assert found["first_purchase"].astype(str).tolist() == ["2022-03-01", "2022-03-10"]


def test_times_with_a_zone_need_to_know_where_days_are_counted(read, log_of):
    with pytest.raises(InputError, match="has a time zone"):
        read(log_of(["2022-02-28T23:30:00Z", "2022-03-10T10:00:00+01:00"]), **ASKED)
    found, _ = read(log_of(["2022-02-28T23:30:00Z", "2022-03-10T10:00:00+01:00"]), **ASKED, tz="Europe/Berlin")
    assert found["first_purchase"].astype(str).tolist() == ["2022-03-01", "2022-03-10"]


@pytest.mark.parametrize("first", ["2022-02-28 23:30:00", "2022-02-28 10:00:00+05"])
def test_some_times_with_a_zone_and_others_without_are_refused(first, read, log_of):
    with pytest.raises(InputError, match="have a time zone and others"):
        read(log_of([first, "2022-03-10 10:00:00", "2022-03-11 23:30:00-05:00"]), **ASKED)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("form", ["frame", "parquet", "arrow"])
def test_times_that_know_their_zone_are_read_in_every_unit(unit, form, read, tmp_path):
    import pyarrow as pa

    moments = pd.to_datetime(["2022-02-28 23:30", "2022-03-10 10:00"]).tz_localize("UTC").as_unit(unit)
    log = pd.DataFrame({"who": ["a", "b"], "day": moments, "paid": 5.0})
    if form == "parquet":
        log.to_parquet(tmp_path / "log.parquet")
    given = {"frame": log, "parquet": tmp_path / "log.parquet", "arrow": pa.Table.from_pandas(log)}[form]
    found, _ = read(given, **ASKED, tz="Europe/Berlin")
    assert found["first_purchase"].astype(str).tolist() == ["2022-03-01", "2022-03-10"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("0000-00-00", "'0000-00-00' in line 4"),
        ("N/A", "'N/A' in line 4"),
        ("2022-02-30", "'2022-02-30' in line 4"),
        ("last week", "'last week' in line 4"),
        ("03/01/22", "'03/01/22' in line 4"),
        ("03/01/2022", "'03/01/2022' in line 4"),
    ],
)
def test_the_first_bad_date_is_named_with_its_line(bad, words, read, tmp_path):
    (tmp_path / "log.csv").write_text(f"who,day,paid\na,2022-01-03,5\nb,2022-01-04,6\na,{bad},7\nb,{bad}x,7\n")
    with pytest.raises(InputError) as caught:
        read(tmp_path / "log.csv", **ASKED)
    assert words in str(caught.value)


@pytest.mark.parametrize("bad", ["soon", "%Q", "", "'; DROP TABLE log; --", 5, "epoch"])
def test_what_is_no_format_is_refused(bad, read, log_of):
    with pytest.raises(ArgumentError, match="date_format is"):
        read(log_of(DAYS.dt.strftime("%d/%m/%Y")), **ASKED, date_format=bad)


def test_a_format_that_does_not_fit_is_refused_with_the_value(read, log_of):
    with pytest.raises(
        InputError, match=r"holds '(1[3-9]|2\d|3\d)/\d\d/202\d'.*which is no date in date_format='%m/%d/%Y'"
    ):
        read(log_of(DAYS.dt.strftime("%d/%m/%Y")), **ASKED, date_format="%m/%d/%Y")


def test_a_format_for_dates_is_refused(read):
    log = pd.DataFrame({"who": ["a", "b"], "day": DAYS[:2], "paid": 5.0})
    with pytest.raises(ArgumentError, match="date_format is 'excel', but the column 'day' holds"):
        read(log, **ASKED, date_format="excel")
