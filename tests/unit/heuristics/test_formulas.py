"""Each formula says what the businesses' own examples say, and refuses what has no answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvmodels.heuristics as h
from clvmodels.errors import ArgumentError
from clvmodels.heuristics.formula import FORMULAS

EXAMPLES = [
    (h.average_ticket, {"sales": 50_000, "customers": 100}, 500),
    (h.average_purchase_value, {"revenue": 30_000, "purchases": 200}, 150),
    (h.purchase_frequency, {"purchases": 2_400, "customers": 100}, 24),
    (h.customer_value, {"average_purchase_value": 150, "purchase_frequency": 24}, 3_600),
    (h.churn_rate, {"lost": 5, "at_start": 500}, 0.01),
    (h.mrr_churn, {"lost_mrr": 2_000, "mrr_at_start": 80_000}, 0.025),
    (h.ltv, {"average_ticket": 500, "purchases_per_year": 12, "lifespan_years": 3}, 18_000),
    (h.clv, {"customer_value": 3_600, "lifespan": 3}, 10_800),
    (h.arpu, {"revenue": 12_000, "customers": 400}, 30),
    (h.arpu_ltv, {"arpu": 30, "margin": 0.5, "churn": 0.01}, 1_500),
    (h.cac, {"spend": 1_000, "new_customers": 10}, 100),
    (h.ltv_to_cac, {"ltv": 300, "cac": 100}, 3),
    (h.payback_periods, {"cac": 100, "arpu": 50, "margin": 0.4}, 5),
    (h.repeat_rate, {"repeaters": 40, "customers": 100}, 0.4),
    (h.retention_value, {"margin": 100, "retention": 0.8, "discount_rate": 0.12}, 250),
    (h.annuity_value, {"margin": 100, "periods": 5, "discount_rate": 0.0}, 500),
]
BY_NAME = [pytest.param(*example, id=example[0].__name__) for example in EXAMPLES]

OUT_OF_RANGE = [
    (h.average_ticket, {"sales": 1, "customers": 0}),
    (h.average_ticket, {"sales": -1, "customers": 1}),
    (h.average_purchase_value, {"revenue": 1, "purchases": 0}),
    (h.purchase_frequency, {"purchases": 1, "customers": -2}),
    (h.churn_rate, {"lost": 6, "at_start": 5}),
    (h.churn_rate, {"lost": 0, "at_start": 0}),
    (h.mrr_churn, {"lost_mrr": 6, "mrr_at_start": 5}),
    (h.arpu, {"revenue": 1, "customers": 0}),
    (h.arpu_ltv, {"arpu": 1, "margin": 1.1, "churn": 0.1}),
    (h.arpu_ltv, {"arpu": 1, "margin": 1, "churn": 0}),
    (h.arpu_ltv, {"arpu": 1, "margin": 1, "churn": 1.5}),
    (h.cac, {"spend": 100, "new_customers": 0}),
    (h.ltv_to_cac, {"ltv": 100, "cac": 0}),
    (h.payback_periods, {"cac": 100, "arpu": 0, "margin": 0.5}),
    (h.payback_periods, {"cac": 100, "arpu": 1, "margin": 0}),
    (h.repeat_rate, {"repeaters": 3, "customers": 2}),
    (h.retention_value, {"margin": 100, "retention": 1.0, "discount_rate": 0.0}),
    (h.retention_value, {"margin": 100, "retention": 1.2, "discount_rate": 0.1}),
    (h.annuity_value, {"margin": 100, "periods": -1, "discount_rate": 0.1}),
]


@pytest.mark.parametrize(("function", "numbers", "expected"), BY_NAME)
def test_worked_examples_come_out_as_plain_floats(function, numbers, expected):
    result = function(**numbers)
    assert type(result) is float
    assert result == pytest.approx(expected, rel=1e-14, abs=0)  # a handful of roundings


@pytest.mark.parametrize(("function", "numbers", "expected"), BY_NAME)
def test_arrays_go_through_element_by_element(function, numbers, expected):
    first, *others = numbers
    column = np.full((3, 1), float(numbers[first]))
    arrays = {first: column} | {name: np.full(4, float(numbers[name])) for name in others}
    result = function(**arrays)
    assert result.shape == (3, 4)
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize(("function", "numbers", "expected"), BY_NAME)
def test_a_missing_number_is_refused_by_name(function, numbers, expected):
    for name in numbers:
        with pytest.raises(ArgumentError, match=rf"^{name} is nan; it must be .*\.$"):
            function(**(numbers | {name: float("nan")}))


@pytest.mark.parametrize(("function", "numbers"), OUT_OF_RANGE)
def test_what_has_no_answer_is_refused_in_one_sentence(function, numbers):
    with pytest.raises(ArgumentError, match=r"because|no end") as caught:
        function(**numbers)
    assert str(caught.value).count("\n") == 0


def test_the_binding_examples_hold_to_the_last_digit():
    assert h.ltv(average_ticket=500, purchases_per_year=12, lifespan_years=3) == 18_000
    assert h.cac(spend=1_000, new_customers=10) == 100
    assert h.lifespan_from_churn(0.01) == 100


def test_a_guest_twice_a_month_at_150_brings_3600_a_year_less_promotion_and_service():
    year = h.customer_value(average_purchase_value=150, purchase_frequency=2 * 12)
    assert year == 3_600
    assert h.net_ltv(year, promotion_cost=250, service_cost=2_000) == 1_350
    assert h.net_ltv(year, acquisition_cost=100, promotion_cost=250, service_cost=2_000) == 1_250


def test_a_cost_below_zero_is_refused():
    with pytest.raises(ArgumentError, match="service_cost is -5; it must be at least 0"):
        h.net_ltv(100, service_cost=-5)


@pytest.mark.parametrize("churn", [0.0, -0.1, 1.01, float("nan"), "often", [0.1, 0.0]])
def test_churn_outside_its_range_is_refused(churn):
    with pytest.raises(ArgumentError, match="churn is"):
        h.lifespan_from_churn(churn)


def test_an_error_counts_the_bad_values_and_shows_at_most_five():
    with pytest.raises(ArgumentError, match=r"churn is 2, 3, 4, 5, 6 in 7 of 8 places"):
        h.lifespan_from_churn(np.array([0.5, 2, 3, 4, 5, 6, 7, 8]))


def test_the_same_value_comes_from_ltv_clv_and_arpu():
    yearly = h.customer_value(average_purchase_value=40, purchase_frequency=6)
    years = h.lifespan_from_churn(0.25)
    assert h.ltv(average_ticket=40, purchases_per_year=6, lifespan_years=years) == 960
    assert h.clv(customer_value=yearly, lifespan=years) == 960
    assert h.arpu_ltv(arpu=yearly, margin=1, churn=0.25) == 960


def test_a_life_of_one_over_churn_used_as_an_annuity_is_44_percent_too_high():
    right = h.retention_value(margin=100, retention=0.8, discount_rate=0.12)
    wrong = h.annuity_value(margin=100, periods=h.lifespan_from_churn(0.2), discount_rate=0.12)
    assert right == pytest.approx(250, rel=1e-12, abs=0)
    assert wrong == pytest.approx(360, abs=0.5)  # published without decimals
    assert wrong / right - 1 == pytest.approx(0.44, abs=0.005)


@given(margin=st.floats(1, 1e4), retention=st.floats(0, 0.95), rate=st.floats(0, 0.5))
def test_retention_value_is_the_sum_of_its_years(margin, retention, rate):
    years = np.arange(1, 800)  # .95 ** 800 is below 1e-17
    terms = margin * (retention / (1 + rate)) ** years
    assert h.retention_value(margin=margin, retention=retention, discount_rate=rate) == pytest.approx(
        terms.sum(), rel=1e-9, abs=0
    )


@given(periods=st.integers(0, 60), rate=st.floats(1e-9, 1))
def test_annuity_value_is_the_sum_of_its_payments(periods, rate):
    payments = (1 + rate) ** -np.arange(1.0, periods + 1)
    assert h.annuity_value(margin=1, periods=periods, discount_rate=rate) == pytest.approx(
        payments.sum(), rel=1e-9, abs=0
    )


@given(churn=st.floats(0.01, 0.99), rate=st.floats(0.001, 0.5))
def test_the_annuity_of_one_over_churn_is_never_too_low(churn, rate):
    right = h.retention_value(margin=1, retention=1 - churn, discount_rate=rate)
    assert h.annuity_value(margin=1, periods=1 / churn, discount_rate=rate) > right


def test_mean_lifespan_is_the_sum_over_the_number():
    assert h.mean_lifespan([1, 2, 6]) == 3
    with pytest.raises(ArgumentError, match="empty"):
        h.mean_lifespan([])


def test_pareto_share_counts_the_customer_on_the_edge_in_part():
    assert h.pareto_share([80, 5, 5, 5, 5]) == 0.8
    assert h.pareto_share([1, 1, 1]) == pytest.approx(0.2, rel=1e-9, abs=0)
    assert h.pareto_share([1, 9], top_share=1) == 1
    with pytest.raises(ArgumentError, match="sum to 0"):
        h.pareto_share([0, 0])


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50), st.floats(0.01, 1))
def test_the_best_customers_bring_at_least_their_share(values, top_share):
    rounding = 1e-12
    assert top_share - rounding <= h.pareto_share(values, top_share=top_share) <= 1 + rounding


def test_the_ticket_falls_when_the_largest_customers_are_left_out():
    pull = h.ticket_without_largest([910, 10, 10, 10, 60], top=1)
    assert pull == (200, 22.5, 0.8875, 1)
    assert h.ticket_without_largest(np.arange(1, 201), top_share=0.01).left_out == 2
    assert h.ticket_without_largest([3, 1], top=0).drop == 0
    with pytest.raises(ArgumentError, match="nobody"):
        h.ticket_without_largest([3, 1], top=2)


def test_every_registered_formula_can_be_imported_from_the_package():
    for name in FORMULAS:
        assert getattr(h, name).__name__ == name
        assert name in h.__all__


def test_the_register_says_of_each_entry_what_it_needs_and_when_it_misleads():
    table = h.registered()
    assert not table.duplicated(["name", "kind"]).any()
    assert set(table.loc[table["kind"] == "formula", "name"]) == set(FORMULAS)
    assert set(table.loc[table["kind"] == "rule", "name"]) == set(h.rules())
    assert (table[["title", "formula", "requires", "caveat"]].map(len) > 0).all(axis=None)
    assert table.set_index(["name", "kind"]).loc[("cac", "formula"), "requires"] == "spend, new_customers"
