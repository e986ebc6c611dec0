"""Periods and horizons."""

from datetime import timedelta

import pytest

from clvmodels.errors import ArgumentError
from clvmodels.records import Period


@pytest.mark.parametrize(
    ("period", "days"),
    [("day", 1), ("weeks", 7), ("Month", 30.4375), ("quarter", 91.3125), ("year", 365.25), (timedelta(hours=36), 1.5)],
)
def test_a_period_is_a_number_of_days(period, days):
    assert Period.of(period).days == days


def test_a_timedelta_of_seven_days_is_a_week():
    assert Period.of(timedelta(days=7)) == Period.of("week")


@pytest.mark.parametrize(
    ("horizon", "weeks"),
    [
        (39, 39),
        ("12 months", 365.25 / 7),
        ("2 weeks", 2),
        ("10", 10),
        (timedelta(days=14), 2),
        (float("inf"), float("inf")),
    ],
)
def test_a_horizon_carries_its_own_unit(horizon, weeks):
    assert Period.of("week").horizon(horizon) == pytest.approx(weeks, rel=1e-9, abs=0)


@pytest.mark.parametrize("horizon", [0, -1, float("nan"), "soon", "12 fortnights", None, "-3 weeks", timedelta(0)])
def test_a_horizon_that_cannot_be_is_refused_with_a_sentence(horizon):
    with pytest.raises(ArgumentError, match=r"horizon|period"):
        Period.of("week").horizon(horizon)


def test_an_unknown_period_is_refused_with_the_known_ones():
    with pytest.raises(ArgumentError, match="Did you mean 'week'"):
        Period.of("weak")
