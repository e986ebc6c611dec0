"""Logs whose customers differ by what is known of them."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

MODELS = {
    "nbd": {"r": 0.8, "alpha": 6.0},
    "bgnbd": {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5},
    "mbgnbd": {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5},
    "bgcnbd": {"k": 2.0, "r": 0.6, "alpha": 3.0, "a": 0.8, "b": 2.5},
    "mbgcnbd": {"k": 2.0, "r": 0.6, "alpha": 3.0, "a": 0.8, "b": 2.5},
    "paretonbd": {"r": 0.6, "alpha": 6.0, "s": 0.6, "beta": 11.0},
    "ggomnbd": {"r": 0.6, "alpha": 6.0, "b": 0.05, "s": 0.6, "beta": 1.0},
    "bgbb": {"alpha": 1.2, "beta": 2.0, "gamma": 0.7, "delta": 4.0},
    "sbg": {"gamma": 0.7, "delta": 3.8},
    "bdw": {"gamma": 0.4, "delta": 2.5, "c": 1.4},
}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
CHANNEL = np.repeat(["shop", "web"], [10_000, 10_000])


@pytest.mark.parametrize("model", MODELS)
def test_customers_of_a_level_buy_as_the_shifted_model_expects(model):
    facts = clv.models.get(model)
    effects = {side: {"buying": 0.5, "dropout": -0.7}[side] for side in facts.sides}
    acting = {f"{side}[channel=web]": effect for side, effect in effects.items()}
    log = clv.simulate(
        model, MODELS[model] | acting, n_customers=20_000, T=26.0, covariates={"channel": CHANNEL}, seed=3
    )
    counts = log.groupby("customer_id").size().to_numpy() - 1
    for level, own in (("shop", {}), ("web", effects)):
        mine = counts[level == CHANNEL]
        shifted = facts.individual(np, MODELS[model], own)
        error = mine.std() / np.sqrt(len(mine))
        assert abs(mine.mean() - float(facts.expectation(shifted, 26.0))) < 4 * error, level


def test_a_log_carries_its_covariates_in_every_row_and_leads_back_to_the_effects():
    age = np.random.default_rng(1).choice([20.0, 40.0, 60.0], 4_000)
    known = pd.DataFrame({"channel": CHANNEL[8_000:12_000], "age": age})
    truth = {"buying[channel=web]": 0.5, "dropout[age]": -0.02}
    spent = {"spend[age]": 0.01, "spend[channel=web]": -0.4}
    slow = {"r": 0.6, "alpha": 60.0, "a": 0.8, "b": 2.5}  # few purchases share a day
    log = clv.simulate("bgnbd", slow | truth, n_customers=4_000, T=520.0, covariates=known, spend_params=SPEND | spent)
    assert log.columns.tolist() == ["customer_id", "date", "amount", "channel", "age"]
    assert (log.groupby("customer_id")["channel"].nunique() == 1).all()
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", groups=["channel", "age"])
    sides = {"buying": "channel", "dropout": "age", "spend": ["age", "channel"]}
    for model, wanted in (("bgnbd", truth), ("gammagamma", spent)):
        fitted = clv.fit(model, rfm, covariates=sides)
        for name, value in wanted.items():
            assert abs(fitted.params[name] - value) < 4 * fitted.std_errors[name], name


def test_an_estimate_simulates_its_own_customers():
    known = {"channel": CHANNEL[9_000:11_000]}
    params = MODELS["bgnbd"] | {"buying[channel=web]": 0.8}
    log = clv.simulate("bgnbd", params, n_customers=2_000, T=52.0, covariates=known, spend_params=SPEND)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", groups="channel")
    pooled = clv.fit("bgnbd", rfm, pooled={"buying": "channel"})
    spend = clv.fit("gammagamma", rfm, covariates={"spend": "channel"})
    means = []
    for i in range(20):
        draw = {name: float(values[i]) for name, values in pooled.draws.items()}
        again = clv.simulate(
            pooled, draw, n_customers=len(rfm), T=rfm.T, covariates=rfm.groups, spend_params=spend, seed=i
        )
        purchases = again.groupby(["channel", "customer_id"]).size() - 1
        means.append(purchases.groupby("channel").mean())
    seen = pd.Series(rfm.frequency).groupby(rfm.groups["channel"]).mean()
    drawn = pd.DataFrame(means)
    assert np.all(np.abs(drawn.mean() - seen) < 4 * drawn.std())
    assert drawn["web"].mean() > 1.3 * drawn["shop"].mean()
    with pytest.raises(InputError, match="customers have no such column"):
        clv.simulate(pooled, None, n_customers=5, T=10.0)
    with pytest.raises(ArgumentError, match="leave period out"):
        clv.simulate(pooled, None, n_customers=5, T=10.0, period="day")


@pytest.mark.parametrize(
    ("params", "known", "says"),
    [
        ({"buying[road=web]": 0.5}, {"channel": ["web", "shop"]}, r"'buying\[road=web\]' speaks of no column"),
        ({"bying[channel=web]": 0.5}, {"channel": ["web", "shop"]}, "speaks of no column"),
        ({"spend[channel=web]": 0.5}, {"channel": ["web", "shop"]}, "has no spend that 'channel' could act on"),
        ({}, {"channel": ["web", "shop", "web"]}, "give one value each"),
        ({}, {"date": ["web", "shop"]}, "can't be called 'date'"),
    ],
)
def test_what_speaks_of_nothing_is_refused(params, known, says):
    with pytest.raises(ArgumentError, match=says):
        clv.simulate("bgnbd", MODELS["bgnbd"] | params, n_customers=2, T=1.0, covariates=known)


def test_parameters_are_needed():
    with pytest.raises(ArgumentError, match="params is None"):
        clv.simulate("bgnbd", None, n_customers=2, T=1.0)
