"""A calendar says what acts on which day, and refuses what can't be."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError

DAYS = np.arange(np.datetime64("2019-12-20"), np.datetime64("2024-03-02")).astype(int)


def acting(calendar, day):
    """Return the names of the effects of a day, with what multiplies them."""
    design = calendar.design(np.array([np.datetime64(day, "D").astype(int)]), 0.0)[0]
    return {name: value for name, value in zip(calendar.names, design, strict=True) if value}


def test_each_day_has_its_month_and_its_events():
    calendar = clv.Calendar(
        season="month", events={"sale": [("2024-02-28", "2024-03-01"), ("2023-03-01", "2023-03-01")]}
    )
    assert acting(calendar, "2024-02-29") == {"season[feb]": 1.0, "event[sale]": 1.0}
    assert acting(calendar, "2024-03-02") == {"season[mar]": 1.0}
    assert acting(calendar, "2023-03-01") == {"season[mar]": 1.0, "event[sale]": 1.0}


def test_weeks_are_those_of_the_calendar_and_the_53rd_joins_the_52nd():
    design = clv.Calendar(season="week").design(DAYS, 0.0)
    weeks = [min((date(1970, 1, 1) + timedelta(int(day))).isocalendar().week, 52) for day in DAYS]
    assert (design.argmax(axis=1) + 1).tolist() == weeks
    assert design.sum(axis=1).tolist() == [1.0] * len(DAYS)


def test_waves_sum_to_nothing_over_the_years_and_a_trend_counts_years():
    waves = clv.Calendar(season=2, trend=True)
    year = np.arange(1461) + np.datetime64("2021-01-01").astype(int)  # four years, one of them a leap year
    design = waves.design(year, float(year[0]))
    assert design[:, :4].mean(axis=0) == pytest.approx([0] * 4, abs=2e-3)  # 365.25 days don't end with the year
    assert design[-1, 4] == pytest.approx(1460 / 365.25, rel=1e-12, abs=0)


def test_a_known_index_is_centred_and_has_no_effect_of_its_own():
    index = [1.0] * 11 + [2.0]
    calendar = clv.Calendar(index=index)
    assert calendar.names == ()
    december, june = calendar.offset(
        np.array([np.datetime64(day, "D").astype(int) for day in ("2023-12-24", "2023-06-01")])
    )
    assert december - june == pytest.approx(np.log(2), rel=1e-12, abs=0)
    assert december + 11 * june == pytest.approx(0, abs=1e-12)


def test_contrasts_of_a_season_sum_to_zero_and_are_as_long_as_what_is_free():
    for season, n in (("month", 12), ("week", 52)):
        contrasts = clv.Calendar(season=season).terms[0].contrasts
        assert contrasts.sum(axis=0) == pytest.approx(np.zeros(n - 1), abs=1e-12)
        assert contrasts.T @ contrasts == pytest.approx(np.eye(n - 1), abs=1e-12)


def test_holidays_come_from_the_package(monkeypatch):
    def country_holidays(country, years):
        if country != "XX":
            raise NotImplementedError
        return [date(year, 5, 1) for year in years]

    monkeypatch.setitem(sys.modules, "holidays", SimpleNamespace(country_holidays=country_holidays))
    calendar = clv.Calendar(holidays="XX")
    assert acting(calendar, "2022-05-01") == {"event[holiday XX]": 1.0}
    assert acting(calendar, "2022-05-02") == {}
    with pytest.raises(ArgumentError, match="doesn't know"):
        clv.Calendar(holidays="YY")


def test_without_the_package_holidays_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ArgumentError, match="pip install holidays"):
        clv.Calendar(holidays="US")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "The calendar is empty"),
        ({"season": "year"}, "season is 'year'"),
        ({"season": 0}, "season is 0"),
        ({"season": True}, "season is True"),
        ({"trend": 1}, "trend is 1"),
        ({"events": [("2024-01-01", "2024-01-02")]}, "events is"),
        ({"events": {"a[b": [("2024-01-01", "2024-01-02")]}}, "without square brackets"),
        ({"events": {"sale": "2024-01-01"}}, "give a list of"),
        ({"events": {"sale": []}}, "give a list of"),
        ({"events": {"sale": [("2024-01-01",)]}}, "a pair of days"),
        ({"events": {"sale": [("2024-01-01", "soon")]}}, "such as"),
        ({"events": {"sale": [("2024-01-03", "2024-01-01")]}}, "can't come before the first"),
        ({"events": {"sale": [("2023-01-03", "2024-02-01")]}}, "longer than a year"),
        ({"events": {"sale": [("2024-01-01", "2024-01-03"), ("2024-01-03", "2024-01-04")]}}, "overlap on 2024-01-03"),
        ({"index": [1.0] * 11}, "12 numbers"),
        ({"index": [1.0] * 11 + [0.0]}, "index of dec is 0"),
        ({"holidays": 3}, "holidays is 3"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(asked, told):
    with pytest.raises(ArgumentError, match=told.replace("[", r"\[")) as refused:
        clv.Calendar(**asked)
    assert str(refused.value).count(". ") == 0


def test_a_calendar_is_made_again_from_its_words():
    asked = clv.Calendar(
        season=3, trend=True, events={"sale": [("2024-01-01", "2024-01-03")]}, index=[1.0] * 11 + [2.0]
    )
    again = clv.Calendar(**asked.content())
    assert again == asked
    assert hash(again) == hash(asked)
