"""Residual lifetimes and the projection of a cohort."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError

SBG = clv.estimate_from("sbg", {"gamma": 1.7, "delta": 4.0}, period="year")
MONTHLY = clv.estimate_from("sbg", {"gamma": 1.7, "delta": 40.0}, period="month")


def cohort(years=7):
    percent = clv.load_contracts().query("segment == 'High End'")["survivors_percent"].to_numpy()
    return clv.contracts_from_survivors(np.round(10 * percent[: years + 1]), period="year", price=100)


def test_residual_lifetimes_are_those_of_each_customer():
    base = cohort()
    table = clv.residual_lifetime(SBG, base, discount_rate=0.1)
    there = base.frequency == base.T
    assert np.all(table.loc[~there, ["p_alive", "expected_renewals", "derl"]] == 0)
    after_seven = clv.residual_lifetime(SBG, None, discount_rate=0.1, renewals=7).iloc[-1]
    np.testing.assert_allclose(table.loc[there, "derl"], after_seven["derl"], rtol=1e-14)
    assert after_seven["expected_renewals"] == pytest.approx((4.0 + 7) / (1.7 - 1), rel=1e-9, abs=0)


def test_a_rate_a_year_is_divided_among_months():
    months = np.arange(1.0, 5_000.0)
    stays = 1 - np.cumsum(clv.models.get("sbg").pmf(MONTHLY.params, np.inf, len(months))[:-1])
    right = np.sum(stays * 1.1 ** (-(months - 1) / 12))
    found = clv.residual_lifetime(MONTHLY, None, discount_rate=0.1, renewals=0)["derl"][0]
    assert found == pytest.approx(right, rel=1e-9, abs=0)


def test_intervals_come_from_parameter_draws():
    fitted = clv.fit("bdw", cohort())
    table = clv.residual_lifetime(fitted, None, discount_rate=0.1, renewals=3)
    assert np.all((table["derl_lower"] < table["derl"]) & (table["derl"] < table["derl_upper"]))
    ahead = clv.cohort_projection(fitted, customers=1_000, price=100, horizon=12)
    assert np.all(ahead["survival_lower"][1:] < ahead["survival_upper"][1:])
    certain = clv.cohort_projection(SBG, customers=1_000, price=100, horizon=12)
    np.testing.assert_array_equal(certain["survival_lower"], certain["survival_upper"])


def test_a_projected_cohort_adds_up():
    table = clv.cohort_projection(SBG, customers=500, price=20, horizon="4 years", margin=0.5, discount_rate=0.25)
    assert table["age"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(table["survival"][1:], np.cumprod(table["retention"][1:]))
    np.testing.assert_allclose(table["survival"][:3], [1, 4 / 5.7, 4 * 5 / (5.7 * 6.7)])
    np.testing.assert_allclose(table["revenue"], 500 * 20 * table["survival"])
    np.testing.assert_allclose(table["value"], 0.5 * table["revenue"] / 1.25 ** table["age"])
    assert table["cumulative_value"].iloc[-1] == pytest.approx(table["value"].sum(), rel=1e-9, abs=0)
    assert np.all(np.diff(table["retention"][1:]) > 0)


def test_a_long_projection_is_the_discounted_residual_lifetime():
    table = clv.cohort_projection(SBG, customers=1, price=1, horizon=400, discount_rate=0.1)
    derl = clv.residual_lifetime(SBG, None, discount_rate=0.1, renewals=0)["derl"][0]
    assert (table["value"].sum() - 1) * 1.1 == pytest.approx(
        derl, rel=1e-12, abs=0
    )  # the first period is paid at the start


def test_predicted_contracts_are_gone_or_renewed():
    base = cohort()
    ahead = clv.predict(SBG, base, horizon=np.inf)
    there = base.frequency == base.T
    assert np.all(ahead["expected_purchases"][~there] == 0)
    assert ahead["expected_purchases"][there][0] == pytest.approx((4.0 + 7) / 0.7, rel=1e-9, abs=0)
    without_mean = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 4.0}, period="year")
    ahead = clv.predict(without_mean, base, horizon=np.inf)
    assert np.all(ahead["expected_purchases"] == np.where(there, np.inf, 0))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda e: clv.residual_lifetime(e, None, discount_rate=0.1), "here contracts are asked for"),
        (lambda e: clv.cohort_projection(e, customers=1, price=1, horizon=2), "here contracts are asked for"),
    ],
)
def test_models_without_contract_are_refused(call, says):
    with pytest.raises(ArgumentError, match=says):
        call(clv.estimate_from("bgnbd", {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}, period="week"))


@pytest.mark.parametrize(
    "wrong", [{"price": -1}, {"customers": -1}, {"horizon": 0.5}, {"margin": 2}, {"discount_rate": -1}, {"ci_prob": 1}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    name = next(iter(wrong))
    with pytest.raises(ArgumentError, match=name):
        clv.cohort_projection(SBG, **({"customers": 1, "price": 1, "horizon": 2} | wrong))
