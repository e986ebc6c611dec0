"""What is said of money where its mean doesn't exist, against integrals written out anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import clvmodels as clv
from clvmodels.errors import ArgumentError, FitError
from clvmodels.valuation.customers import mean_trouble

BUYING = {"r": 0.8, "alpha": 6.0}
HEAVY = {"p": 4.0, "q": 0.6, "gamma": 10.0}


def base(**columns):
    table = pd.DataFrame({"frequency": [0.0, 3.0, 9.0], "recency": [0.0, 30.0, 38.0], "T": [39.0, 39.0, 39.0]})
    table = table.assign(monetary_value=[0.0, 12.0, 40.0])
    return clv.as_summary(table.assign(**columns), period="week")


def ahead(summary, horizon=26, **asked):
    return clv.predict(clv.estimate_from("nbd", BUYING, period="week"), summary, horizon=horizon, **asked)


def spend(**params):
    return clv.estimate_from("gammagamma", HEAVY | params)


def exceeding(amount, x, m, q):
    """Return P(what a customer brings > amount): a negative binomial number of purchases, each sum a beta prime."""
    k = np.arange(1, 80)
    pmf = stats.nbinom(BUYING["r"] + x, 45 / (45 + 26)).pmf(k)
    scale = HEAVY["gamma"] + x * m
    return float(pmf @ stats.betaprime(HEAVY["p"] * k, q + HEAVY["p"] * x, scale=scale).sf(amount))


@pytest.mark.parametrize("q", [0.2, 0.6, 1.0, 3.74])
@pytest.mark.parametrize("cap", [20.0, 500.0])
def test_a_capped_mean_is_the_integral_of_the_probability_of_more(q, cap):
    found = clv.capped_value(ahead(base()), spend(q=q), cap=cap, margin=0.3)["capped_value"]
    for i, (x, m) in enumerate([(0, 0.0), (3, 12.0), (9, 40.0)]):
        ends = [0, cap / 1e4, cap / 100, cap / 10, cap / 3, cap]
        right = sum(
            integrate.quad(exceeding, *part, args=(x, m, q), epsrel=1e-9, limit=200)[0] for part in pairwise(ends)
        )
        # A q of exactly 1 is moved by 1e-6, and counts of more than 32 purchases share terms.
        assert found[i] == pytest.approx(0.3 * right, rel=1e-5, abs=0), (x, m)


def test_with_a_mean_a_cap_that_nobody_reaches_changes_nothing():
    worth = clv.value(ahead(base()), spend(q=5.0), margin=0.4, discount_rate=0.2)
    capped = clv.capped_value(ahead(base()), spend(q=5.0), cap=1e9, margin=0.4, discount_rate=0.2)
    np.testing.assert_allclose(capped["capped_value"], worth["clv"], rtol=1e-7)  # counts below 1e-9 are left out
    np.testing.assert_allclose(capped["value_upper"], worth["clv_upper"], rtol=1e-9)
    np.testing.assert_allclose(capped["value_lower"], worth["clv_lower"], rtol=1e-9)
    np.testing.assert_allclose(capped["median_value"], clv.quantiles(worth, probabilities=[0.5])["50%"], rtol=1e-9)


def test_quantiles_have_their_probability_without_a_mean():
    found = clv.capped_value(ahead(base(), ci_prob=0.8), spend(), cap=100)
    for i, (x, m) in enumerate([(0, 0.0), (3, 12.0), (9, 40.0)]):
        for name, above in (("median_value", 0.5), ("value_upper", 0.1), ("value_lower", 0.9)):
            if found[name][i] > 0:
                assert exceeding(found[name][i], x, m, HEAVY["q"]) == pytest.approx(above, rel=1e-6, abs=0), name
            else:
                assert exceeding(0.0, x, m, HEAVY["q"]) <= above


def test_each_draw_counts_alike():
    draws = {"p": np.array([4.0, 3.0, 6.0]), "q": np.array([0.6, 0.9, 1.4]), "gamma": np.array([10.0, 12.0, 9.0])}
    one_by_one = [
        clv.capped_value(ahead(base()), spend(**{name: values[i] for name, values in draws.items()}), cap=80)
        for i in range(3)
    ]
    together = clv.capped_value(ahead(base()), replace(spend(), draws=draws), cap=80)["capped_value"]
    mean = np.mean([found["capped_value"] for found in one_by_one], axis=0)
    np.testing.assert_allclose(together, mean, rtol=1e-9)


def test_left_out_the_cap_is_what_one_customer_in_a_hundred_has_exceeded():
    rng = np.random.default_rng(1)
    n = 400
    table = pd.DataFrame({"frequency": 1.0, "recency": 5.0, "T": 39.0, "monetary_value": rng.permutation(n) + 1.0})
    found = clv.capped_value(ahead(clv.as_summary(table, period="week")), spend())
    assert found["cap"].unique() == [396]  # 397, 398, 399 and 400 are more


def test_what_cannot_be_capped_is_refused():
    with pytest.raises(ArgumentError, match=r"cap is missing, .* such as cap=1000"):
        clv.capped_value(ahead(None), spend())
    with pytest.raises(ArgumentError, match="cap is -1"):
        clv.capped_value(ahead(base()), spend(), cap=-1)
    with pytest.raises(ArgumentError, match="discount_rate above 0"):
        clv.capped_value(ahead(base(), horizon=np.inf), spend())
    with pytest.raises(ArgumentError, match="model of spend is needed"):
        clv.capped_value(ahead(base()), clv.estimate_from("nbd", BUYING, period="week"), cap=1)


# What the sentence advises


def advised(sentence):
    """Return the calls that a sentence names."""
    capped = sentence[sentence.index("clv.capped_value(") :]
    refit = sentence[sentence.index("clv.fit(") :]
    return capped[: capped.index(")") + 1], refit[: refit.rindex(")") + 1]


@pytest.mark.parametrize(("q", "n"), [(0.8, 800), (0.6, 300), (0.4, 1_000)])
def test_every_way_out_that_the_sentence_names_works(q, n):
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
    log = clv.simulate("bgnbd", truth, n_customers=n, T=52.0, spend_params=HEAVY | {"q": q}, seed=3)
    summary = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount")
    heavy = clv.fit("gammagamma", summary, first_purchase="leave_out")
    assert heavy.params["q"] < 1
    prediction = clv.predict(clv.fit("bgnbd", summary), summary, horizon=26)
    with pytest.raises(FitError, match="tail of large spenders is too heavy") as caught:
        clv.value(prediction, heavy)
    assert str(caught.value) == mean_trouble(heavy, summary)
    capped, refit = advised(str(caught.value))
    found = eval(capped, {"clv": clv, "prediction": prediction, "spend": heavy})
    assert np.isfinite(found.drop(columns="customer_id")).all(axis=None)
    moderate = eval(refit, {"clv": clv, "summary": summary})
    assert moderate.params["q"] > 1
    assert mean_trouble(moderate, summary) is None
    assert np.isfinite(clv.value(prediction, moderate).total.expected)


def test_for_customers_not_seen_yet_the_sentence_names_a_cap():
    with pytest.raises(FitError, match="of 1 customer doesn't exist") as caught:
        clv.value(ahead(None), spend())
    found = eval(advised(str(caught.value))[0], {"clv": clv, "prediction": ahead(None), "spend": spend()})
    assert 0 < found["capped_value"][0] < 1_000


def test_only_customers_without_a_mean_are_counted():
    assert mean_trouble(spend(), base()).startswith("The expected spend of 1 customer doesn't exist")
    assert mean_trouble(spend(), base().take(np.array([False, True, True]))) is None
    assert mean_trouble(spend(q=1.01), base()) is None
