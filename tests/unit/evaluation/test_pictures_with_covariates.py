"""The numbers behind pictures, where covariates tell customers apart."""

import numpy as np
import pytest

import clvmodels as clv

N = 3_000


@pytest.fixture(scope="module")
def rfm():
    channel = np.repeat(["shop", "web"], [2 * N // 3, N // 3])
    truth = {"r": 0.8, "alpha": 20.0, "a": 0.8, "b": 2.5, "buying[channel=web]": 0.9}
    log = clv.simulate("bgnbd", truth, n_customers=N, T=80.0, covariates={"channel": channel}, seed=2)
    return clv.rfm_summary(log, customer="customer_id", time="date", groups="channel")


@pytest.fixture(scope="module")
def estimate(rfm):
    return clv.fit("bgnbd", rfm, covariates={"buying": "channel"})


def by_level(estimate, rfm):
    """Return the parameters and customers of each channel: those of web buy by a factor as often."""
    factor = np.exp(estimate.params["buying[channel=web]"])
    own = {name: estimate.params[name] for name in ("r", "alpha", "a", "b")}
    parts = rfm.by_group("channel")
    return [(own, parts["shop"]), (own | {"alpha": own["alpha"] / factor}, parts["web"])]


def test_purchases_over_time_add_up_over_the_levels(estimate, rfm):
    table = clv.tracking_table(estimate, rfm)
    followed = len(table) - rfm.T.max()  # whole weeks only
    expected = sum(
        clv.BGNBD().expectation(params, np.maximum(part.T + followed, 0.0)).sum()
        for params, part in by_level(estimate, rfm)
    )
    assert table["expected"].sum() == pytest.approx(expected, rel=1e-9, abs=0)


def test_customers_by_purchases_add_up_over_the_levels(estimate, rfm):
    expected = sum(clv.BGNBD().pmf(params, part.T, 7).sum(axis=1) for params, part in by_level(estimate, rfm))
    table = clv.purchase_frequency_table(estimate, rfm)
    np.testing.assert_allclose(table["expected"], expected)


def test_the_matrix_is_of_the_level_most_customers_have(estimate, rfm):
    own, _ = by_level(estimate, rfm)[0]
    given = clv.estimate_from("bgnbd", own, period="week")
    for horizon in (None, 20.0):
        np.testing.assert_allclose(
            clv.frequency_recency_table(estimate, rfm, horizon=horizon),
            clv.frequency_recency_table(given, rfm, horizon=horizon),
        )


def test_a_column_may_be_pooled_on_one_side_and_fixed_on_the_other(rfm):
    mixed = clv.fit("bgnbd", rfm, covariates={"buying": "channel"}, pooled={"dropout": "channel"})
    assert clv.predict(mixed, None, horizon=20)["expected_purchases"] > 0
