"""Numbers as people read them."""

import math

import pytest

from clvmodels.plots.numbers import amount, amounts, count, decimal, percent, short


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999.6, "1,000"), (-1234.4, "−1,234"), (math.nan, "–"), (math.inf, "∞"), (-0.2, "0")]
)
def test_counts_are_whole_with_thousands_apart(value, text):
    assert count(value) == text


@pytest.mark.parametrize(("value", "text"), [(35.204, "35.20"), (99.999, "100"), (-7.5, "−7.50"), (1e6, "1,000,000")])
def test_money_shows_cents_only_where_they_matter(value, text):
    assert amount(value) == text


def test_a_column_of_money_has_the_same_decimals_throughout():
    assert amounts([3.5, 99.5, math.nan]) == ["3.50", "99.50", "–"]
    assert amounts([3.5, 100.0, math.inf]) == ["4", "100", "∞"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001234, "0.00123"),
        (0.0123, "0.0123"),
        (0.1, "0.100"),
        (1.2345, "1.23"),
        (123.4, "123"),
        (12345.6, "12,346"),
        (8e-16, "0"),
        (-2.5e-5, "−2.50e−05"),
        (0.0, "0"),
        (-0.5, "−0.500"),
    ],
)
def test_scores_have_three_digits(value, text):
    assert decimal(value) == text


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [(0.0, True, "0%"), (0.00001, True, "0.0%"), (0.0999, False, "10%"), (-0.12, True, "−12%"), (1.2, True, "+120%")],
)
def test_shares_are_percentages(value, signed, text):
    assert percent(value, signed=signed) == text


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (999_999, "999,999"), (1e6, "1M"), (2.5e9, "2.5B")])
def test_axis_numbers_are_short(value, text):
    assert short(value) == text
