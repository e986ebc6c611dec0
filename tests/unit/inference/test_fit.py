"""Maximum likelihood: the top is found, whatever the unit, and what can't be found is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, FitError
from clvmodels.records import Period, Summary

TRUE = {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.5}


@pytest.fixture(scope="module")
def base():
    model, n = clv.models.get("bgnbd"), 6_000
    rng = np.random.default_rng(8)
    T = rng.integers(150, 280, n) / 7
    who, when = model.simulate(TRUE, T, rng)
    x, t_x = np.bincount(who, minlength=n).astype(float), np.zeros(n)
    np.maximum.at(t_x, who, when)
    return Summary(Period.of("week"), np.arange(n), x, t_x, T)


def in_units(base, factor):
    period = Period("unit", base.period.days / factor)
    return replace(base, period=period, recency=base.recency * factor, T=base.T * factor)


def test_parameters_of_simulated_customers_are_found_within_their_errors(base):
    fitted = clv.fit("bgnbd", base)
    assert fitted.outcome.converged
    for name, value in TRUE.items():
        assert abs(fitted.params[name] - value) < 4 * fitted.std_errors[name], name


def test_no_better_point_is_near_the_estimate(base):
    fitted = clv.fit("bgnbd", base)
    model, h = fitted.model, base.histories
    best = fitted.log_likelihood
    for seed in range(20):
        nudge = np.exp(0.03 * np.random.default_rng(seed).normal(size=4))
        other = {name: value * by for (name, value), by in zip(fitted.params.items(), nudge, strict=True)}
        assert h.counts @ model.pointwise(other, h.columns) < best


@pytest.mark.parametrize("factor", [7.0, 1e-3, 1e4])
def test_the_unit_of_time_changes_parameters_by_a_factor_and_nothing_else(base, factor):
    one, other = clv.fit("bgnbd", base), clv.fit("bgnbd", in_units(base, factor))
    for p in one.model.parameters:
        by = factor if p.unit == "time" else 1.0
        # Both stop where a Newton step gains less than 1e-9, which leaves parameters open by about 1e-5 of an error.
        assert other.params[p.name] == pytest.approx(one.params[p.name] * by, rel=1e-6, abs=0)
        np.testing.assert_allclose(other.draws[p.name], one.draws[p.name] * by, rtol=1e-4)
    shift = base.frequency.sum() * np.log(factor)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - shift, rel=1e-10, abs=0)


@pytest.mark.parametrize("factor", [100.0, 1e-3])
def test_cents_and_dollars_give_the_same_spend(factor):
    log = clv.load_cdnow(sample=True)
    columns = {"customer": "customer_id", "time": "date", "amount": "amount", "observation_end": "1997-09-30"}
    one = clv.fit("gammagamma", clv.rfm_summary(log, **columns))
    other = clv.fit("gammagamma", clv.rfm_summary(log.assign(amount=log.amount * factor), **columns))
    assert other.params["gamma"] == pytest.approx(one.params["gamma"] * factor, rel=1e-6, abs=0)
    assert other.params["q"] == pytest.approx(one.params["q"], rel=1e-6, abs=0)


@pytest.mark.slow
def test_standard_errors_are_the_spread_of_repeated_studies():
    model, n = clv.models.get("bgnbd"), 2_000
    found, said = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        T = rng.integers(150, 280, n) / 7
        who, when = model.simulate(TRUE, T, rng)
        x, t_x = np.bincount(who, minlength=n).astype(float), np.zeros(n)
        np.maximum.at(t_x, who, when)
        fitted = clv.fit("bgnbd", Summary(Period.of("week"), np.arange(n), x, t_x, T))
        found.append(list(fitted.params.values()))
        said.append([fitted.std_errors[name] for name in fitted.params])
    # A standard deviation from 40 studies has a relative error of 11%.
    np.testing.assert_allclose(np.std(np.log(found), axis=0), np.mean(np.array(said) / found, axis=0), rtol=0.35)


def test_draws_have_the_estimate_as_their_middle_and_the_error_as_their_spread(base):
    fitted = clv.fit("bgnbd", base, n_draws=4_000)
    for name, draws in fitted.draws.items():
        assert np.median(np.log(draws)) == pytest.approx(np.log(fitted.params[name]), abs=1e-9)
        assert np.std(np.log(draws)) == pytest.approx(fitted.std_errors[name] / fitted.params[name], rel=0.05, abs=0)


def test_a_fit_repeats_itself_and_draws_follow_the_seed(base):
    one, again, other = (clv.fit("bgnbd", base, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.draws["r"], again.draws["r"])
    assert one.params == other.params
    assert not np.array_equal(one.draws["r"], other.draws["r"])


def test_table_aic_and_bic_follow_their_definitions(base):
    fitted = clv.fit("bgnbd", base)
    table = fitted.table(ci_prob=0.8)
    assert table.columns.to_list() == ["parameter", "estimate", "std_error", "lower", "upper"]
    inside = [
        np.mean((fitted.draws[r.parameter] > r.lower) & (fitted.draws[r.parameter] < r.upper))
        for r in table.itertuples()
    ]
    np.testing.assert_allclose(inside, 0.8, atol=0.005)
    assert fitted.aic == pytest.approx(8 - 2 * fitted.log_likelihood, rel=1e-9, abs=0)
    assert fitted.bic == pytest.approx(4 * np.log(6_000) - 2 * fitted.log_likelihood, rel=1e-9, abs=0)


def test_log_likelihood_of_a_summary_is_the_sum_over_customers(base):
    fitted = clv.fit("bgnbd", base)
    assert fitted.log_likelihood_of(base) == pytest.approx(fitted.log_likelihood, rel=1e-9, abs=0)
    assert fitted.pointwise(base).sum() == pytest.approx(fitted.log_likelihood, rel=1e-9, abs=0)
    assert fitted.pointwise(base).shape == (6_000,)


def test_a_base_that_never_leaves_ends_in_a_sentence_and_not_in_false_errors():
    """Customers who buy like clockwork and never leave: a and b run off, as they should."""
    n = 500
    rng = np.random.default_rng(1)
    x = rng.poisson(rng.gamma(2.0, 4.0, n)).astype(float)
    base = Summary(Period.of("week"), np.arange(n), x, np.where(x > 0, 39.9, 0.0), np.full(n, 40.0))
    fitted = clv.fit("bgnbd", base)
    said = " ".join(str(note) for note in fitted.checks())
    assert "boundary" in said or "ridge" in said or "flat" in said
    assert np.all(np.isfinite(clv.predict(fitted, base, horizon=10)["expected_purchases"]))


def test_few_customers_and_heavy_tails_are_warned_of():
    small = pd.DataFrame({"frequency": [1, 2, 0, 4, 3] * 10, "recency": [3.0, 9.0, 0.0, 20.0, 11.0] * 10, "T": 30.0})
    codes = {note.code for note in clv.fit("bgnbd", clv.as_summary(small, period="week")).checks()}
    assert "few_customers" in codes
    heavy = clv.estimate_from("gammagamma", {"p": 1.0, "q": 0.8, "gamma": 3.0})
    assert "infinite_mean_spend" in {note.code for note in heavy.checks()}


@pytest.mark.parametrize(
    ("rows", "model", "words"),
    [
        ({"frequency": [0, 0], "recency": [0.0, 0.0], "T": [9.0, 8.0]}, "bgnbd", "No customer has a repeat purchase"),
        ({"frequency": [2], "recency": [3.0], "T": [9.0]}, "bgnbd", "at least 2"),
        (
            {"frequency": [2, 0], "recency": [3.0, 0], "T": [9.0, 8], "monetary_value": [5.0, 0]},
            "gammagamma",
            "at least 2 are needed",
        ),
        (
            {"frequency": [2, 3], "recency": [3.0, 4], "T": [9.0, 8], "monetary_value": [5.0, 5.0]},
            "gammagamma",
            "no spread",
        ),
    ],
)
def test_too_little_to_learn_from_is_said(rows, model, words):
    with pytest.raises(FitError, match=words):
        clv.fit(model, clv.as_summary(pd.DataFrame(rows), period="week"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda base: clv.fit("bgnbdd", base), "Did you mean 'bgnbd'"),
        (lambda base: clv.fit("bgnbd", base, method="magic"), "no method called"),
        (lambda base: clv.fit("bgnbd", base, n_draws=0), "n_draws"),
        (lambda base: clv.estimate_from("bgnbd", {"r": 1.0}, period="week"), "missing: alpha, a, b"),
        (lambda base: clv.estimate_from("bgnbd", TRUE | {"beta": 1.0}, period="week"), "no parameter of BG/NBD"),
        (lambda base: clv.estimate_from("bgnbd", TRUE | {"a": -1.0}, period="week"), "positive"),
        (lambda base: clv.estimate_from("bgnbd", TRUE), "period= is missing"),
        (lambda base: clv.estimate_from("bgnbd", TRUE | {"r": "x"}, period="week"), "needs a number"),
        (lambda base: clv.fit("bgnbd", base.to_frame()), "make one with rfm_summary"),
        (lambda base: clv.predict(clv.fit("bgnbd", base), base.to_frame(), horizon=3), "make one with rfm_summary"),
        (lambda base: clv.estimate_from("bgnbd", TRUE, period="day").pointwise(base), "counts time in days"),
    ],
)
def test_arguments_that_cannot_be_are_refused_with_a_sentence(base, call, words):
    with pytest.raises(ArgumentError, match=words):
        call(base)
