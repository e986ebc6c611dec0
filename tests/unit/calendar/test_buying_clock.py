"""On a clock, likelihood, forecasts and values are those of plain time where no day differs, else of brute force."""

from __future__ import annotations

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.inference.buying_clock import buying_clock
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space, scaled
from clvmodels.inference.transforms import Scale
from clvmodels.models import get

from .bases import DECEMBER, LAST, MONTHLY, PARAMS, base, daily_rates, on_clock, shop, summary

pytestmark = pytest.mark.usefixtures("muted_findings")

ONE_DAY = np.timedelta64(1, "D")
MODELS = ("nbd", "bgnbd", "mbgnbd")
NOTHING = np.zeros(12)


def given(model, n_draws=3):
    """Return an estimate with a few draws."""
    rng = np.random.default_rng(5)
    estimate = clv.estimate_from(model, PARAMS[model], period="week")
    draws = {name: value * np.exp(rng.normal(0, 0.05, n_draws)) for name, value in PARAMS[model].items()}
    return replace(estimate, draws=draws)


@pytest.mark.parametrize("model", MODELS)
def test_without_effects_the_clock_is_plain_time(model):
    rfm = base(model, n=40)
    plain = given(model)
    clocked = on_clock(plain, rfm, NOTHING)
    assert clocked.log_likelihood_of(rfm) == pytest.approx(plain.log_likelihood_of(rfm), rel=1e-12, abs=0)
    one, other = (clv.predict(estimate, rfm, horizon="5 months") for estimate in (plain, clocked))
    for name, values in one.columns.items():
        assert other[name] == pytest.approx(values, rel=1e-12, abs=1e-14), name
    assert other.total.upper == pytest.approx(one.total.upper, rel=1e-12, abs=0)
    spend = clv.fit("gammagamma", rfm, n_draws=1)
    values = [clv.value(ahead, spend) for ahead in (one, other)]
    for name in values[0].columns:
        assert values[1].columns[name] == pytest.approx(values[0].columns[name], rel=1e-12, abs=1e-14), name


@pytest.mark.parametrize("model", MODELS)
def test_a_constant_effect_is_a_change_of_the_unit_of_time(model):
    rfm = base(model, n=60)
    clocked = on_clock(given(model), rfm, NOTHING + 0.3)
    scaled_params = PARAMS[model] | {"alpha": PARAMS[model]["alpha"] * np.exp(-0.3)}
    plain = clv.estimate_from(model, scaled_params, period="week")
    assert clocked.log_likelihood_of(rfm) == pytest.approx(plain.log_likelihood_of(rfm), rel=1e-12, abs=0)
    expected = clv.predict(plain, rfm, horizon=9)["expected_purchases"]
    assert clv.predict(clocked, rfm, horizon=9)["expected_purchases"] == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("model", MODELS)
def test_the_likelihood_is_that_of_arithmetic_with_fifty_digits(model):
    log = shop(model, n=20, seed=3)
    rfm = summary(log)
    clocked = on_clock(given(model), rfm, DECEMBER)
    with mp.workdps(50):
        known = sum(_log_density(model, dates) for _, dates in log.groupby("customer_id")["date"])
    assert clocked.log_likelihood_of(rfm) == pytest.approx(float(known), rel=1e-12, abs=0)


def _log_density(model, dates):
    """Return the log-density of one customer's days of purchase, in weeks."""
    p = {name: mp.mpf(value) for name, value in PARAMS[model].items()}
    dates = np.unique(dates.to_numpy().astype("datetime64[D]"))
    first, last, x = dates[0], dates[-1], len(dates) - 1

    def rate(day):
        return mp.exp(mp.mpf(float(DECEMBER[day.astype("datetime64[M]").astype(int) % 12])))

    def passed(end):
        return sum((rate(day) for day in np.arange(first + ONE_DAY, end + ONE_DAY)), mp.mpf(0)) / 7

    def buying(end):
        return (
            p["alpha"] ** p["r"] * mp.gamma(p["r"] + x) / mp.gamma(p["r"]) / (p["alpha"] + passed(end)) ** (p["r"] + x)
        )

    rates = mp.fprod(rate(day) for day in dates[1:])
    if model == "nbd":
        return mp.log(rates * buying(LAST))
    coins = x + (model == "mbgnbd")
    whole = mp.beta(p["a"], p["b"])
    density = buying(LAST) * mp.beta(p["a"], p["b"] + coins) / whole
    if coins:
        density += buying(last) * mp.beta(p["a"] + 1, p["b"] + coins - 1) / whole
    return mp.log(rates * density)


def space_of(rfm, model="mbgnbd", calendar=MONTHLY):
    histories = rfm.statistics(("x", "t_x", "T"))
    facts = get(model)
    scale = Scale.of(facts, histories.columns, histories.counts)
    return Space(facts, scale, clock=buying_clock(calendar, facts, rfm)), histories


@pytest.mark.parametrize(
    "calendar",
    [
        MONTHLY,
        clv.Calendar(season=2, trend=True, events={"sale": [("2022-03-01", "2022-03-09")]}, index=[1.0] * 11 + [1.5]),
    ],
)
def test_the_gradient_of_a_fit_is_that_of_differences(calendar):
    space, histories = space_of(base("mbgnbd"), calendar=calendar)
    objective = Objective(
        space,
        scaled(space, histories.columns),
        histories.counts,
        prior=PriorDensity(space, None, np.full(len(space.names) - 4, 3.0)),
        share=0.7,
    )
    theta = space.centre + np.random.default_rng(1).normal(0, 0.2, len(space.names))
    _, slope = objective(theta)
    step = 1e-5
    for i in range(len(theta)):
        shift = step * (np.arange(len(theta)) == i)
        differences = (objective(theta + shift)[0] - objective(theta - shift)[0]) / (2 * step)
        assert slope[i] == pytest.approx(differences, rel=1e-6, abs=1e-4)  # of sums in the thousands


def test_a_point_of_the_fit_and_its_parameters_lead_to_each_other():
    space, histories = space_of(base("mbgnbd"))
    theta = space.centre + np.random.default_rng(2).normal(0, 0.3, len(space.names))
    params = space.natural(theta, {})
    assert sum(params[name] for name in MONTHLY.names) == pytest.approx(0, abs=1e-12)
    assert space.theta(params) == pytest.approx(theta, rel=1e-12, abs=1e-12)
    objective = Objective(space, scaled(space, histories.columns), histories.counts)
    many = objective.log_posterior(np.array([theta, theta + 0.1]))
    assert many == pytest.approx([-objective(theta)[0], -objective(theta + 0.1)[0]], rel=1e-12, abs=0)


@pytest.mark.parametrize("model", MODELS)
def test_forecasts_are_what_comes_in_a_shop_told_day_by_day(model):
    until = LAST + np.timedelta64(90, "D")
    log = shop(model, n=20_000, seed=7, until=until)
    rfm = summary(log, holdout_end=str(until))
    clocked = on_clock(given(model), rfm, DECEMBER)
    ahead = clv.predict(clocked, rfm, horizon=rfm.holdout.duration)
    came = rfm.holdout.frequency
    for some in (rfm.frequency == 0, rfm.frequency == 1, (rfm.frequency > 1) & (rfm.frequency < 6), rfm.T < 30):
        # Days hold one purchase at most in both, so counts are a little lower than a Poisson process makes them.
        error = np.sqrt(np.sum(ahead.variance[some]))
        assert abs(came[some].sum() - ahead.expected[some].sum()) < 3 * error + 0.02 * came[some].sum()
        active = ahead["p_active"][some]
        assert (
            abs((came[some] > 0).sum() - active.sum())
            < 3 * np.sqrt(np.sum(active * (1 - active))) + 0.01 * active.sum()
        )


def test_a_horizon_is_as_long_on_the_clock_as_its_days():
    rfm = base()
    clocked = on_clock(given("nbd"), rfm, DECEMBER)
    _, factor = daily_rates(LAST + ONE_DAY, LAST + 17 * ONE_DAY)
    passed = (factor[:16].sum() + 0.5 * factor[16]) / 7
    expected = PARAMS["nbd"]["r"] / PARAMS["nbd"]["alpha"] * passed
    found = clv.predict(clocked, None, horizon=16.5 / 7)["expected_purchases"][0]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


def test_repeat_purchases_are_counted_by_day():
    log = shop(n=50, seed=4)
    rfm = summary(log, observation_end="2022-06-30", holdout_end="2022-12-31")
    log = log[log["date"] <= np.datetime64("2022-06-30")].drop_duplicates(["customer_id", "date"])
    repeats = log[log["date"] > log.groupby("customer_id")["date"].transform("min")]["date"]
    days = np.arange(log["date"].min() + np.timedelta64(1, "D"), np.datetime64("2022-07-01"), dtype="datetime64[D]")
    assert rfm.repeats_by_day.tolist() == repeats.value_counts().reindex(days, fill_value=0).tolist()
    assert rfm.take(np.arange(5)).repeats_by_day is None


@pytest.mark.parametrize("model", ["paretonbd", "ggomnbd", "bgcnbd", "mbgcnbd", "bgbb", "sbg", "gammagamma"])
def test_models_that_time_enters_otherwise_refuse(model):
    with pytest.raises(ArgumentError, match="can't be fitted with a calendar") as refused:
        clv.fit(model, base(), calendar=MONTHLY)
    assert str(refused.value).count(". ") == 0


def test_what_has_no_days_of_purchase_is_refused():
    rfm = base()
    for customers in (
        rfm.take(np.arange(100)),
        clv.as_summary(rfm.to_frame()[["frequency", "recency", "T"]], period="week"),
        summary(shop(n=60), collapse="period"),
    ):
        with pytest.raises(InputError, match="repeat purchases of each day"):
            clv.fit("bgnbd", customers, calendar=MONTHLY)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"method": "bootstrap"}, "method='bootstrap'"),
        ({"method": "nuts"}, "method='nuts'"),
        ({"calendar": "month"}, "calendar is 'month'"),
    ],
)
def test_what_does_not_go_with_a_calendar_is_refused(more, told):
    with pytest.raises(ArgumentError, match=told):
        clv.fit("bgnbd", base(n=60), **{"calendar": MONTHLY} | more)


def test_what_is_not_there_on_a_clock_says_so():
    rfm = base(n=60)
    clocked = on_clock(given("bgnbd"), rfm, DECEMBER)
    ahead, spend = clv.predict(clocked, rfm, horizon=10), clv.fit("gammagamma", rfm, n_draws=1)
    for ask in (
        lambda: clocked.pointwise(rfm),
        lambda: clv.loo(clocked, rfm),
        lambda: clv.value(ahead, spend, discount_rate=0.1),
        lambda: clv.audit(clv.value(ahead, spend)),
        lambda: clv.likelihood_ratio(given("nbd"), clocked, rfm),
    ):
        with pytest.raises(ArgumentError, match="calendar"):
            ask()
