"""Other business terms are other numbers from the same distributions."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.records import Valuation
from clvmodels.valuation import predictive
from clvmodels.valuation.compound import Compound
from clvmodels.voice import muted


def forecast(**columns):
    log = clv.load_cdnow(sample=True)
    some = log[log["customer_id"] % 8 < 1]
    rfm = clv.rfm_summary(some, customer="customer_id", time="date", observation_end="1997-09-30", **columns)
    with muted():
        return clv.predict(clv.fit("bgnbd", rfm, n_draws=50), rfm, horizon=26)


@pytest.fixture(scope="module")
def ahead():
    return forecast(amount="amount")


@pytest.fixture(scope="module", params=["spend model", "price"])
def both(request, ahead):
    """A forecast, and what its purchases are worth."""
    if request.param == "price":
        return forecast(), 20.0
    with muted():
        return ahead, clv.fit("gammagamma", ahead.summary, n_draws=50)


TERMS = [
    {"margin": 0.3},
    {"acquisition_cost": 4.0},
    {"margin": 0.5, "acquisition_cost": 0.0},
    {"margin": 0.0, "acquisition_cost": 2.0},
    {"discount_rate": 0.1, "margin": 0.2},
    {},
]


@pytest.mark.parametrize("terms", TERMS, ids=str)
def test_other_terms_are_the_value_on_these_terms(terms, both):
    with muted():
        first = clv.value(*both, margin=0.8, acquisition_cost=1.0)
        other = first.with_terms(**terms)
        anew = clv.value(*both, **{"margin": 0.8, "acquisition_cost": 1.0} | terms)
    pd.testing.assert_frame_equal(other.to_frame(), anew.to_frame(), rtol=1e-12, atol=1e-12)
    assert other.terms == anew.terms
    assert [note.code for note in other.notes] == [note.code for note in anew.notes]
    np.testing.assert_allclose(other.variance, anew.variance, rtol=1e-12)
    for bound in ("expected", "lower", "upper"):
        assert getattr(other.total, bound) == pytest.approx(getattr(anew.total, bound), rel=1e-12, abs=1e-9)
    np.testing.assert_allclose(other.distribution.cdf(10.0), anew.distribution.cdf(10.0), rtol=1e-12)
    np.testing.assert_allclose(other.path.value, anew.path.value, rtol=1e-12)


def test_a_discount_that_stays_makes_nothing_anew(ahead, monkeypatch):
    with muted():
        first = clv.value(ahead, clv.fit("gammagamma", ahead.summary, n_draws=50))
        looks = []
        made, quantile = predictive.compounds, Compound.quantile
        monkeypatch.setattr(predictive, "compounds", lambda *given: looks.append("made") or made(*given))
        monkeypatch.setattr(Compound, "quantile", lambda law, p: looks.append("quantile") or quantile(law, p))
        again = first.with_terms(margin=0.4)
    assert looks == []
    assert again.with_terms(margin=1.0).total.expected == pytest.approx(first.total.expected, rel=1e-12, abs=1e-9)


def test_a_valuation_by_hand_says_so(ahead):
    with muted():
        found = clv.value(ahead, clv.fit("gammagamma", ahead.summary, n_draws=50))
    bare = Valuation(ahead, found.spend, found.terms, found.columns, found.variance, found.total, found.path)
    with pytest.raises(ArgumentError, match="put together by hand"):
        bare.with_terms(margin=0.5)
    with pytest.raises(ArgumentError, match="margin"):
        found.with_terms(margin=2.0)
