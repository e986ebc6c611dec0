"""Leaving out customers one at a time, and the hand-over to ArviZ that it is checked against."""

from importlib import import_module

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError


@pytest.fixture(scope="module")
def summary():
    log = clv.load_cdnow(sample=True).query("customer_id < 2500").copy()
    log["region"] = (log["customer_id"] % 3).map("region {}".format)
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(log, **columns, observation_end="1997-09-30", groups="region")


@pytest.fixture(scope="module")
def estimate(summary):
    return clv.fit("bgnbd", summary, method="laplace", covariates={"buying": "region"}, n_draws=300)


@pytest.fixture(scope="module")
def score(estimate, summary):
    return clv.loo(estimate, summary)


def test_it_is_what_arviz_says(estimate, score):
    from arviz_stats import loo

    theirs = loo(estimate.to_arviz(), pointwise=True)
    assert score.elpd == pytest.approx(theirs.elpd, rel=1e-10, abs=0)
    assert score.se == pytest.approx(theirs.se, rel=1e-10, abs=0)
    assert score.p == pytest.approx(theirs.p, rel=1e-8, abs=0)
    np.testing.assert_allclose(np.sort(score.pareto_k), np.sort(theirs.pareto_k), rtol=1e-8, atol=1e-10)


def test_it_lies_below_the_likelihood_by_about_the_number_of_parameters(estimate, score):
    # Each of six parameters costs about one: half for having been fitted, half for not foretelling.
    assert score.p == pytest.approx(6, abs=2.5)
    assert estimate.log_likelihood - score.elpd == pytest.approx(6, abs=3)


def test_blocks_change_nothing(estimate, summary, score, monkeypatch):
    # The function hides the module of its name.
    monkeypatch.setattr(import_module("clvmodels.inference.loo"), "_BLOCK", 300 * 50)
    again = clv.loo(estimate, summary)
    assert again.elpd == pytest.approx(score.elpd, rel=1e-13, abs=0)
    np.testing.assert_allclose(again.pointwise, score.pointwise, rtol=1e-10)


def test_scores_come_in_the_order_of_the_customers(estimate, summary, score):
    assert score.pointwise.sum() == pytest.approx(score.elpd, rel=1e-12, abs=0)
    # A customer's score is near the log-likelihood of that customer.
    gap = score.pointwise - estimate.pointwise(summary)
    assert np.abs(gap).max() < 1


def test_customers_of_whom_a_spend_model_learns_nothing_have_no_score(summary):
    asked = {"method": "laplace", "n_draws": 200}
    score = clv.loo(clv.fit("gammagamma", summary, first_purchase="leave_out", **asked), summary)
    assert np.array_equal(np.isnan(score.pointwise), summary.frequency == 0)
    assert score.n_customers == np.sum(summary.frequency > 0)
    counted = clv.loo(clv.fit("gammagamma", summary, **asked), summary)
    assert np.array_equal(np.isnan(counted.pointwise), summary.total_spend == 0)


def test_a_single_draw_is_refused(summary):
    given = clv.estimate_from("nbd", {"r": 0.4, "alpha": 12.0}, period="week")
    with pytest.raises(ArgumentError, match="single draw"):
        clv.loo(given, summary)


def test_posterior_and_data_are_handed_over_under_their_names(estimate):
    tree = estimate.to_arviz()
    assert set(tree.children) == {"posterior", "observed_data", "constant_data", "log_likelihood"}
    assert set(tree["posterior"].data_vars) == set(estimate.params)
    assert set(tree["constant_data"].data_vars) == {"T", "pattern"}
    np.testing.assert_array_equal(tree["posterior"]["r"].to_numpy(), estimate.draws["r"][None, :])
    assert tree["log_likelihood"]["history"].shape == (1, 300, estimate.n_customers)
    draw = {name: values[7] for name, values in estimate.draws.items()}
    effects = estimate.evidence.space.patterns.effects(draw, estimate.evidence.columns["pattern"])
    own = {name: draw[name] for name in ("r", "alpha", "a", "b")}
    whole = estimate.evidence.counts @ estimate.model.pointwise(own, estimate.evidence.columns, effects)
    assert float(tree["log_likelihood"]["history"][0, 7].sum()) == pytest.approx(float(whole), rel=1e-12, abs=0)


def test_a_base_too_large_is_handed_over_without_its_likelihood(estimate, monkeypatch):
    monkeypatch.setattr("clvmodels.inference.evidence._LARGEST", 1000)
    with pytest.warns(UserWarning, match=r"loo\(estimate, summary\)"):
        tree = estimate.to_arviz()
    assert "log_likelihood" not in tree.children


def test_arviz_summarises_it(estimate):
    from arviz_stats import summary as table

    assert list(table(estimate.to_arviz()).index) == list(estimate.params)
