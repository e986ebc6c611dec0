"""Objects of the lifetimes package: the same parameters, the same answers."""

import numpy as np
import pytest
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

# lifetimes computes in the same double precision by other formulas; a hypergeometric series there costs some digits.
SAME = {"rtol": 1e-6}


@pytest.fixture(scope="module")
def sample():
    return clv.rfm_summary(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )


@pytest.fixture(scope="module")
def their_buying(sample):
    return BetaGeoFitter().fit(sample.frequency, sample.recency, sample.T)


@pytest.fixture(scope="module")
def their_spend(sample):
    some = (sample.frequency > 0) & (sample.monetary_value > 0)
    return GammaGammaFitter().fit(sample.frequency[some], sample.monetary_value[some])


def test_their_fit_of_buying_is_ours(sample, their_buying):
    taken = clv.from_lifetimes(their_buying, period="week")
    assert taken.method == "given"
    assert taken.params == pytest.approx(
        clv.fit("bgnbd", sample).params, rel=1e-3, abs=0
    )  # their optimiser stops earlier


def test_their_fit_of_spend_is_ours(sample, their_spend):
    taken = clv.from_lifetimes(their_spend)
    assert taken.period is None
    assert taken.params == pytest.approx(
        clv.fit("gammagamma", sample, first_purchase="leave_out").params, rel=1e-3, abs=0
    )


def test_purchases_and_p_alive_agree(sample, their_buying):
    ahead = clv.predict(clv.from_lifetimes(their_buying, period="week"), sample, horizon=39)
    history = sample.frequency, sample.recency, sample.T
    theirs = their_buying.conditional_expected_number_of_purchases_up_to_time(39, *history)
    np.testing.assert_allclose(ahead["expected_purchases"], theirs, **SAME)
    np.testing.assert_allclose(ahead["p_alive"], their_buying.conditional_probability_alive(*history), **SAME)


def test_expected_spend_agrees(sample, their_buying, their_spend):
    ahead = clv.predict(clv.from_lifetimes(their_buying, period="week"), sample, horizon=39)
    worth = clv.value(ahead, clv.from_lifetimes(their_spend))
    some = (sample.frequency == 0) | (sample.monetary_value > 0)  # they take free purchases for spend of nothing
    theirs = their_spend.conditional_expected_average_profit(sample.frequency, sample.monetary_value)
    np.testing.assert_allclose(worth["expected_spend"][some], np.asarray(theirs)[some], **SAME)


def test_the_unit_of_time_must_be_said(their_buying):
    with pytest.raises(ArgumentError, match="period= is missing"):
        clv.from_lifetimes(their_buying)


def test_what_has_not_been_fitted_is_refused():
    with pytest.raises(InputError, match="BetaGeoFitter has no params_"):
        clv.from_lifetimes(BetaGeoFitter(), period="week")


@pytest.mark.parametrize(("fitter", "name"), [(ModifiedBetaGeoFitter, "mbgnbd"), (ParetoNBDFitter, "paretonbd")])
def test_other_models_are_taken_over_with_the_same_forecasts(sample, fitter, name):
    theirs = fitter().fit(sample.frequency, sample.recency, sample.T)
    taken = clv.from_lifetimes(theirs, period="week")
    assert taken.model.name == name
    assert taken.params == pytest.approx(clv.fit(name, sample).params, rel=1e-2, abs=0)  # they stop a little earlier
    ahead = clv.predict(taken, sample, horizon=39)
    asked = (sample.frequency, sample.recency, sample.T)
    expected = theirs.conditional_expected_number_of_purchases_up_to_time(39, *asked)
    np.testing.assert_allclose(ahead["expected_purchases"], np.asarray(expected), **SAME)
    np.testing.assert_allclose(ahead["p_alive"], np.asarray(theirs.conditional_probability_alive(*asked)), **SAME)
