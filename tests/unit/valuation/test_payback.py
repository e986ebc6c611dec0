"""The time of payback as a distribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

GAMMA, DELTA = 1.2, 18.0
SBG = clv.estimate_from("sbg", {"gamma": GAMMA, "delta": DELTA}, period="month")


def survives(k):
    return np.exp(betaln(GAMMA, DELTA + k) - betaln(GAMMA, DELTA))


def newcomer(horizon=24, **terms):
    return clv.value(clv.predict(SBG, None, horizon=horizon), 30.0, **({"margin": 0.8} | terms))


def test_a_new_contract_has_paid_back_when_it_has_renewed_often_enough():
    """24 a renewal and 24 at the start: a cost of 200 takes eight renewals, and 192 + 24 is enough for 216 exactly."""
    for cost in (200.0, 216.0):
        path = clv.payback(newcomer(), cost=cost, received=24.0).path
        right = np.where(np.arange(1, 25) >= 8, survives(8), 0.0)
        np.testing.assert_allclose(path["share"], right, rtol=1e-9)
    assert clv.payback(newcomer(), cost=216.01, received=24.0).customers["half_by"][0] == 9


def test_half_and_most_are_the_first_steps_that_reach_them():
    found = clv.payback(newcomer(), cost=24.0 * 3)
    assert found.groups.loc[0, ["half_by", "most_by"]].tolist() == [3, 3]
    late = clv.payback(newcomer(), cost=24.0 * 12)
    assert late.groups.loc[0, "half_by"] == (12 if survives(12) >= 0.5 else np.inf)
    assert late.groups.loc[0, "most_by"] == np.inf
    assert "80% not in that time" in str(late)


def test_the_formula_lets_nobody_leave():
    found = clv.payback(newcomer(), cost=240.0)
    # By its first month a new contract brings 30 x the chance to renew once.
    assert found.groups.loc[0, "formula"] == pytest.approx(240 / (24 * survives(1)), rel=1e-6, abs=0)
    base = clv.contracts_from_survivors([200, 180, 170], period="month", price=30.0)
    known = clv.payback(clv.value(clv.predict(SBG, base, horizon=12), "price", margin=0.8), cost=120.0)
    assert known.groups.loc[0, "formula"] == pytest.approx(120 / 24, rel=1e-12, abs=0)


def test_a_base_of_groups_has_a_row_each():
    base = clv.contracts_from_survivors({"dear": [20, 18], "cheap": [30, 25]}, period="month")
    prices = np.where(base.groups["cohort"] == "dear", 50.0, 10.0)
    worth = clv.value(clv.predict(SBG, base, horizon=12), prices)
    costs = np.where(base.frequency == base.T, 60.0, 0.0)
    found = clv.payback(worth, cost=costs, by="cohort")
    assert found.groups["group"].tolist() == ["cheap", "dear"]
    assert found.groups["customers"].tolist() == [30, 20]
    for group, part in found.customers.groupby("group"):
        row = found.groups.set_index("group").loc[group]
        assert row["p_paid_back"] == pytest.approx(part["p_paid_back"].mean(), rel=1e-12, abs=0)
    free = found.customers[found.customers["cost"] == 0]
    assert (free["p_paid_back"] == 1).all()
    for _, path in found.path.groupby("group"):
        assert (np.diff(path["share"]) >= -1e-12).all()
        assert (np.diff(path["p_group"]) >= -1e-6).all()


def test_at_the_horizon_it_is_the_probability_above_the_cost():
    rfm = clv.rfm_summary(
        clv.load_cdnow(sample=True).head(1_500),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
    )
    buying = clv.estimate_from("mbgnbd", {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}, period="week")
    spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    worth = clv.value(clv.predict(buying, rfm, horizon=26), spend, margin=0.4, discount_rate=0.1)
    found = clv.payback(worth, cost=8.0, every="quarter")
    np.testing.assert_allclose(found.customers["p_paid_back"], clv.p_above(worth, 8.0), rtol=0, atol=1e-12)
    assert found.every == "quarter"
    given = worth.with_terms(acquisition_cost=8.0)
    np.testing.assert_allclose(clv.payback(given, every="quarter").path["share"], found.path["share"], rtol=1e-12)
    clv.plots.payback(found, ax=clv.plots.blank())


def test_a_large_group_pays_back_about_when_its_expectation_does():
    base = clv.contracts_from_survivors([4_000, 3_700, 3_500], period="month", price=10.0)
    worth = clv.value(clv.predict(SBG, base, horizon=12), "price")
    path = clv.total_path(worth)
    cost = float(path["expected"][5]) / len(base)
    found = clv.payback(worth, cost=cost)
    assert found.path["p_group"][5] == pytest.approx(0.5, rel=0, abs=0.02)  # nearly symmetric
    lower = clv.payback(worth, cost=float(path["lower"][5]) / len(base))
    assert lower.path["p_group"][5] == pytest.approx(0.95, rel=0, abs=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="no cost"):
        clv.payback(newcomer())
    with pytest.raises(ArgumentError, match="margin is 0"):
        clv.payback(newcomer(margin=0.0), cost=1.0)
    with pytest.raises(ArgumentError, match="no end"):
        clv.payback(newcomer(horizon=np.inf, discount_rate=0.1), cost=1.0)
    with pytest.raises(InputError, match="one for each of the 1 customers"):
        clv.payback(newcomer(), cost=np.array([1.0, 2.0]))
    with pytest.raises(ArgumentError, match="cost"):
        clv.payback(newcomer(), cost=-1.0)
    with pytest.raises(ArgumentError, match="valuation"):
        clv.payback(pd.DataFrame(), cost=1.0)
