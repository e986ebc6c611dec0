"""What an extra brings is asked for by name, with the command that installs it."""

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError


@pytest.fixture(scope="module")
def base():
    return clv.as_summary(
        pd.DataFrame({"frequency": [0, 1, 4, 2], "recency": [0.0, 3.0, 20.0, 9.0], "T": [30.0] * 4}), period="week"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda base: clv.fit("nbd", base, method="nuts"),
        lambda base: clv.fit("nbd", base).to_arviz(),
        lambda base: clv.fit("nbd", base).pymc_model(),
    ],
    ids=["nuts", "to_arviz", "pymc_model"],
)
def test_without_the_bayes_extra_one_sentence_says_how_to_get_it(base, ask, monkeypatch):
    monkeypatch.setattr("clvmodels.errors.find_spec", lambda package: None)
    with pytest.raises(ArgumentError, match=r"isn't installed; run pip install 'clvmodels\[bayes\]', or "):
        ask(base)


def test_other_methods_need_no_extra(base, monkeypatch):
    monkeypatch.setattr("clvmodels.errors.find_spec", lambda package: None)
    for method in ("mle", "map", "laplace"):
        assert clv.fit("nbd", base, method=method, n_draws=50).method == method
