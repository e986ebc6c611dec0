"""What must hold of every customer's forecast under every model, heavy buyers and long horizons among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.prediction.purchases import count_distributions

from .cases import HARD, ORDINARY, purchase_models, settings

pytestmark = pytest.mark.usefixtures("muted_findings")

SAME = 1e-12  # of a number, that company and order may change by: sums then run in another order
FREQUENCIES = np.array([0, 0, 0, 1, 1, 2, 3, 5, 8, 20, 60, 200, 567, 5_000], dtype=float)
EXPECTED = ("expected_purchases", "clv")
COUNTS = [1, 2, 16, 128, 2_048]


QUICK = ("sbg",)  # the cheapest; the others are held to the same, with the slow tests
MODELS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in purchase_models()]


def customers(name, ages=(0.4, 9.0, 39.0, 104.0)):
    """Return customers of many kinds, everybody's silence short and long, a bot among them."""
    model = clv.models.get(name)
    rows = []
    for T in ages:
        for i, x in enumerate(FREQUENCIES):
            if model.discrete:
                T = np.ceil(T)
                t_x = min(x, T) if model.contractual else np.ceil(T * (0.3, 0.7, 1.0)[i % 3])
                t_x = t_x if x else 0.0
                rows.append((t_x if model.contractual else min(x, t_x), t_x, T))
            else:
                rows.append((x, T * (0.3, 0.75, 0.999)[i % 3] if x else 0.0, T))
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "T"]).drop_duplicates(ignore_index=True)
    frame["monetary_value"] = np.where(frame["frequency"] > 0, 20 + 3.0 * (np.arange(len(frame)) % 7), 0.0)
    return clv.as_summary(frame, period="week")


def believed(name, params=None, n_draws=20, spread=0.1):
    """Return an estimate with draws of all but the parameters that take few values."""
    params = params or ORDINARY[name]
    spends = name == "gammagamma"
    given = clv.estimate_from(name, params, period=None if spends else "week")
    rng = np.random.default_rng(7)
    few = {p.name for p in given.model.parameters if p.choices}
    noise = {n: np.zeros(n_draws) if n in few else rng.normal(0, spread, n_draws) for n in params}
    return replace(given, draws={n: value * np.exp(noise[n]) for n, value in params.items()})


def columns(forecast):
    """Return all public columns of numbers."""
    return forecast.to_frame().drop(columns="customer_id").astype(float)


def forecasts(name, summary, horizon=52.0):
    """Return a prediction and valuations without and with a discount, over a short and over an endless horizon."""
    ahead, spend = clv.predict(believed(name), summary, horizon=horizon), believed("gammagamma")
    # Opportunities without end have no closed form, and take a minute.
    endless = clv.predict(believed(name), summary, horizon=np.inf if name != "bgbb" else 500.0)
    return [
        ahead,
        clv.value(ahead, spend, margin=0.3, acquisition_cost=2.0),
        clv.value(ahead, spend, discount_rate=0.15),
        clv.value(endless, spend, discount_rate=0.15),
        clv.value(ahead, 10.0) if summary.monetary_value is None else ahead,
    ]


@pytest.mark.parametrize("name", MODELS)
def test_a_customer_is_forecast_the_same_in_any_company_and_order(name):
    summary = customers(name, ages=(0.4, 39.0))
    order = np.random.default_rng(3).permutation(len(summary))
    every = [columns(forecast) for forecast in forecasts(name, summary)]
    for chosen in (order, order[: len(order) // 3], order[:1]):
        some = [columns(forecast) for forecast in forecasts(name, summary.take(chosen))]
        for whole, part in zip(every, some, strict=True):
            for column in whole:
                np.testing.assert_allclose(
                    part[column], whole[column].to_numpy()[chosen], rtol=SAME, atol=1e-300, err_msg=f"{name} {column}"
                )


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_of_counts_add_up_and_agree_with_each_other(name):
    model = clv.models.get(name)
    summary = customers(name)
    h = {"x": summary.frequency, "t_x": summary.recency, "T": summary.T}
    for params in [ORDINARY[name], *HARD[name]]:
        for phase in range(model.n_phases(params)):
            ahead = model.updated(params, h | {"phase": np.full(len(summary), float(phase))})
            for horizon in (1.0, 39.0, 260.0):
                for n in COUNTS[: 3 if horizon < 260 else 5]:
                    pmf = model.pmf(ahead, horizon, n)
                    # A recurrence over 12 x 2,048 events rounds by 1e-15 at each of them.
                    np.testing.assert_allclose(pmf.sum(axis=0), 1, rtol=0, atol=5e-11, err_msg=f"{params} {n}")
                    np.testing.assert_allclose(pmf[-1], model.at_least(ahead, horizon, float(n)), rtol=0, atol=1e-12)
                active = model.at_least(ahead, horizon, 1.0)
                np.testing.assert_allclose(1 - pmf[0], active, rtol=0, atol=1e-12, err_msg=f"{params} {horizon}")


@pytest.mark.parametrize("name", MODELS)
def test_activity_rises_with_the_horizon(name):
    summary = customers(name)
    for params in [ORDINARY[name], *HARD[name]]:
        given = clv.estimate_from(name, params, period="week")
        active = np.array(
            [clv.predict(given, summary, horizon=t)["p_active"] for t in (1.0, 4.0, 39.0, 260.0, 2_600.0)]
        )
        assert np.all(np.diff(active, axis=0) >= -1e-12), params  # rounding of what is 1


@pytest.mark.parametrize("name", MODELS)
def test_intervals_are_finite_and_hold_what_is_expected_unless_skew_explains_it(name):
    summary = customers(name, ages=(0.4, 104.0))
    for forecast in forecasts(name, summary, horizon=104.0):
        found = columns(forecast)
        what = "clv" if "clv" in found else "purchases"
        lower, upper = found[f"{what}_lower"].to_numpy(), found[f"{what}_upper"].to_numpy()
        expected = found["clv" if "clv" in found else "expected_purchases"].to_numpy()
        assert np.all(np.isfinite(lower) & np.isfinite(upper)), what
        assert np.all(lower <= upper), what
        outside = np.flatnonzero((expected < lower) | (expected > upper))
        # There more than 95% lies on one side of the expectation: a few who buy much carry it.
        above = clv.p_above(forecast, expected)
        assert np.all((above[outside] <= 0.05 + 1e-9) | (above[outside] >= 0.95 - 1e-9)), what


@pytest.mark.parametrize("name", MODELS)
def test_quantiles_of_purchases_are_where_probabilities_say(name):
    summary, estimate = customers(name), believed(name)
    states = CustomerStates.of(estimate, summary)
    for part in count_distributions(states, estimate, 260.0):
        for p in (0.05, 0.5, 0.95, 0.999):
            found = part.quantile(p)
            assert np.all(part.cdf(found) >= p - 1e-9)
            assert np.all(part.cdf(found - 1) < p + 1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_quantiles_rise_with_probability_and_horizon(name):
    summary, estimate, spend = customers(name), believed(name), believed("gammagamma")
    before = None
    for horizon in (4.0, 39.0, 260.0):
        ahead = clv.predict(estimate, summary, horizon=horizon)
        tables = [clv.quantiles(f, probabilities=[0.05, 0.5, 0.95]) for f in (ahead, clv.value(ahead, spend))]
        now = [table.drop(columns="customer_id").to_numpy() for table in tables]
        for table in now:
            assert np.all(np.diff(table, axis=1) >= 0)
        if before is not None:
            assert np.all(now[0] >= before[0])
            assert np.all(now[1] >= before[1] * (1 - 2e-5))  # cells of 4% of the counts tell money to 1e-5
        before = now


@pytest.mark.parametrize("name", MODELS)
def test_value_at_one_price_is_the_price_of_the_purchases(name):
    summary = replace(customers(name), monetary_value=None)
    ahead = clv.predict(believed(name), summary, horizon=104.0)
    worth = clv.value(ahead, 10.0)
    pairs = {"clv": "expected_purchases", "clv_lower": "purchases_lower", "clv_upper": "purchases_upper"}
    for money, counts in pairs.items():
        np.testing.assert_allclose(worth[money], 10 * ahead[counts], rtol=1e-9, err_msg=money)
    some = ahead["p_active"] > 1e-3  # counts rarer than 1e-9 are left out of a sum
    np.testing.assert_allclose(worth.variance[some], 100 * ahead.variance[some], rtol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_moments_of_the_counts_are_those_of_the_model(name):
    """Means of heavy buyers come from cells, and from the expectation's own formula."""
    summary = customers(name)
    given = clv.estimate_from(name, ORDINARY[name], period="week")
    ahead = clv.predict(given, summary, horizon=104.0)
    states = CustomerStates.of(given, summary)
    for part in count_distributions(states, given, 104.0):
        members = states.histories.members
        expected = ahead["expected_purchases"][members.order[members.begins[part.rows]]]
        # Within cells of 4% counts lie on a line; the last one, that 1e-7 may reach, counts as its first.
        np.testing.assert_allclose(part.moments()[0], expected, rtol=1e-4, atol=1e-6)


def test_every_kind_of_model_is_tried():
    assert set(purchase_models()) == {
        *settings(discrete=False),
        *settings(discrete=True),
        *settings(discrete=True, contractual=True),
    }
