"""Customers not seen yet, of whom covariates are known."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

BUYING = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
SPEND = {"p": 6.0, "q": 4.0, "gamma": 15.0}


@pytest.fixture(scope="module")
def rfm():
    parts = []
    for i, (channel, n) in enumerate({"web": 500, "shop": 300}.items()):
        log = clv.simulate("bgnbd", BUYING, n_customers=n, T=40.0, seed=i, spend_params=SPEND)
        parts.append(log.assign(customer_id=channel + log["customer_id"].astype(str), channel=channel))
    return clv.rfm_summary(pd.concat(parts), customer="customer_id", time="date", amount="amount", groups=["channel"])


@pytest.fixture(scope="module")
def buying(rfm):
    return clv.fit("bgnbd", rfm, covariates={"buying": ["channel"], "dropout": ["channel"]})


def test_newcomers_follow_the_parameters_of_their_level(buying):
    ahead = clv.predict(buying, None, horizon=26, covariates={"channel": ["shop", "web", "shop"]})
    assert len(ahead) == 3
    assert list(ahead.to_frame()["channel"]) == ["shop", "web", "shop"]
    p = buying.params
    more, sooner = np.exp(p["buying[channel=shop]"]), np.exp(p["dropout[channel=shop]"] / 2)
    shop = {"r": p["r"], "alpha": p["alpha"] / more, "a": p["a"] * sooner, "b": p["b"] / sooner}
    web = {name: p[name] for name in BUYING}
    for i, params in enumerate((shop, web, shop)):
        alone = clv.predict(clv.estimate_from("bgnbd", params, period="week"), None, horizon=26)
        for column in ("p_active", "expected_purchases"):
            assert ahead[column][i] == pytest.approx(alone[column][0], rel=1e-10, abs=0)


def test_without_a_word_a_newcomer_is_of_the_reference(buying):
    plain = clv.predict(buying, None, horizon=26)
    told = clv.predict(buying, None, horizon=26, covariates={"channel": ["web"]})
    assert plain["expected_purchases"] == pytest.approx(told["expected_purchases"], rel=1e-12, abs=0)


def test_newcomers_are_worth_what_their_level_spends(rfm, buying):
    spend = clv.fit("gammagamma", rfm, covariates={"spend": ["channel"]})
    told = pd.DataFrame({"channel": ["shop", "web"]})
    worth = clv.value(clv.predict(buying, None, horizon=26, covariates=told), spend)
    ratio = worth["expected_spend"][0] / worth["expected_spend"][1]
    assert ratio == pytest.approx(np.exp(spend.params["spend[channel=shop]"]), rel=1e-9, abs=0)


def test_spend_alone_may_tell_newcomers_apart(rfm):
    spend = clv.fit("gammagamma", rfm, covariates={"spend": ["channel"]})
    ahead = clv.predict(clv.fit("bgnbd", rfm), None, horizon=26, covariates={"channel": ["shop", "web"]})
    worth = clv.value(ahead, spend)
    assert len(worth) == 2
    assert ahead["expected_purchases"][0] == ahead["expected_purchases"][1]
    assert worth["clv"][0] != worth["clv"][1]


def test_what_cannot_be_told_of_newcomers_ends_in_a_sentence(rfm, buying):
    with pytest.raises(ArgumentError, match="leave one of them out"):
        clv.predict(buying, rfm, horizon=26, covariates={"channel": ["web"]})
    with pytest.raises(InputError, match="no such column"):
        clv.predict(buying, None, horizon=26, covariates={"shop": ["web"]})
    with pytest.raises(InputError, match="'phone'"):
        clv.predict(buying, None, horizon=26, covariates={"channel": ["phone"]})
