"""A fit that begins at an earlier estimate ends where any other does."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.inference import mle

SAME = 1e-4  # of a standard error: each climb ends when 1e-9 log-likelihood is left to gain, 4.5e-5 of one away


@pytest.fixture(scope="module")
def bases():
    log = clv.load_cdnow(sample=True)
    log = log.assign(
        channel=np.where(log["customer_id"] % 3, "web", "shop"),
        region=log["customer_id"].map("r{}".format).str[:2],
    )
    named = {"customer": "customer_id", "time": "date", "amount": "amount", "groups": ["channel", "region"]}
    return [clv.rfm_summary(log, **named, observation_end=end) for end in ("1997-09-30", "1997-12-31")]


def assert_same(warm, cold):
    assert warm.outcome.converged
    apart = [abs(warm.params[name] - value) / cold.std_errors[name] for name, value in cold.params.items()]
    assert np.nanmax(apart) < SAME  # a number of phases has no error
    assert warm.log_likelihood == pytest.approx(cold.log_likelihood, abs=1e-4)  # under a pull it isn't at its own top


@pytest.mark.parametrize("model", ["bgnbd", "mbgnbd", "nbd", "paretonbd", "bgcnbd", "gammagamma"])
def test_a_warm_start_ends_at_the_same_top(bases, model):
    earlier, later = bases
    warm = clv.fit(model, later, start=clv.fit(model, earlier))
    assert_same(warm, clv.fit(model, later))
    assert warm.outcome.n_starts == 2


@pytest.mark.parametrize("told", [{"covariates": {"buying": "channel"}}, {"pooled": "region"}], ids=str)
def test_covariates_and_groups_start_warm_too(bases, told):
    earlier, later = bases
    assert_same(
        clv.fit("bgnbd", later, start=clv.fit("bgnbd", earlier, **told), **told), clv.fit("bgnbd", later, **told)
    )


def test_a_level_that_was_not_there_before_starts_without_an_effect(bases):
    earlier, later = bases
    told = {"covariates": {"buying": "channel"}}
    levels = np.where(later.customer_id % 7, later.groups["channel"], "market")
    grown = replace(later, groups={"channel": levels})
    warm = clv.fit("bgnbd", grown, start=clv.fit("bgnbd", earlier, **told), **told)
    assert_same(warm, clv.fit("bgnbd", grown, **told))


@pytest.mark.parametrize("factor", [1e-4, 1e4, 1e9])
def test_a_start_far_from_the_top_does_no_harm(bases, factor):
    start = clv.estimate_from("bgnbd", dict.fromkeys(("r", "alpha", "a", "b"), factor), period="week")
    assert_same(clv.fit("bgnbd", bases[1], start=start), clv.fit("bgnbd", bases[1]))


def test_the_usual_search_follows_where_the_climb_does_not_converge(bases, monkeypatch):
    earlier, later = bases
    start, cold = clv.fit("bgnbd", earlier), clv.fit("bgnbd", later)
    climb = mle._Search.climbed

    def lost(job, held, starts):
        found = climb(job, held, starts)
        if len(starts) > 2:
            return found
        return replace(found, theta=found.theta + 1, outcome=replace(found.outcome, converged=False))

    monkeypatch.setattr(mle._Search, "climbed", lost)
    assert clv.fit("bgnbd", later, start=start).params == cold.params


def test_the_usual_search_follows_where_two_climbs_end_at_two_tops(bases, monkeypatch):
    earlier, later = bases
    start, cold = clv.fit("bgnbd", earlier), clv.fit("bgnbd", later)
    climb = mle._Search.climbed

    def apart(job, held, starts):
        found = climb(job, held, starts)
        if len(starts) > 2:
            return found
        return replace(found, theta=found.theta + 1, outcome=replace(found.outcome, n_agreeing=1))

    monkeypatch.setattr(mle._Search, "climbed", apart)
    assert clv.fit("bgnbd", later, start=start).params == cold.params


def test_posteriors_start_warm_too(bases):
    start = clv.fit("bgnbd", bases[0], method="laplace", n_draws=200)
    warm, cold = (clv.fit("bgnbd", bases[1], method="laplace", n_draws=200, start=s) for s in (start, None))
    assert warm.params == pytest.approx(cold.params, rel=1e-4, abs=0)  # means of draws, from tops that agree to 1e-6


def test_a_start_that_means_something_else_is_refused(bases):
    earlier, later = bases
    plain = clv.fit("bgnbd", earlier)
    monthly = clv.estimate_from("bgnbd", plain.params, period="month")
    for start, words in (
        (clv.fit("nbd", earlier), "whose parameters mean nothing to BG/NBD"),
        (monthly, "start counts time in months and the summary in weeks"),
        (plain.params, "start is a dict"),
    ):
        with pytest.raises(ArgumentError, match=words):
            clv.fit("bgnbd", later, start=start)
    with pytest.raises(ArgumentError, match="start was fitted with no covariates and this fit has channel on buying"):
        clv.fit("bgnbd", later, covariates={"buying": "channel"}, start=plain)


def test_a_spend_model_takes_a_start_whatever_the_period(bases):
    table = pd.DataFrame(
        {"frequency": [3, 1, 5], "recency": [5.0, 2, 8], "T": [9.0, 9, 9], "monetary_value": [9.0, 20, 11]}
    )
    start = clv.fit("gammagamma", bases[0])
    with pytest.raises(ArgumentError, match="whose parameters mean nothing"):
        clv.fit("bgnbd", clv.as_summary(table, period="month"), start=start)
    assert clv.fit("gammagamma", clv.as_summary(table, period="month"), start=start).period is None
