"""The buying rate is that of the living customer's distribution, weighed by the purchases that it brings."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.prediction.buying_rate import BUYING_RATE


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(
        log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30", collapse="period"
    )


GIVEN = {
    "nbd": {"r": 0.4, "alpha": 12.0},
    "bgnbd": {"r": 0.25, "alpha": 4.8, "a": 0.7, "b": 2.2},
    "mbgnbd": {"r": 0.6, "alpha": 7.3, "a": 0.8, "b": 1.2},
    "paretonbd": {"r": 0.6, "alpha": 11.6, "s": 0.5, "beta": 8.8},
}


@pytest.mark.parametrize("name", GIVEN)
def test_gamma_rates_give_the_textbook_form(name, rfm):
    given = clv.estimate_from(name, GIVEN[name], period="week")
    expected = np.log((given.params["r"] + rfm.frequency + 1) / (given.params["alpha"] + rfm.T))
    np.testing.assert_allclose(clv.with_buying_rate(rfm, given).groups[BUYING_RATE], expected, rtol=1e-12)


def test_it_is_the_mean_rate_behind_the_next_purchase_of_simulated_customers():
    r, alpha, T = 0.6, 8.0, 39.0
    rng = np.random.default_rng(2)
    rates = rng.gamma(r, 1 / alpha, 2_000_000)
    twice = rates[rng.poisson(rates * T) == 2]
    behind = np.average(twice, weights=rng.poisson(twice * 1.0))  # each purchase of the next week speaks once
    bought = clv.as_summary(pd.DataFrame({"frequency": [2], "recency": [20.0], "T": [T]}), period="week")
    given = clv.estimate_from("nbd", {"r": r, "alpha": alpha}, period="week")
    found = clv.with_buying_rate(bought, given).groups[BUYING_RATE][0]
    # 13,000 purchases by rates that differ by 50% know their mean to 0.5%; four standard errors
    assert found == pytest.approx(np.log(behind), abs=0.02)


def test_opportunities_give_log_odds(rfm):
    given = clv.estimate_from("bgbb", {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}, period="week")
    x, n = rfm.frequency, rfm.T
    expected = np.log((1.2 + x + 1) / (0.75 + n - x))
    alive = rfm.recency == rfm.T  # for the others what they did is known up to the last purchase as well
    np.testing.assert_allclose(clv.with_buying_rate(rfm, given).groups[BUYING_RATE][alive], expected[alive], rtol=1e-12)


def test_regular_buyers_lie_between_the_rates_of_their_phases():
    log = clv.load_cdnow(sample=True)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    k, r, alpha = 2.0, 0.6, 4.0
    given = clv.estimate_from("mbgcnbd", {"k": k, "r": r, "alpha": alpha, "a": 0.8, "b": 1.2}, period="week")
    rate = clv.with_buying_rate(rfm, given).groups[BUYING_RATE]
    level = [np.log((r + k * rfm.frequency + j + 1) / (alpha + rfm.T) / k) for j in (0, 1)]
    assert np.all((rate > level[0] - 1e-12) & (rate < level[1] + 1e-12))
    assert np.ptp(rate - level[0]) > 0.01


def test_who_buys_more_has_the_higher_rate(rfm):
    rated = clv.with_buying_rate(rfm, clv.fit("bgnbd", rfm))
    same_age = rfm.T[0] == rfm.T
    order = np.argsort(rfm.frequency[same_age], kind="stable")
    assert np.all(np.diff(rated.groups[BUYING_RATE][same_age][order]) >= 0)


def test_the_summary_given_stays_as_it_is(rfm):
    clv.with_buying_rate(rfm, clv.estimate_from("nbd", GIVEN["nbd"], period="week"))
    assert BUYING_RATE not in rfm.groups


def test_contracts_have_no_rates(rfm):
    given = clv.estimate_from("sbg", {"gamma": 1.0, "delta": 3.0}, period="week")
    with pytest.raises(ArgumentError, match="no rates of buying"):
        clv.with_buying_rate(rfm, given)


def test_another_period_is_refused(rfm):
    with pytest.raises(ArgumentError, match="off by a factor"):
        clv.with_buying_rate(rfm, clv.estimate_from("nbd", GIVEN["nbd"], period="day"))
