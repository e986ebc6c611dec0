"""Draws under a parabola are believed where the likelihood is one, and come by importance where it isn't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.inference import methods
from clvmodels.inference.diagnostics import parameter_notes
from clvmodels.inference.mle import Maximum
from clvmodels.inference.parabola import Likeness, lowest, near_ones
from clvmodels.inference.uncertainty import is_flat, laplace_draws
from clvmodels.records import Outcome

DAYS = {"r": 1.5, "alpha": 9.0, "s": 0.6, "beta": 60.0}
GROCERIES = {"r": 4.0, "alpha": 4.0, "b": 1e-4, "s": 0.5, "beta": 1.0}
HERE = Outcome(True, "here")


@pytest.fixture(scope="module")
def cdnow():
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(clv.load_cdnow(sample=True), **columns, observation_end="1997-09-30")


def nobody_leaves(seed, n=1_000):
    """Return customers who came in over half a year and never leave."""
    rng = np.random.default_rng(seed)
    follow = rng.integers(20 * 7, 52 * 7 + 1, n) / 7
    who, when = clv.models.get("nbd").simulate({"r": 1.0, "alpha": 10.0}, follow, rng)
    recency = np.zeros(n)
    np.maximum.at(recency, who, when)
    columns = {"frequency": np.bincount(who, minlength=n), "recency": recency, "T": follow}
    return clv.as_summary(pd.DataFrame(columns), period="week")


def bought(model, params, n, T, seed, period):
    """Return customers of a model, all observed for as long."""
    log = clv.simulate(model, params, n_customers=n, T=T, seed=seed, period=period)
    end = log["date"].min() + pd.Timedelta(T, unit=period[0].upper())
    return clv.rfm_summary(log, customer="customer_id", time="date", observation_end=end, period=period)


def codes(estimate):
    return {note.code for note in estimate.notes}


def total(estimate, base, horizon):
    return clv.predict(estimate, base, horizon=horizon, ci_prob=0.9).total


@pytest.mark.parametrize("model", ["bgnbd", "paretonbd"])
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_where_nobody_leaves_intervals_have_a_width(model, seed):
    base = nobody_leaves(seed)
    fitted = clv.fit(model, base)
    assert len(np.unique(fitted.draws["r"])) > 500
    assert all(np.all(np.isfinite(values)) for values in fitted.draws.values())
    ahead = clv.predict(fitted, base, horizon=26)
    assert np.all(ahead["expected_purchases_upper"] > ahead["expected_purchases_lower"])
    # The model that made them knows as much of the total, and less is unknown of it: nobody leaves.
    simpler = total(clv.fit("nbd", base), base, 26)
    mine = total(fitted, base, 26)
    assert mine.upper - mine.lower > 0.9 * (simpler.upper - simpler.lower)
    assert mine.lower < simpler.expected < mine.upper


@pytest.mark.slow
def test_after_a_month_the_total_is_as_wide_as_by_other_methods():
    base = bought("paretonbd", DAYS, 2_000, 31.0, 2, "day")
    fitted = clv.fit("paretonbd", base)
    mine = total(fitted, base, 30)
    resampled = total(clv.fit("paretonbd", base, method="bootstrap", n_draws=150), base, 30)
    # The parabola's interval is three times as wide. A bootstrap of 150 knows each end of its own to a tenth of the
    # width, and a weak prior moves a ridge's mean by as much.
    width = resampled.upper - resampled.lower
    assert abs(mine.lower - resampled.lower) < 0.25 * width
    assert abs(mine.upper - resampled.upper) < 0.25 * width
    assert "draws_by_importance" in codes(fitted)


def test_draws_by_importance_are_those_of_the_posterior_and_the_estimate_stays_the_best():
    base = bought("paretonbd", DAYS, 2_000, 31.0, 2, "day")
    fitted, posterior = clv.fit("paretonbd", base), clv.fit("paretonbd", base, method="laplace")
    for name in fitted.params:
        np.testing.assert_array_equal(fitted.draws[name], posterior.draws[name])
        assert fitted.std_errors[name] == np.std(fitted.draws[name])
    assert fitted.diagnostics == posterior.diagnostics
    assert fitted.log_likelihood > posterior.log_likelihood
    assert fitted.priors is None
    assert "default priors" in next(note.text for note in fitted.notes if note.code == "draws_by_importance")


def test_priors_of_the_fit_stay_those_of_its_draws():
    base = nobody_leaves(1)
    known = {"mean_rate": (0.1, 0.5)}
    fitted = clv.fit("mbgnbd", base, method="map", priors=known)
    posterior = clv.fit("mbgnbd", base, method="laplace", priors=known)
    assert "draws_by_importance" in codes(fitted)
    np.testing.assert_array_equal(fitted.draws["a"], posterior.draws["a"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_at_a_boundary_the_interval_lies_around_the_forecast(seed):
    base = bought("ggomnbd", GROCERIES, 250, 40.0, seed, "week")
    fitted = clv.fit("ggomnbd", base)
    mine = total(fitted, base, 13)
    assert "draws_by_importance" in codes(fitted)
    # 2,888 with 2,427 to 2,983, and 2,857 with 0 to 2,922, were draws cut off far below the top. Customers who buy
    # weekly differ in their sum by chance alone by 54, so 90% is 177 wide, and parameters add to that.
    assert mine.lower < mine.expected < mine.upper
    assert 177 < mine.upper - mine.lower < 300


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bgnbd", "paretonbd", "mbgnbd"])
@pytest.mark.parametrize("seed", [0, 2])
def test_pooled_groups_on_flat_ground_have_finite_forecasts(model, seed):
    base = nobody_leaves(seed)
    stores = np.random.default_rng(seed).choice(["north", "south", "west"], len(base))
    base = replace(base, groups={"store": stores})
    fitted = clv.fit(model, base, pooled="store")
    assert "draws_by_importance" in codes(fitted)
    assert all(np.all(np.isfinite(values) & (values < 1e12)) for values in fitted.draws.values())
    assert len(np.unique(fitted.draws["r"])) > 300
    heights = [
        replace(fitted, params={name: values[i] for name, values in fitted.draws.items()}).log_likelihood_of(base)
        for i in range(fitted.n_draws)
    ]
    # Four parameters, and an effect of each store, and of one not seen, on each side.
    assert fitted.log_likelihood - min(heights) < lowest(4 + 2 * 4)
    ahead = clv.predict(fitted, base, horizon=26)
    assert np.all(np.isfinite(ahead["expected_purchases_upper"]))
    mine, simpler = ahead.total, clv.predict(clv.fit("nbd", base), base, horizon=26).total
    assert mine.lower < simpler.expected < mine.upper
    assert mine.upper - mine.lower < 2 * (simpler.upper - simpler.lower)


def test_pooled_groups_that_are_well_known_stay_under_the_parabola(cdnow):
    base = replace(cdnow, groups={"half": np.where(np.arange(len(cdnow)) % 2, "odd", "even")})
    fitted = clv.fit("bgnbd", base, pooled="half")
    assert "draws_by_importance" not in codes(fitted)
    assert fitted.diagnostics["pareto_k"] < 0.7
    assert len(np.unique(fitted.draws["r"])) == 1_000


@pytest.mark.parametrize("model", ["nbd", "bgnbd", "paretonbd", "gammagamma"])
def test_where_the_parabola_holds_draws_are_those_of_the_curvature(cdnow, model, monkeypatch):
    seen = []
    plain = methods.looked_at_draws
    monkeypatch.setattr(methods, "looked_at_draws", lambda *args: seen.append(args) or plain(*args))
    fitted = clv.fit(model, cdnow)
    assert "draws_by_importance" not in codes(fitted)
    assert fitted.diagnostics["pareto_k"] < 0.7
    (objective, top, n_draws, seed) = seen[0]
    under = objective.space.natural(laplace_draws(top, n_draws, seed), top.held)
    for name, values in under.items():
        np.testing.assert_array_equal(fitted.draws[name], values)


@pytest.mark.slow
def test_large_bases_are_judged_by_a_part_of_them(monkeypatch):
    columns = {"customer": "customer_id", "time": "date"}
    base = clv.rfm_summary(clv.load_cdnow(), **columns, observation_end="1997-09-30")
    seen = []
    plain = methods.looked_at_draws
    monkeypatch.setattr(methods, "looked_at_draws", lambda *args: seen.append((args, plain(*args))) or seen[-1][1])
    clv.fit("bgnbd", base)
    (objective, top, n_draws, seed), looked = seen[0]
    exact = objective.log_posterior(laplace_draws(top, n_draws, seed)[::25]) - top.height
    # A part of 4,000 customers knows a third derivative to a few hundredths, and these draws depart by up to .3.
    np.testing.assert_allclose(looked.likeness.heights[:n_draws:25], exact, atol=0.05, rtol=0)


def test_a_flat_direction_is_held_and_the_others_are_drawn():
    """The axes of the parabola are the sum and the difference; the difference doesn't curve."""
    for flat in (0.0, 1e-9, -1e-3):
        axes = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
        top = Maximum(np.array([3.0, 5.0]), axes @ np.diag([4.0, flat]) @ axes, np.ones(2, dtype=bool), 0.0, HERE)
        assert is_flat(top)
        drawn = laplace_draws(top, 4_000, seed=1)  # 4 standard errors below
        assert np.std(drawn.sum(axis=1) / np.sqrt(2)) == pytest.approx(
            0.5, rel=0.05, abs=0
        )  # 4 standard errors of 4,000
        np.testing.assert_allclose(drawn[:, 0] - drawn[:, 1], -2.0, rtol=1e-9)


def test_without_any_draw_a_note_says_that_intervals_hold_chance_alone(cdnow, monkeypatch):
    monkeypatch.setattr(methods, "posterior_draws", lambda *args: None)
    base = nobody_leaves(0)
    for method in ("mle", "laplace"):
        fitted = clv.fit("bgnbd", base, method=method)
        told = [note for note in fitted.notes if note.code == "no_parameter_uncertainty"]
        assert [note.level for note in told] == ["warning"]
        assert "no parameter uncertainty" in told[0].text
        assert fitted.n_draws == 1


def test_draws_far_below_the_top_are_replaced_by_others():
    far = np.zeros(1_000, dtype=bool)
    far[[3, 400]] = True
    places = near_ones(far)
    assert not np.any(far[places])
    np.testing.assert_array_equal(places[~far], np.flatnonzero(~far))


def test_what_a_parabola_falls_once_in_a_billion_fits_is_lowest():
    # Half a chi-square of 2 is exponential: its tail at 1e-12 lies at 12 ln 10.
    assert lowest(2) == pytest.approx(12 * np.log(10), rel=1e-9, abs=0)
    assert 25 < lowest(1) < lowest(4) < lowest(5) < 33


def likeness_of(log_weights, heights=None):
    n = len(log_weights)
    return Likeness(np.full(n, -2.0) if heights is None else heights, log_weights, 4)


def test_a_parabola_is_believed_by_its_weights_their_tail_and_how_many_draws_lie_far():
    rng = np.random.default_rng(0)
    close = 0.1 * rng.standard_normal(1_000)
    assert likeness_of(close).is_close
    # Weights with the tail of a Pareto distribution of shape 1, of which only a twelfth of the draws would lie
    # elsewhere.
    heavy = likeness_of(np.log1p(0.02 * (1_000 / (np.arange(1_000) + 0.5) - 1)))
    assert heavy.moved < 0.1 < 0.7 < heavy.pareto_k
    assert not heavy.is_close
    # Half the draws weigh 2.2 times as much as the others: .19 of all would have to lie elsewhere, more than the sixth
    # that four parameters may move, and no tail tells.
    halves = np.where(np.arange(1_000) < 500, np.log(2.2), 0.0) + 1e-3 * close
    assert likeness_of(halves).pareto_k < 0.7
    assert not likeness_of(halves).is_close
    heights = np.full(1_000, -2.0)
    heights[:10] = -40.0
    assert likeness_of(close, heights).is_close
    heights[:11] = -40.0
    assert not likeness_of(close, heights).is_close


def test_nobody_is_told_to_trust_draws_that_rest_on_few(cdnow):
    base = nobody_leaves(0)
    fitted = clv.fit("bgnbd", base)
    said = {note.code: note.text for note in parameter_notes(fitted, base.histories)}["ridge"]
    assert said.endswith("Trust the forecast's interval more than the parameter.")
    doubtful = replace(fitted, diagnostics={"pareto_k": 0.9, "ess": 12.0})
    said = {note.code: note.text for note in parameter_notes(doubtful, base.histories)}["ridge"]
    assert said.endswith("Trust neither the parameter nor an interval made from these draws.")
