"""Contracts that each have a price of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, ClvWarning, InputError

SBG = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 9.0}, period="month")
PRICES = np.array([149.0, 19.0, 0.0, 49.0, 149.0, 19.0])


def base(price=PRICES):
    """Return contracts: two that have just begun, a free one, and three that have run, one of them ended."""
    starts = ["2024-06-10", "2024-06-10", "2023-01-01", "2023-01-01", "2023-06-01", "2023-06-01"]
    table = pd.DataFrame({"who": list("abcdef"), "start": starts, "end": [None] * 5 + ["2024-01-01"], "price": price})
    asked = {"customer": "who", "start": "start", "end": "end", "price": "price", "period": "month"}
    return clv.as_contracts(table, observation_end="2024-06-30", **asked)


def ahead(**changes):
    return clv.predict(SBG, base(**changes), horizon=24)


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_contracts_are_worth_in_proportion_to_their_price(rate):
    worth = clv.value(ahead(), "price", margin=0.8, discount_rate=rate)
    for name in ("clv", "clv_expected_lower", "clv_expected_upper", "clv_lower", "clv_upper"):
        assert worth[name][0] * 19 == pytest.approx(worth[name][1] * 149, rel=1e-9, abs=0), name
        assert worth[name][2] == 0, name
        assert worth[name][5] == 0, name
    one = clv.value(ahead(price=19.0), 19.0, margin=0.8, discount_rate=rate)
    for name in ("clv", "clv_lower", "clv_upper"):
        # A price for all is told by a spend model that differs by a hundred-thousandth where money is discounted.
        assert worth[name][1] == pytest.approx(one[name][1], rel=1e-9, abs=0), name
    assert worth.total.expected == pytest.approx(worth["clv"].sum(), rel=1e-12, abs=0)
    assert worth.total.lower < worth.total.expected < worth.total.upper


def test_money_is_a_multiple_of_each_ones_price():
    worth = clv.value(ahead(), "price")
    renewals = worth.prediction.distribution
    for k in (0.0, 3.0, 24.0):
        right = renewals.cdf(np.full(6, k))
        found = worth.distribution.cdf(k * PRICES)
        np.testing.assert_allclose(found[PRICES > 0], right[PRICES > 0], rtol=0, atol=1e-12)
        assert found[2] == 1
    np.testing.assert_allclose(
        worth.distribution.sf(0.0), np.where(PRICES > 0, renewals.sf(0.0), 0), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(worth.distribution.mean(), worth["clv"], rtol=1e-9, atol=0)


def test_prices_come_as_a_column_an_array_or_a_series():
    plain = ahead(price=10.0)
    wanted = clv.value(ahead(), "price")["clv"]
    np.testing.assert_array_equal(clv.value(plain, PRICES)["clv"], wanted)
    np.testing.assert_array_equal(clv.value(plain, list(PRICES))["clv"], wanted)
    by_customer = pd.Series(PRICES, index=list("abcdef")).sort_values()
    np.testing.assert_array_equal(clv.value(plain, by_customer)["clv"], wanted)
    np.testing.assert_array_equal(clv.value(plain, pd.Series(PRICES))["clv"], wanted)


def test_other_terms_totals_ranks_and_paths_keep_the_prices():
    worth = clv.value(ahead(), "price")
    np.testing.assert_allclose(worth.with_terms(margin=0.5)["clv"], worth["clv"] / 2, rtol=1e-12)
    again = clv.value(ahead(), "price", discount_rate=0.1)["clv"]
    np.testing.assert_array_equal(worth.with_terms(discount_rate=0.1)["clv"], again)
    assert clv.total_path(worth)["expected"].iloc[-1] == pytest.approx(worth.total.expected, rel=1e-9, abs=0)
    assert worth.path.revenue.sum() == pytest.approx(worth.total.expected, rel=1e-9, abs=0)
    assert clv.rank(worth)["customer_id"].iloc[0] == "e"
    assert clv.allowable_cac(worth)["expected_value"].iloc[0] == pytest.approx(worth["clv"].mean(), rel=1e-9, abs=0)
    parts = {part.part: part.amount for part in clv.audit(worth).parts}
    assert parts["own_price"] != 0


def test_a_study_of_contracts_takes_their_prices():
    study = clv.Study(model="sbg", horizon=24).take(base()).with_estimates(buying=SBG)
    np.testing.assert_allclose(study.valuation["clv"], clv.value(ahead(), "price")["clv"], rtol=1e-12)


def test_a_spend_model_that_leaves_prices_out_is_warned_of():
    spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    with pytest.warns(ClvWarning, match="spend='price'"):
        worth = clv.value(ahead(), spend)
    assert "own_prices_left_out" in [note.code for note in worth.notes]


@pytest.mark.parametrize(
    ("spend", "kind", "says"),
    [
        (PRICES[:3], InputError, "one price for each"),
        (-PRICES, InputError, "below 0 .first: a: -149"),
        (["dear"] * 6, InputError, "no numbers"),
        ("gammagamma", ArgumentError, "'price' for the prices"),
    ],
)
def test_prices_that_cannot_be_are_refused(spend, kind, says):
    with pytest.raises(kind, match=says):
        clv.value(ahead(), spend)


def test_who_carries_no_price_is_not_valued_by_it():
    bare = clv.contracts_from_survivors([10, 8, 7], period="month")
    with pytest.raises(InputError, match="carries no prices"):
        clv.value(clv.predict(SBG, bare, horizon=5), "price")
    with pytest.raises(ArgumentError, match="not seen yet"):
        clv.value(clv.predict(SBG, None, horizon=5), "price")
