"""Whom a campaign should go to; campaigns with a known lift meet the intervals."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

BGNBD = {"r": 0.55, "alpha": 10.6, "a": 0.8, "b": 2.6}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
MARGIN = 0.4


def made(n, seed=3):
    log = clv.simulate("bgnbd", BGNBD, n_customers=n, T=91.0, spend_params=SPEND, period="week", seed=seed)
    asked = {"customer": "customer_id", "time": "date", "amount": "amount", "period": "week"}
    return clv.rfm_summary(log, **asked, observation_end="2020-12-29", holdout_end="2021-09-28")


def valued(base):
    ahead = clv.predict(clv.estimate_from("bgnbd", BGNBD, period="week"), base, horizon=base.holdout.duration)
    return clv.value(ahead, clv.estimate_from("gammagamma", SPEND), margin=MARGIN)


@pytest.fixture(scope="module")
def worth():
    return valued(made(300))


def test_the_best_list_holds_all_whose_gain_is_expected_to_be_positive(worth):
    found = clv.target_list(worth, lift=0.1, cost=0.5)
    gain = 0.1 * worth["clv"] - 0.5
    table = found.customers.set_index("customer_id").loc[worth.summary.customer_id]
    np.testing.assert_allclose(table["expected_gain"], gain, rtol=1e-12)
    assert found.size == (gain > 0).sum()
    assert table["contact"].sum() == found.size
    assert (found.customers["expected_gain"].diff().dropna() <= 0).all()
    np.testing.assert_allclose(table["break_even_lift"], 0.5 / worth["clv"], rtol=1e-12)
    np.testing.assert_allclose(table["p_gain"], clv.p_above(worth, 5.0), rtol=0, atol=1e-12)
    lists = found.lists.set_index("list")
    assert lists.loc["best size", "expected_gain"] == pytest.approx(gain[gain > 0].sum(), rel=1e-9, abs=0)
    assert lists.loc["everybody", "expected_gain"] == pytest.approx(gain.sum(), rel=1e-9, abs=0)
    assert lists.loc["nobody", "regret"] == lists.loc["best size", "expected_gain"]
    assert (lists["regret"] >= -1e-9).all()
    assert ((lists["gain_lower"] <= lists["expected_gain"]) & (lists["expected_gain"] <= lists["gain_upper"])).all()


def test_lifts_and_costs_may_differ_and_harm(worth):
    lifts = np.where(np.arange(300) % 2, 0.2, -0.1)
    costs = np.linspace(0.1, 1.0, 300)
    found = clv.target_list(worth, lift=lifts, cost=costs, lift_sd=0.01)
    gain = lifts * worth["clv"] - costs
    lists = found.lists.set_index("list")
    assert lists.loc["best size", "expected_gain"] == pytest.approx(gain[gain > 0].sum(), rel=1e-9, abs=0)
    assert lists.loc["everybody", "expected_gain"] == pytest.approx(gain.sum(), rel=1e-9, abs=0)
    table = found.customers.set_index("customer_id").loc[worth.summary.customer_id]
    assert (table["p_gain"].to_numpy()[lifts < 0] < 1e-6).all()
    nobody = clv.target_list(worth, lift=-0.1, cost=0.5)
    assert nobody.size == 0
    assert nobody.lists.set_index("list").loc["everybody", "p_loss"] == pytest.approx(1, rel=0, abs=1e-9)
    assert "no campaign" in str(nobody)


def test_an_unknown_lift_widens_the_interval(worth):
    sharp, blunt = (clv.target_list(worth, lift=0.1, cost=0.5, lift_sd=sd).lists.iloc[1] for sd in (0.0, 0.1))
    assert sharp["expected_gain"] == pytest.approx(blunt["expected_gain"], rel=1e-12, abs=0)
    assert blunt["gain_lower"] < -blunt["cost"]  # with a chance of a sixth it harms
    assert 0.15 < blunt["p_loss"] < 0.5
    assert sharp["p_loss"] < 0.01


def test_without_a_lift_there_is_the_one_it_must_have(worth):
    found = clv.target_list(worth, lift=None, cost=0.5)
    assert found.lists is None
    assert found.size is None
    assert "expected_gain" not in found.customers
    assert (found.customers["break_even_lift"].diff().dropna() >= 0).all()
    assert "No lift is known" in str(found)
    assert "No lift" in clv.plots.target_list(found, ax=clv.plots.blank()).texts[0].get_text()


def test_a_cost_of_acquisition_is_no_cost_of_the_campaign(worth):
    other = clv.target_list(worth.with_terms(acquisition_cost=3.0), lift=0.1, cost=0.5)
    np.testing.assert_allclose(
        other.lists["expected_gain"], clv.target_list(worth, lift=0.1, cost=0.5).lists["expected_gain"], rtol=1e-9
    )


def test_the_picture_ends_where_everybody_is_contacted(worth):
    found = clv.target_list(worth, lift=0.1, cost=0.5)
    line = clv.plots.target_list(found, ax=clv.plots.blank()).lines[0]
    assert line.get_ydata()[-1] == pytest.approx(found.lists["expected_gain"].iloc[-1], rel=1e-9, abs=0)


def test_what_cannot_be_is_refused(worth):
    with pytest.raises(ArgumentError, match="cost"):
        clv.target_list(worth, lift=0.1, cost=-1.0)
    with pytest.raises(InputError, match="one for each of the 300"):
        clv.target_list(worth, lift=np.ones(3), cost=1.0)
    with pytest.raises(ArgumentError, match="in proportion"):
        clv.target_list(worth, lift=0.0, cost=1.0, lift_sd=0.1)


@pytest.mark.slow
def test_gains_of_campaigns_lie_in_their_intervals_and_paybacks_come_as_often_as_said():
    """Sixty campaigns with lifts drawn around what was known; 90% intervals hold in 85 to 95% of all lists."""
    n, rng, lift, sd, cost = 150, np.random.default_rng(8), 0.1, 0.02, 0.5
    everybody = made(60 * n, seed=11)
    inside, losses, said = [], [], []
    for i in range(60):
        base = everybody.take(np.arange(i * n, (i + 1) * n))
        found = clv.target_list(valued(base), lift=lift, cost=cost, lift_sd=sd)
        true = rng.normal(lift, sd)
        brought = dict(zip(base.customer_id, MARGIN * base.holdout.spend, strict=True))
        order = found.customers["customer_id"]
        for row in found.lists.to_dict("records"):
            if row["list"] in ("best size", "top 10%", "everybody"):
                size = row["customers"]
                gain = true * sum(brought[who] for who in order[:size]) - size * cost
                inside.append(row["gain_lower"] <= gain <= row["gain_upper"])
                losses.append(gain < 0)
                said.append(row["p_loss"])
    assert 0.85 <= np.mean(inside) <= 0.95
    assert np.mean(losses) == pytest.approx(np.mean(said), rel=0, abs=0.03)
    owed = clv.payback(valued(everybody), cost=10.0, every="quarter").groups.iloc[0]
    paid = MARGIN * everybody.holdout.spend >= 10.0
    # 9,000 customers: a standard error of .005
    assert owed["p_paid_back"] == pytest.approx(paid.mean(), rel=0, abs=0.015)
