"""What an estimate says of its parameters: ridges, boundaries, and nothing where there is nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import erfc

import clvmodels as clv
from clvmodels.inference.diagnostics import parameter_notes
from clvmodels.records import Period, Summary


def customers(name, params, n, T, seed):
    rng = np.random.default_rng(seed)
    observed = rng.uniform(0.8 * T, 1.2 * T, n)
    who, when = clv.models.get(name).simulate(params, observed, rng)
    x, t_x = np.bincount(who, minlength=n).astype(float), np.zeros(n)
    np.maximum.at(t_x, who, when)
    return Summary(Period.of("week"), np.arange(n), x, t_x, observed)


def notes(estimate):
    return {note.code: note.text for note in estimate.notes}


@pytest.fixture(scope="module")
def short():
    """Customers seen for so short a time that dropout is hardly seen."""
    return customers("bgnbd", {"r": 0.8, "alpha": 8.0, "a": 0.3, "b": 2.0}, 500, 12.0, seed=2)


@pytest.fixture(scope="module")
def staying():
    return customers("nbd", {"r": 0.8, "alpha": 8.0}, 500, 40.0, seed=1)


@pytest.fixture(scope="module")
def cdnow():
    return clv.rfm_summary(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
    )


@pytest.mark.parametrize("name", ["bgnbd", "mbgnbd", "nbd", "gammagamma"])
def test_where_the_data_tell_every_parameter_nothing_is_warned_of(cdnow, name):
    assert set(notes(clv.fit(name, cdnow))) == {"model_misleads"}


def test_a_ridge_says_how_far_the_forecast_ranges_along_it(short):
    fitted = clv.fit("bgnbd", short)
    text = notes(fitted)["ridge"]
    assert text.startswith("a and b of BG/NBD can hardly be told apart from these data")
    horizon = np.quantile(short.T, 0.5, method="inverted_cdf")
    found = re.search(r"expected purchases over ([\d.]+) weeks stay between ([\d.]+) and ([\d.]+) in 95%", text)
    assert float(found[1]) == pytest.approx(horizon, rel=1e-3, abs=0)  # four digits are said
    expected = np.quantile(fitted.model.expectation(fitted.draws, horizon), (0.025, 0.975))
    np.testing.assert_allclose([float(found[2]), float(found[3])], expected, rtol=5e-3)  # three digits


def test_a_single_draw_tells_no_range(short):
    text = notes(clv.fit("bgnbd", short, n_draws=1))["ridge"]
    assert "takes more draws than one" in text


def test_a_ridge_of_spend_speaks_of_the_mean_spend():
    rng = np.random.default_rng(4)
    n, q = rng.integers(1, 3, 60).astype(float), 40.0
    m = rng.gamma(6.0 * n) / n / rng.gamma(q, 1 / 300.0, 60)  # customers who differ hardly at all
    table = pd.DataFrame({"frequency": n, "recency": 5.0, "T": 20.0, "monetary_value": m})
    fitted = clv.fit("gammagamma", clv.as_summary(table, period="week"))
    found = re.search(
        r"q and gamma of Gamma-Gamma .* mean spend stays between ([\d.]+) and ([\d.]+) in", notes(fitted)["ridge"]
    )
    low, high = float(found[1]), float(found[2])
    assert low < m.mean() < high


def test_a_ridge_of_spend_says_where_the_mean_does_not_exist(cdnow):
    fitted = clv.fit("gammagamma", cdnow)
    heavy = fitted.draws | {"q": np.where(np.arange(fitted.n_draws) % 4 == 0, 0.9, 3.7)}
    unsure = replace(fitted, draws=heavy, std_errors=fitted.std_errors | {"q": 9.0})
    said = {note.code: note.text for note in parameter_notes(unsure, cdnow.spend_histories)}["ridge"]
    assert "in 25% of the draws along it a new customer's mean spend doesn't exist" in said


def test_where_nobody_leaves_the_simpler_model_is_named(staying):
    fitted = clv.fit("bgnbd", staying)
    text = notes(fitted)["boundary"]
    assert text.startswith(
        "With a at 0 and whatever b, BG/NBD is NBD (no contract; purchases at any time; nobody leaves)"
    )
    horizon = np.quantile(staying.T, 0.5, method="inverted_cdf")
    simpler = clv.models.get("nbd").expectation(fitted.params, horizon)
    found = re.search(r"over ([\d.]+) weeks (go from [\d.]+ to|stay at) ([\d.]+): these data don't ask", text)
    assert float(found[1]) == pytest.approx(horizon, rel=1e-3, abs=0)
    assert float(found[3]) == pytest.approx(float(simpler), rel=5e-3, abs=0)  # three digits are said


def test_a_likelihood_without_curvature_says_that_nothing_is_known_along_it(staying):
    fitted = clv.fit("bgnbd", staying)
    flat = replace(fitted, std_errors=dict.fromkeys(fitted.params, np.nan))
    said = {note.code: note.text for note in parameter_notes(flat, staying.histories)}["ridge"]
    assert said.startswith("The likelihood of BG/NBD is flat in some direction")


@pytest.mark.parametrize("wide", [name for name in ("bgcnbd", "mbgcnbd") if name in clv.models.registry()])
def test_random_buying_is_named_where_regularity_is_not_asked_for(cdnow, wide):
    fitted = clv.fit(wide, cdnow)
    if fitted.params["k"] == 1:
        assert notes(fitted)["boundary"].startswith("With k at 1")
    else:
        assert "boundary" not in notes(fitted)


def test_given_parameters_are_not_blamed_for_errors_nobody_knows():
    given = clv.estimate_from("bgnbd", {"r": 0.24, "alpha": 4.4, "a": 1e-9, "b": 2.4}, period="week")
    assert set(notes(given)) == {"model_misleads"}


def test_a_parameter_at_its_edge_is_called_idle_up_to_the_gain_that_chance_gives_in_a_twentieth_of_studies(staying):
    """At an edge half of the studies gain nothing, so chance alone gains more than c with half a chi-square's tail."""
    fitted = clv.fit("bgnbd", staying)
    simpler = clv.models.get("nbd")
    there = float(staying.histories.counts @ simpler.pointwise(fitted.params, staying.histories.columns))
    exceeded = brentq(lambda c: 0.5 * erfc(np.sqrt(c)) - 0.05, 0.1, 5)  # P(chi-square of one degree > 2c) = erfc(c^.5)
    for gain, said in ((0.99 * exceeded, True), (1.01 * exceeded, False)):
        gained = replace(fitted, log_likelihood=there + gain)
        codes = {note.code for note in parameter_notes(gained, staying.histories)}
        assert ("boundary" in codes) is said, gain
