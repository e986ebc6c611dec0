"""Spend that goes along with buying is found, tested and turned into money."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv

SLOPE = 0.5
RATES = 60  # steps of the distribution of rates
EACH = 60  # customers of each
WEEKS = 52.0


def dear_log(slope: float, seed: int = 11) -> pd.DataFrame:
    """Return purchases of customers whose typical spend is their rate to the power of ``slope``."""
    rng = np.random.default_rng(seed)
    rates = np.quantile(rng.gamma(0.8, 1 / 8.0, 100_000), (np.arange(RATES) + 0.5) / RATES)
    logs = []
    for i, rate in enumerate(rates):
        alike = {"r": 1e8, "alpha": 1e8 / rate, "a": 0.6, "b": 3.0}  # nobody's rate differs by more than 1e-4
        own = clv.simulate("bgnbd", alike, n_customers=EACH, T=2 * WEEKS, seed=seed + i)
        typical = rng.gamma(5.0, 1.0, EACH) ** -1.0 * 100.0 * (rate / rates.mean()) ** slope
        own["amount"] = typical[own["customer_id"]] * rng.gamma(4.0, 0.25, len(own))
        own["customer_id"] += i * EACH
        logs.append(own)
    return pd.concat(logs)


def read(log: pd.DataFrame):
    start = np.datetime64("2020-01-01")
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end=start + np.timedelta64(int(7 * WEEKS), "D"),
        holdout_end=start + np.timedelta64(int(14 * WEEKS), "D"),
    )


@pytest.fixture(scope="module")
def dear():
    return read(dear_log(SLOPE))


@pytest.fixture(scope="module")
def found(dear):
    return clv.spend_dependence(dear)


@pytest.fixture(scope="module")
def indifferent():
    return read(dear_log(0.0))


def test_the_slope_is_found(found):
    # The rate of each customer is a guess from few purchases, which bends the slope by about a tenth of it.
    assert found.elasticity == pytest.approx(SLOPE, rel=0.15, abs=0)
    assert found.lower < found.elasticity < found.upper
    assert found.p_value < 1e-20


def test_independence_is_found_too(indifferent):
    nothing = clv.spend_dependence(indifferent)
    assert nothing.lower < 0 < nothing.upper
    assert nothing.p_value > 0.05
    assert not nothing.matters
    assert nothing["underlying"].lower < 0 < nothing["underlying"].upper


def test_the_noise_of_few_purchases_is_taken_off(found):
    assert found["underlying"].estimate > found["frequency"].estimate
    truth = np.log(np.quantile(np.random.default_rng(11).gamma(0.8, 1 / 8.0, 100_000), (np.arange(60) + 0.5) / 60))
    typical = np.log(np.random.default_rng(1).gamma(5.0, 1.0, 100_000)).var()
    whole = SLOPE * truth.std() / np.sqrt(SLOPE**2 * truth.var() + typical)
    assert found["frequency"].estimate < found["underlying"].estimate < whole  # repeat buyers differ less in rate


def test_money_ahead_comes_nearer_when_it_is_allowed_for(dear):
    buying = clv.fit("bgnbd", dear, n_draws=50)
    rated = clv.with_buying_rate(dear, buying)
    ahead = clv.predict(buying, rated, horizon=dear.holdout.duration)
    asked = {"n_draws": 50, "first_purchase": "leave_out"}
    plain = clv.value(ahead, clv.fit("gammagamma", rated, **asked))
    allowed = clv.value(ahead, clv.fit("gammagamma", rated, covariates={"spend": "buying_rate"}, **asked))
    assert "spend_depends_on_buying" in [note.code for note in plain.notes]
    assert "spend_depends_on_buying" not in [note.code for note in allowed.notes]
    came = dear.holdout.spend
    seldom = np.searchsorted([1, 2, 4, 8], dear.frequency, side="right")  # how often, in five classes
    # The total of all is left out: what it errs by is the chance of the largest spenders, either way.
    misses = [np.abs(np.bincount(seldom, worth["clv"] - came)) for worth in (plain, allowed)]
    assert misses[1].sum() < misses[0].sum()
    assert misses[1][0] < misses[0][0] / 2
    errors = [np.abs(worth["clv"] - came).mean() for worth in (plain, allowed)]
    assert errors[1] < errors[0]


def test_the_money_told_is_that_of_the_valuation(dear, found):
    buying = clv.fit("mbgnbd", dear, n_draws=50)
    ahead = clv.predict(buying, dear, horizon="1 year")
    plain = clv.value(ahead, clv.fit("gammagamma", dear, n_draws=50, first_purchase="leave_out"))["clv"]
    table = found.money_table().set_index("who")
    assert table.loc["all", "independent"] == pytest.approx(plain.sum(), rel=1e-9, abs=0)
    assert table.loc["top decile", "independent"] == pytest.approx(
        np.sort(plain)[-len(dear) // 10 :].sum(), rel=1e-2, abs=0
    )
    assert table.loc["no repeat purchase", "customers"] == (dear.frequency == 0).sum()
    assert table.loc["no repeat purchase", "change"] < -0.2
    assert table.loc["top decile", "change"] > 0


def test_it_can_be_read(found):
    text = str(found)
    assert f"Among {found.n_customers:,} repeat buyers" in text
    assert "top decile +" in text
    assert found.to_frame().shape == (5, 5)
    assert np.all(found.to_frame()["lower"] <= found.to_frame()["upper"])


def test_cdnow_depends_and_it_hardly_matters():
    log = clv.load_cdnow(sample=True)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    found = clv.spend_dependence(rfm, n_bootstrap=100)
    assert found.customer["frequency"] == 21
    assert round(found["frequency"].without_customer, 2) == 0.06
    assert found.p_value < 1e-5
    assert not found.matters
    assert "independence does little harm" in str(found)
