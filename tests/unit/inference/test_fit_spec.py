"""All that a fit takes has one spelling, in Python, in a study and in the shell."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields

import pytest

import clvmodels as clv
from clvmodels.cli.arguments import Learning
from clvmodels.errors import ArgumentError
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.inference.fitting import fit_as

OF_ONE_FIT = {"priors", "ridge", "sampling", "held", "calendar"}  # models of a study share none of these


def test_a_fit_takes_the_words_of_the_record_with_the_same_defaults():
    taken = inspect.signature(clv.fit).parameters
    assert set(taken) - {"summary", "start"} == set(FitSpec.words())
    assert {f.name: f.default for f in fields(FitSpec) if f.name != "model"} == {
        name: taken[name].default for name in FitSpec.words() if name != "model"
    }


def test_a_study_and_the_shell_take_them_too():
    words = set(FitSpec.words()) - OF_ONE_FIT
    assert words <= set(inspect.signature(clv.Study).parameters)
    assert set(clv.Study().fitting.asked_of_study()) == words
    shell = {"covariate": "covariates", "pool": "pooled"}
    assert {shell.get(f.name, f.name) for f in fields(Learning)} == words - {"model"}
    assert Learning().spec("bgnbd") == FitSpec(model="bgnbd") == clv.Study(model="bgnbd").fitting


def test_a_record_gives_back_what_was_asked():
    asked = {"model": "nbd", "method": "map", "pooled": ("channel",), "seed": 4, "ridge": 0.5}
    spec = FitSpec.among(asked | {"summary": 5, "start": None})
    assert {name: value for name, value in spec.asked().items() if name in asked} == asked
    assert FitSpec(**spec.asked()) == spec


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"method": "laplace", "covariates": {"buying": ["channel", "age"]}, "seed": 7, "n_draws": 50},
        {"pooled": ["region"], "ridge": 0.25, "held": {"k": 2}},
    ],
)
def test_what_a_study_keeps_asks_the_same_again(asked):
    spec = FitSpec(model="bgcnbd", **asked)
    assert FitSpec.of_content("bgcnbd", json.loads(json.dumps(spec.content()))) == spec


def test_as_usual_a_study_keeps_the_words_that_it_always_has():
    assert FitSpec(model="bgnbd").content() == {
        "method": "mle",
        "covariates": None,
        "pooled": None,
        "first_purchase": "scaled",
    }
    with pytest.raises(KeyError, match="pooled"):
        FitSpec.of_content("bgnbd", {"method": "mle", "covariates": None})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"model": "bgnbb"}, "Did you mean 'bg"),
        ({"method": "mcmc"}, "There is no method called 'mcmc'"),
        ({"n_draws": 0}, "n_draws is 0; it must be a whole number of at least 1"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"ridge": -1}, "ridge is -1"),
        ({"held": 3}, "held is 3, which it can't be"),
        ({"covariates": ["channel"]}, "say what each column acts on"),
        ({"covariates": {"buyng": "channel"}}, "Did you mean 'buying'"),
        ({"pooled": 3}, "give the name of a column, or a list of names"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(bad, words):
    with pytest.raises(ArgumentError, match=words):
        FitSpec(**{"model": "bgnbd"} | bad)


def test_a_record_fits_as_its_words_do():
    rfm = clv.as_summary(clv.simulate("bgnbd", _TRUTH, n_customers=150, T=40.0, seed=3).pipe(_summed), period="week")
    asked = {"method": "laplace", "n_draws": 40, "seed": 9}
    by_record = fit_as(FitSpec(model="bgnbd", **asked), rfm)
    assert by_record.params == clv.fit("bgnbd", rfm, **asked).params
    assert by_record.n_draws == 40


_TRUTH = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}


def _summed(log):
    return clv.rfm_summary(log, customer="customer_id", time="date").to_frame()


def test_draws_and_seed_reach_the_estimates_of_a_study():
    log = clv.simulate("bgnbd", _TRUTH, n_customers=150, T=40.0, seed=3)
    draws = [
        clv.Study(n_draws=30, seed=seed, horizon=10).fit(log, customer="customer_id", time="date").buying.draws["r"]
        for seed in (1, 1, 2)
    ]
    assert len(draws[0]) == 30
    assert draws[0].tolist() == draws[1].tolist() != draws[2].tolist()
