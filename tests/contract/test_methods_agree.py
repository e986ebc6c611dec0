"""Importance sampling and Markov chains draw from one posterior.

They share the likelihood and nothing else: the one corrects a proposal by weights, the other walks. The two models with
a ridge on these data aren't here: chains take minutes to walk along it, and their tails stay rough.
"""

import numpy as np
import pytest

import clvmodels as clv

from .cases import of_tables

pytestmark = pytest.mark.bayes

RIDGES = ("paretonbd", "ggomnbd")
SHOP = [name for name in of_tables() if name not in ("bgbb", "sbg", "bdw", *RIDGES)]
# Of 4,000 draws worth 2,000 or more independent ones, the mean errs by .02 standard deviations and a 5% quantile by
# .05, for each of the two methods.
MEAN, QUANTILE = 0.1, 0.15


@pytest.fixture(scope="module")
def shop():
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(clv.load_cdnow(sample=True), **columns, observation_end="1997-09-30")


def assert_agree(name, summary):
    weighted = clv.fit(name, summary, method="laplace", n_draws=4000)
    assert weighted.diagnostics["pareto_k"] < 0.7
    walked = clv.fit(name, summary, method="nuts", n_draws=4000, sampling=clv.Sampling(progress=False))
    assert walked.outcome.converged
    free = [p.name for p in clv.models.get(name).free]
    for parameter in free:
        one, other = (np.log(estimate.draws[parameter]) for estimate in (weighted, walked))
        sd = other.std()
        assert abs(one.mean() - other.mean()) < MEAN * sd, parameter
        for tail in (0.05, 0.95):
            assert abs(np.quantile(one, tail) - np.quantile(other, tail)) < QUANTILE * sd, (parameter, tail)


@pytest.mark.parametrize("name", SHOP)
def test_weighted_and_walked_draws_agree_on_a_shop(name, shop):
    assert_agree(name, shop)


def test_weighted_and_walked_draws_agree_on_opportunities():
    assert_agree("bgbb", clv.as_summary(clv.load_donations(), period="year"))


@pytest.mark.parametrize("name", ["sbg", "bdw"])
def test_weighted_and_walked_draws_agree_on_contracts(name):
    survivors = clv.load_contracts().query("segment == 'High End' and year < 8")["survivors_percent"]
    assert_agree(name, clv.contracts_from_survivors((10 * survivors).round().astype(int).tolist(), period="year"))
