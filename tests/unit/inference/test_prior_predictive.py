"""Default priors hold the bases that are there, and don't know in which unit they are counted."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.models import AbstractSpendModel

BASES = 150


def cdnow(period="week", cents=1.0):
    log = clv.load_cdnow(sample=True)
    log["amount"] *= cents
    return clv.rfm_summary(
        log, customer="customer_id", time="date", amount="amount", period=period, observation_end="1997-09-30"
    )


@pytest.fixture(scope="module")
def shop():
    return cdnow()


@pytest.fixture(scope="module")
def some(shop):
    """As many customers as make a forecast quickly."""
    return {period: cdnow(period).take(np.arange(400)) for period in ("day", "week", "month")}


def base_of(name, shop):
    model = clv.models.registry()[name]
    if isinstance(model, AbstractSpendModel) or not model.discrete:
        return shop
    if model.contractual:
        left = clv.load_contracts().query("segment == 'Regular'")["survivors_percent"].to_numpy()
        return clv.contracts_from_survivors(np.round(10 * left[:8]), period="year")
    return clv.as_summary(clv.load_donations(), period="year")


@pytest.mark.parametrize("name", clv.models.registry())
def test_default_priors_hold_what_is_there(name, shop):
    table = clv.prior_predictive(name, base_of(name, shop), n_draws=BASES)
    seen = table[np.isfinite(table["observed"])]
    assert len(seen) == 3
    assert seen["below"].between(0.05, 0.95).all(), seen
    assert (table["lower"] <= table["median"]).all()
    assert (table["median"] <= table["upper"]).all()


@pytest.mark.parametrize("name", ["bgnbd", "paretonbd", "gammagamma"])
def test_default_priors_leave_the_word_to_the_data(name, shop):
    table = clv.prior_predictive(name, shop, n_draws=BASES).set_index("figure")
    figure = "mean_frequency" if "mean_frequency" in table.index else "median_spend"
    assert table.loc[figure, "upper"] > 10 * table.loc[figure, "lower"]


def test_what_is_shown_of_the_summary_is_counted_there(shop):
    seen = clv.prior_predictive("nbd", shop, n_draws=5).set_index("figure")["observed"]
    assert seen["repeat_buyers"] == np.mean(shop.frequency > 0)
    assert seen["mean_frequency"] == shop.frequency.mean()
    assert np.mean(shop.frequency > seen["high_frequency"]) <= 0.05 < np.mean(shop.frequency >= seen["high_frequency"])
    spends = clv.prior_predictive("gammagamma", shop, n_draws=5).set_index("figure")["observed"]
    assert spends["mean_spend"] == pytest.approx(shop.monetary_value[shop.monetary_value > 0].mean(), rel=1e-9, abs=0)


def test_priors_without_width_give_the_bases_of_their_parameters(shop):
    """NBD has closed forms: a share (alpha / (alpha + T)) ** r of customers doesn't come back."""
    r, mean = 0.5, 0.05
    sharp = {"mean_rate": (mean, 1e-6), "rate_spread": (1 / np.sqrt(r), 1e-6)}
    old = shop.take(shop.T > 38)
    table = clv.prior_predictive("nbd", old, priors=sharp, n_draws=200, n_customers=200).set_index("figure")
    T, alpha = old.T.mean(), r / mean
    # 200 bases of 200: the median of shares and means is known to 3% of them
    assert table.loc["repeat_buyers", "median"] == pytest.approx(1 - (alpha / (alpha + T)) ** r, rel=0.03, abs=0)
    assert table.loc["mean_frequency", "median"] == pytest.approx(mean * T, rel=0.05, abs=0)
    assert table.loc["alive", "lower"] == table.loc["alive", "upper"] == 1.0


def test_alive_is_the_share_of_those_who_have_not_left(shop):
    """Under BG/NBD with certain dropout everybody who came back is gone."""
    sharp = {"mean_dropout": (0.999, 1e-6), "dropout_spread": (0.01, 1e-6)}
    table = clv.prior_predictive("bgnbd", shop, priors=sharp, n_draws=50).set_index("figure")
    assert table.loc["alive", "median"] == pytest.approx(1 - table.loc["repeat_buyers", "median"], abs=0.02)


def test_a_prior_in_the_wrong_unit_shows(shop):
    in_days = {"mean_rate": (0.05 / 7, 0.3)}  # a summary in weeks
    right = clv.prior_predictive("bgnbd", shop, priors={"mean_rate": (0.05, 0.3)}, n_draws=BASES)
    wrong = clv.prior_predictive("bgnbd", shop, priors=in_days, n_draws=BASES)
    assert right.set_index("figure").loc["mean_frequency", "below"] < 0.95
    assert wrong.set_index("figure").loc["mean_frequency", "below"] > 0.99


def test_the_same_seed_gives_the_same_bases(shop):
    one, other = (clv.prior_predictive("bgnbd", shop, n_draws=20, seed=4) for _ in range(2))
    assert one.equals(other)


@pytest.mark.parametrize("method", ["map", "laplace"])
@pytest.mark.parametrize("name", ["bgnbd", "paretonbd"])
def test_the_unit_of_time_changes_no_forecast(name, method, some):
    ahead = {
        period: clv.predict(clv.fit(name, rfm, method=method, n_draws=40), rfm, horizon="39 weeks")
        for period, rfm in some.items()
    }
    columns = ["p_alive", "expected_purchases", "purchases_upper"]
    columns += ["expected_purchases_lower", "expected_purchases_upper"]
    for period in ("day", "month"):
        for column in columns:
            # the search ends within 1e-9 of the top and the importance weights carry it along
            np.testing.assert_allclose(ahead[period][column], ahead["week"][column], rtol=1e-6)


@pytest.mark.parametrize("method", ["map", "laplace"])
def test_the_currency_changes_no_forecast(method, shop):
    dollars, cents = (clv.fit("gammagamma", rfm, method=method) for rfm in (shop, cdnow(cents=100.0)))
    for name, factor in {"p": 1, "q": 1, "gamma": 100}.items():
        assert cents.params[name] == pytest.approx(factor * dollars.params[name], rel=1e-6, abs=0)
        np.testing.assert_allclose(cents.draws[name], factor * dollars.draws[name], rtol=1e-6)


def test_steps_ask_for_whole_numbers(shop):
    with pytest.raises(InputError, match="whole numbers"):
        clv.prior_predictive("bgbb", shop)


@pytest.mark.parametrize("argument", ["n_draws", "n_customers"])
def test_no_base_at_all_is_refused(argument, shop):
    with pytest.raises(ArgumentError, match=argument):
        clv.prior_predictive("nbd", shop, **{argument: 0})
