"""Predictive laws over draws of both models, and what is decided from them, against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.prediction.few_draws import few_draws
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.purchase_sums import PurchaseSums
from clvmodels.valuation.top import certainty

BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def shop(n, seed):
    """Return a base that follows the models exactly, with the year ahead as its holdout."""
    log = clv.simulate("bgnbd", BUYING, n_customers=n, T=104, seed=seed, period="week", spend_params=SPEND)
    end = pd.Timestamp(log["date"].min()) + pd.Timedelta(weeks=52)
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        period="week",
        observation_end=str(end.date()),
        holdout_end=str((end + pd.Timedelta(weeks=52)).date()),
    )


@pytest.fixture(scope="module")
def small():
    return shop(200, seed=5)


@pytest.fixture(scope="module")
def worth(small):
    ahead = clv.predict(clv.fit("bgnbd", small), small, horizon=52)
    return clv.value(ahead, clv.fit("gammagamma", small), margin=0.4, acquisition_cost=1.0)


@pytest.fixture(scope="module")
def drawn(worth):
    """Return outcomes of all customers, shape (draw, customer): revenue, drawn from laws written out anew."""
    rng = np.random.default_rng(9)
    summary = worth.prediction.summary
    n_draws = 4_000
    x, t_x, T = summary.frequency, summary.recency, summary.T
    s = _together(worth.spend, rng, n_draws)
    b = _together(worth.prediction.estimate, rng, n_draws)
    r, alpha, a, bb = (b[k][:, None] for k in ("r", "alpha", "a", "b"))
    odds = np.where(x > 0, a / (bb + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0.0)
    alive = rng.random((n_draws, len(x))) < 1 / (1 + odds)
    rate = rng.gamma(r + x, 1 / (alpha + T))
    leave = rng.beta(a, bb + x)
    count = np.zeros_like(rate)
    clock, active = rng.exponential(1, rate.shape) / rate, alive.copy()
    while (active := active & (clock < 52)).any():
        count += active
        active = active & (rng.random(rate.shape) >= leave)
        clock = clock + rng.exponential(1, rate.shape) / rate
    p, q, gamma = (s[k][:, None] for k in ("p", "q", "gamma"))
    first = summary.total_spend - x * summary.monetary_value
    n = np.where(summary.monetary_value > 0, x, 0.0) + 1  # nothing is free here
    paid = first / worth.spend.first_purchase.scale + x * summary.monetary_value
    nu = rng.gamma(q + p * n, 1.0) / (gamma + paid)
    return np.where(count > 0, rng.gamma(np.maximum(count, 1) * p, 1.0), 0.0) / nu


def _together(estimate, rng, size):
    chosen = rng.integers(0, estimate.n_draws, size)
    return {name: values[chosen] for name, values in estimate.draws.items()}


def test_probabilities_are_those_of_outcomes_drawn_under_draws_of_both_models(worth, drawn):
    for amount in (0.0, 20.0, 80.0):
        simulated = (drawn > amount).mean(axis=0)
        exact = clv.p_above(worth, 0.4 * amount - 1.0)
        error = 4.5 * np.sqrt(np.maximum(exact * (1 - exact), 1e-4) / len(drawn))  # the largest of 200 customers
        # Purchases are averaged over 100 of the 1,000 draws, which adds a tenth of the parameters' part.
        assert np.all(np.abs(simulated - exact) < error + 0.02)
        assert np.mean(simulated - exact) == pytest.approx(0, abs=0.01)


def test_few_draws_say_what_all_draws_of_spend_say(worth):
    few, every = few_draws(worth.spend), worth.spend.draws
    assert len(few["p"]) == 6
    bought = PurchaseSums.of_pmf(stats.nbinom(0.8, 0.3).pmf(np.arange(60))[None, :])
    for n, m in ((0, 0.0), (1, 20.0), (6, 40.0)):
        for amount in (5.0, 40.0, 300.0):
            below = [
                Compound.of(bought, *(np.atleast_2d(v).T for v in worth.spend.model.beta_prime(draws, n, m))).cdf(
                    np.array([amount])
                )[0]
                for draws in (few, every)
            ]
            # 66 repeat buyers, whose draws come by importance and are skew; stated are 4e-4 for a hundred.
            assert below[0] == pytest.approx(below[1], abs=1.5e-3)


def test_draws_without_a_mean_do_not_poison_quantiles():
    pmf = np.array([[0.3, 0.4, 0.3, 0.0]])
    law = Compound.of(PurchaseSums.of_pmf(pmf), np.full((2, 1), 20.0), np.full((2, 1), 6.0), np.array([[0.8], [4.0]]))
    mean, variance = law.moments()
    assert np.isinf(mean[0])
    assert np.isinf(variance[0])
    for probability in (0.4, 0.9, 0.99):
        assert law.cdf(law.quantile(probability))[0] == pytest.approx(probability, abs=1e-9)


def test_a_mixture_has_the_moments_of_its_draws():
    pmf = np.array([[0.3, 0.4, 0.2, 0.1]])
    scale, p, q = np.array([[20.0], [35.0], [18.0]]), np.array([[6.0], [4.0], [9.0]]), np.array([[4.0], [6.0], [5.0]])
    rng = np.random.default_rng(2)
    d, k = rng.integers(0, 3, 400_000), rng.choice(4, 400_000, p=pmf[0])
    sums = np.where(k > 0, rng.gamma(np.maximum(k, 1) * p[d, 0], 1.0), 0.0) / rng.gamma(q[d, 0], 1 / scale[d, 0])
    law = Compound.of(PurchaseSums.of_pmf(pmf), scale, p, q)
    mean, variance = law.moments()
    assert mean[0] == pytest.approx(sums.mean(), rel=0.01, abs=0)
    assert variance[0] == pytest.approx(sums.var(), rel=0.05, abs=0)
    for amount in (5.0, 60.0, 200.0):
        assert law.cdf(np.array([amount]))[0] == pytest.approx((sums <= amount).mean(), abs=4 * 0.5 / np.sqrt(4e5))


def test_quantiles_and_probabilities_are_inverse(worth):
    table = clv.quantiles(worth, probabilities=[0.5, 0.95])
    upper = table["95%"].to_numpy()
    some = upper > -1.0  # the cost, where nothing comes
    np.testing.assert_allclose(clv.p_above(worth, upper)[some], 0.05, atol=1e-9)
    np.testing.assert_array_equal(clv.quantiles(worth, probabilities=[0.95])["95%"], worth["clv_upper"])
    np.testing.assert_array_equal(table["customer_id"], worth.prediction.summary.customer_id)
    assert np.all(table["50%"] <= table["95%"])


def test_profit_is_the_probability_of_more_than_nothing(worth):
    np.testing.assert_allclose(clv.p_above(worth, 0.0), worth["p_profitable"], atol=1e-12)


def test_probabilities_of_counts_are_those_of_the_prediction(worth):
    ahead = worth.prediction
    # p_active is at the estimate, p_above over draws.
    np.testing.assert_allclose(clv.p_above(ahead, 0), ahead["p_active"], atol=0.03)
    upper = ahead["purchases_upper"]
    assert np.all(clv.p_above(ahead, upper) <= 0.05 + 1e-9)
    assert np.all((clv.p_above(ahead, upper - 1) > 0.05 - 1e-9) | (upper == 0))
    assert np.all(clv.p_above(ahead, -0.5) == 1)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_places_at_the_top_add_up(worth, share):
    for forecast in (worth, worth.prediction):
        assert clv.p_top(forecast, share=share).sum() == pytest.approx(share * len(worth), rel=1e-8, abs=0)


def test_the_top_and_the_order_are_those_of_drawn_bases(worth, drawn):
    top = clv.p_top(worth, share=0.1)
    places = np.argsort(np.argsort(-drawn, axis=1), axis=1) < 20
    # With 200 customers the threshold of a drawn base moves, which the expected one doesn't.
    assert np.corrcoef(top, places.mean(axis=0))[0, 1] > 0.99
    assert np.max(np.abs(top - places.mean(axis=0))) < 0.06
    beats = certainty(worth, 0.1)["p_outranks"]
    order = np.argsort(-worth["clv"], kind="stable")
    for place in (0, 10, 40):
        who = order[place]
        lower = worth["clv"] < worth["clv"][who]
        rival = drawn[:, lower]
        mine = drawn[:, [who]]
        right = ((mine > rival) + 0.5 * (mine == rival)).mean()
        assert beats[who] == pytest.approx(right, abs=0.015)  # 4,000 draws err by 0.008 at most, and by common draws


def test_a_ranked_list_says_how_sure_it_is(worth):
    table = clv.rank(worth, top=20, certainty=True)
    np.testing.assert_allclose(
        table.set_index("customer_id")["p_top"].sort_index(),
        pd.Series(clv.p_top(worth, share=0.1), worth.prediction.summary.customer_id)[table["customer_id"]].sort_index(),
    )
    assert "p_outranks" not in clv.rank(worth).columns
    assert clv.rank(worth.prediction, certainty=True)["p_outranks"].dropna().between(0, 1).all()


@pytest.mark.slow
def test_the_affordable_cost_is_repaid_as_often_as_it_says():
    """New customers of bases whose parameters are learned from others; 60 cohorts."""
    repaid = []
    for seed in range(60):
        rfm = shop(600, seed=seed)
        newcomer = clv.predict(clv.fit("bgnbd", rfm), None, horizon=52)
        found = clv.affordable_cost(clv.value(newcomer, clv.fit("gammagamma", rfm)), customers=300, confidence=0.8)
        log = clv.simulate("bgnbd", BUYING, n_customers=300, T=52, seed=1_000 + seed, period="week", spend_params=SPEND)
        repeats = log.sort_values("date", kind="stable").duplicated("customer_id").to_numpy()
        value = log.sort_values("date", kind="stable")["amount"].to_numpy()[repeats].sum() / 300
        repaid.append(value >= found["affordable_cost"][0])
    # Four binomial standard errors of 60 would let anything pass; two and a half are 0.13.
    assert np.mean(repaid) == pytest.approx(0.8, abs=0.13)


def test_a_group_bears_what_its_own_customers_bring(small, worth):
    everybody = clv.affordable_cost(worth, confidence=0.9)
    assert everybody["expected_value"][0] == pytest.approx(worth["clv"].mean() + 1.0, rel=1e-9, abs=0)
    assert everybody["affordable_cost"][0] < everybody["expected_value"][0]
    assert everybody["affordable_cost"][0] == pytest.approx(
        (_lower(worth, 0.8) + 200) / 200, rel=1e-9, abs=0
    )  # the cost that the valuation takes off comes back on top
    many = clv.affordable_cost(worth, customers=1e6)["affordable_cost"][0]
    assert everybody["affordable_cost"][0] < many < everybody["expected_value"][0]
    single = clv.affordable_cost(worth, confidence=0.5)["affordable_cost_single"][0]
    assert single >= clv.affordable_cost(worth, confidence=0.9)["affordable_cost_single"][0] == 0


def _lower(worth, ci_prob):
    ahead = clv.predict(worth.prediction.estimate, worth.prediction.summary, horizon=52, ci_prob=ci_prob)
    return clv.value(ahead, worth.spend, margin=0.4, acquisition_cost=1.0).total.lower


def test_what_cannot_be_is_refused(worth):
    with pytest.raises(InputError, match="one for each of the 200"):
        clv.p_above(worth, np.zeros(3))
    with pytest.raises(ArgumentError, match="at least one"):
        clv.quantiles(worth, probabilities=[])
    with pytest.raises(ArgumentError, match="share"):
        clv.p_top(worth, share=1.5)
    with pytest.raises(ArgumentError, match="confidence"):
        clv.affordable_cost(worth, confidence=0.3)


@pytest.mark.slow
def test_quantiles_hold_where_spend_is_learned_from_thirty_buyers():
    """The probability of staying below them, under the true law, is on average the one they were asked for."""
    newcomer = clv.predict(clv.estimate_from("bgnbd", BUYING, period="week"), None, horizon=52)
    truth = clv.value(newcomer, clv.estimate_from("gammagamma", SPEND))
    below = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = rng.geometric(0.4, 30).astype(float)
        m = rng.gamma(SPEND["p"] * n) / rng.gamma(SPEND["q"], 1 / SPEND["gamma"], 30) / n
        table = pd.DataFrame({"frequency": n, "recency": 30.0, "T": 39.0, "monetary_value": m})
        spend = clv.fit("gammagamma", clv.as_summary(table, period="week"), n_draws=300)
        upper = clv.quantiles(clv.value(newcomer, spend), probabilities=[0.9])["90%"].to_numpy()
        below.append(1 - clv.p_above(truth, upper)[0])
    assert np.mean(below) == pytest.approx(0.9, abs=4 * np.std(below) / np.sqrt(len(below)))


def test_the_cost_that_one_customer_repays_is_the_margin_of_a_quantile():
    """Buyers of one price and a known rate: the customer drawn from the group buys by a mixture of their binomials."""
    table = pd.DataFrame({"frequency": [2.0, 30.0, 30.0], "recency": [30.0, 38.0, 38.0], "T": [39.0, 39.0, 39.0]})
    base = clv.as_summary(table, period="week")
    ahead = clv.predict(clv.estimate_from("nbd", {"r": 0.8, "alpha": 5.0}, period="week"), base, horizon=26)
    counts = np.arange(400)
    laws = [stats.nbinom(0.8 + x, 44 / (44 + 26)).cdf(counts) for x in table["frequency"]]
    for margin, confidence in ((0.3, 0.5), (0.3, 0.8), (1.0, 0.8)):
        found = clv.affordable_cost(clv.value(ahead, 10.0, margin=margin), confidence=confidence)
        repaid = counts[np.argmax(np.mean(laws, axis=0) >= 1 - confidence)]
        assert repaid > 0
        # A price is held to a hundred-thousandth.
        assert found["affordable_cost_single"][0] == pytest.approx(margin * 10 * repaid, rel=1e-4, abs=0)
