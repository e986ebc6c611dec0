"""Totals against simulation, against each other and against what is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.prediction.total_interval import total_quantiles
from clvmodels.prediction.totals import total_of
from clvmodels.records import Estimate, Outcome, Period, Shock, ShockDistribution, Sum, Summary

TAILS = (0.05, 0.95)
N_DRAWS, N_CUSTOMERS, AHEAD = 100, 300, 39.0


def known(size):
    return ShockDistribution(np.array([size]), np.array([1.0]))


@pytest.fixture(scope="module")
def believed():
    """Return an estimate whose draws are all that is known of customers who have just come."""
    rng = np.random.default_rng(3)
    centre = {"r": 0.4, "alpha": 5.0, "a": 0.8, "b": 2.4}
    draws = {name: value * np.exp(rng.normal(0, 0.15, N_DRAWS)) for name, value in centre.items()}
    nothing = dict.fromkeys(centre, float("nan"))
    week, outcome = Period.of("week"), Outcome(True, "Believed.")
    return Estimate(clv.models.get("bgnbd"), centre, week, "given", draws, nothing, float("nan"), 0, outcome)


@pytest.fixture(scope="module")
def newcomers():
    nothing = np.zeros(N_CUSTOMERS)
    return Summary(Period.of("week"), np.arange(N_CUSTOMERS), nothing, nothing, nothing)


@pytest.fixture(scope="module")
def came(believed):
    """Return totals of such customers, each under one of the draws."""
    rng = np.random.default_rng(4)
    follow, model = np.full(N_CUSTOMERS, AHEAD), believed.model
    totals = np.empty(2_000)
    for i, draw in enumerate(rng.integers(N_DRAWS, size=len(totals))):
        params = {name: float(values[draw]) for name, values in believed.draws.items()}
        totals[i] = len(model.simulate(params, follow, rng)[0])
    return totals


@pytest.mark.parametrize("size", [0.0, 0.1, 0.4])
def test_total_covers_what_comes_of_customers_who_follow_the_model(believed, newcomers, came, size):
    total = clv.predict(believed, newcomers, horizon=AHEAD, ci_prob=0.8, shock=size).total
    moved = came * np.exp(np.random.default_rng(5).normal(0, size, len(came)))
    error = np.sqrt(0.8 * 0.2 / len(came))
    assert abs(np.mean((total.lower <= moved) & (moved <= total.upper)) - 0.8) < 4 * error
    tail = np.sqrt(0.1 * 0.9 / len(came))
    assert abs(np.mean(moved < total.lower) - 0.1) < 4 * tail


def test_total_without_its_parameters_covers_too_little(believed, newcomers, came):
    certain = clv.estimate_from("bgnbd", believed.params, period="week")
    total = clv.predict(certain, newcomers, horizon=AHEAD, ci_prob=0.8).total
    assert np.mean((total.lower <= came) & (came <= total.upper)) < 0.7


def test_parts_are_the_deviations_that_come(believed, newcomers, came):
    total = clv.predict(believed, newcomers, horizon=AHEAD, shock=0.02).total
    moved = came * np.exp(np.random.default_rng(6).normal(0, 0.02, len(came)))
    everything = np.sqrt(sum(part**2 for part in total.parts.values()))
    # The error of a standard deviation from 2,000 totals is 1.6%, and their tails are a little heavier than normal.
    assert everything == pytest.approx(np.std(moved), rel=0.08, abs=0)
    certain = clv.predict(clv.estimate_from("bgnbd", believed.params, period="week"), newcomers, horizon=AHEAD).total
    assert set(certain.parts) == {"chance"}
    assert certain.parts["chance"] == pytest.approx(total.parts["chance"], rel=0.05, abs=0)
    assert total.parts["common shock"] == pytest.approx(0.02 * total.expected, rel=1e-9, abs=0)


def test_chance_of_a_single_customer_holds_nothing_of_the_parameters(believed):
    """Parameters and chance add up to the variance of the predictive distribution."""
    one = clv.predict(believed, None, horizon=AHEAD)
    # Distributions are averaged over as many draws as there are, so that the two agree to rounding.
    assert one.total.parts["chance"] ** 2 + one.total.parts["parameters"] ** 2 == pytest.approx(
        one.variance[0], rel=1e-9, abs=0
    )


@pytest.mark.parametrize("none", [0, 0.0, Shock.of(0.0)])
def test_a_shock_of_no_size_is_no_shock(believed, newcomers, none):
    assert clv.predict(believed, newcomers, horizon=AHEAD, shock=none).total == (
        clv.predict(believed, newcomers, horizon=AHEAD).total
    )


def test_a_negative_shock_is_refused(believed, newcomers):
    with pytest.raises(ArgumentError, match=r"shock.*standard deviation"):
        clv.predict(believed, newcomers, horizon=AHEAD, shock=-0.1)


def test_quantiles_of_a_shock_alone_are_those_of_a_lognormal():
    found = total_quantiles(np.array([500.0]), 1e-3, known(0.3), TAILS)
    # What is left of chance, a millionth of the total, shifts them by its square.
    np.testing.assert_allclose(found, 500 * np.exp(0.3 * ndtri(TAILS)), rtol=1e-9)


def test_a_vanishing_shock_leaves_the_quantiles():
    draws = 500 + 30 * np.random.default_rng(1).standard_normal(200)
    plain = total_quantiles(draws, 20.0, None, TAILS)
    np.testing.assert_allclose(total_quantiles(draws, 20.0, known(1e-7), TAILS), plain, atol=20 * 0.02)
    # Narrower than a twentieth of the chance it isn't resolved; from there on it widens as variances add.
    wider = total_quantiles(draws, 20.0, known(0.01), TAILS)
    assert 1 < (wider[1] - wider[0]) / (plain[1] - plain[0]) < 1.02


@pytest.mark.parametrize(
    ("centre", "deviation", "spread", "sizes"),
    [
        (1_000, 5, 30, [0.2]),  # the shock counts most
        (1_000, 80, 30, [0.01]),  # the parameters do
        (100_000, 100, 10, [0.1]),  # a large base: the shock bends over many thousand deviations of chance
        (4, 0.5, 2, [0.3]),  # so few that nothing is likely
        (1_000, 5, 30, [0.01, 0.1, 0.6]),  # a size hardly known: heavy tails
    ],
)
def test_quantiles_with_a_shock_are_those_of_simulated_totals(centre, deviation, spread, sizes):
    rng = np.random.default_rng(2)
    draws = centre + deviation * rng.standard_normal(1_000)
    law = ShockDistribution(np.array(sizes), np.full(len(sizes), 1 / len(sizes)))
    n = 400_000
    shocks = rng.normal(0, rng.choice(sizes, n))
    totals = np.maximum(rng.choice(draws, n) + spread * rng.standard_normal(n), 0.0) * np.exp(shocks)
    for probability, quantile in zip((0.01, *TAILS), total_quantiles(draws, spread, law, (0.01, *TAILS)), strict=True):
        if quantile == 0.0:
            assert np.mean(totals <= 0) >= probability
        else:
            error = np.sqrt(probability * (1 - probability) / n)
            assert abs(np.mean(totals <= quantile) - probability) < 4 * error


def test_what_is_fixed_moves_the_interval_and_not_its_width():
    draws = np.linspace(900, 1_100, 50)
    plain = total_of("value", Sum(1_000.0, draws, 400.0), 0.9, known(0.1))
    less = total_of("value", Sum(1_000.0, draws, 400.0), 0.9, known(0.1), 250.0)
    assert (plain.lower - less.lower, plain.upper - less.upper, plain.expected - less.expected) == pytest.approx(
        (250, 250, 250), rel=1e-9, abs=0
    )


def test_a_total_says_what_its_interval_contains():
    total = total_of("purchases", Sum(100.0, np.array([95.0, 105.0]), 25.0), 0.9, known(0.1))
    assert str(total).endswith("from parameters, chance and common shock)")
    assert total.contains == tuple(total.parts) == ("parameters", "chance", "common shock")
    assert str(total_of("purchases", Sum(100.0, np.array([100.0]), 25.0), 0.9)).endswith("from chance)")


def test_a_shock_learned_over_a_short_time_is_noted_on_a_long_one(believed, newcomers):
    learned = Shock(known(0.1), known(0.1), 3.0, 6.0)
    codes = {
        h: [note.code for note in clv.predict(believed, newcomers, horizon=h, shock=learned).notes] for h in (6, 39)
    }
    assert "shock_of_a_shorter_horizon" in codes[39]
    assert "shock_of_a_shorter_horizon" not in codes[6]
