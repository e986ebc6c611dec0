"""Regularity is recovered from simulated customers, and random buying is called random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

import clvmodels as clv
from clvmodels.errors import FitError, InputError
from clvmodels.inference.regularity import regularity


def base(k, n=3_000, seed=1):
    """Return customers whose times between purchases are gamma with shape k, at rates of their own."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 7, n)
    who = np.repeat(np.arange(n), x)
    gaps = rng.gamma(k, 1.0, len(who)) * rng.gamma(2.0, 3.0, n)[who]
    t_x = np.bincount(who, gaps, n)
    table = {"frequency": x, "recency": t_x, "T": t_x + 1.0, "litt": np.bincount(who, np.log(gaps), n)}
    return clv.as_summary(pd.DataFrame(table), period="week")


@pytest.mark.parametrize("k", [0.6, 1.0, 2.0, 3.0])
def test_both_ways_recover_the_regularity_of_simulated_customers(k):
    found = regularity(base(k), ci_prob=0.99)
    assert found.k_lower < k < found.k_upper
    assert found.wheat_morrison_lower < k < found.wheat_morrison_upper
    assert found.k_upper - found.k_lower < found.wheat_morrison_upper - found.wheat_morrison_lower  # it sees more


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_log_of_a_model_of_regular_buying_has_its_regularity(k):
    params = {"k": k, "r": 2.0, "alpha": 100.0 / k, "a": 0.6, "b": 5.0}  # months apart, so that days don't matter
    log = clv.simulate("mbgcnbd", params, n_customers=3_000, T=520.0, seed=k)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date")
    found = clv.regularity(rfm, ci_prob=0.99)
    # Calendar days keep purchases apart by a day, which adds a hundredth or two at such distances.
    assert found.k_lower - 0.02 * k < k < found.k_upper
    assert found.wheat_morrison_lower - 0.02 * k < k < found.wheat_morrison_upper
    assert ("worth trying" in str(found)) == (k > 1)


@pytest.mark.slow
def test_intervals_hold_in_nineteen_of_twenty_bases():
    inside = np.zeros(2)
    for seed in range(60):
        found = regularity(base(2.0, n=400, seed=seed))
        inside += [found.k_lower < 2 < found.k_upper, found.wheat_morrison_lower < 2 < found.wheat_morrison_upper]
    assert np.all(inside >= 52)  # 57 are expected; fewer than 52 come by chance twice in a thousand


def test_the_estimate_is_where_the_likelihood_of_the_shares_is_highest():
    summary = base(1.7, n=200)
    several = summary.frequency > 1
    x, t_x, litt = summary.frequency[several], summary.recency[several], summary.litt[several]
    logs = litt - x * np.log(t_x)

    def log_likelihood(k):
        return np.sum(gammaln(k * x) - x * gammaln(k) + (k - 1) * logs)

    best = regularity(summary).k
    assert log_likelihood(best) > max(log_likelihood(best * 1.001), log_likelihood(best / 1.001))


def test_the_unit_of_time_does_not_matter():
    summary = base(2.0)
    table = summary.to_frame()
    table["litt"] += table["frequency"] * np.log(7)
    table[["recency", "T"]] *= 7
    in_days = regularity(clv.as_summary(table, period="day"))
    assert in_days.k == pytest.approx(regularity(summary).k, rel=1e-10, abs=0)
    assert in_days.wheat_morrison == pytest.approx(regularity(summary).wheat_morrison, rel=1e-10, abs=0)


def test_the_sentence_says_what_to_do():
    assert "won't help" in str(regularity(base(0.6)))
    assert "worth trying" in str(regularity(base(3.0)))
    assert "looks random" in str(regularity(base(1.0)))
    assert "too few" in str(regularity(base(3.0, n=20)))


def test_bases_that_tell_nothing_are_refused():
    summary = base(2.0, n=50)
    with pytest.raises(FitError, match="No customer has two repeat purchases"):
        regularity(summary.take(summary.frequency < 2))
    with pytest.raises(InputError, match="no litt"):
        regularity(clv.as_summary(summary.to_frame().drop(columns="litt"), period="week"))
    clock = pd.DataFrame({"frequency": [2.0, 4.0], "recency": [2.0, 4.0], "T": 5.0, "litt": 0.0})
    with pytest.raises(FitError, match="all alike"):
        regularity(clv.as_summary(clock, period="week"))
