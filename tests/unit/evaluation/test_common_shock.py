"""The common shock: its size from misses that are known, from logs in which it was put, and where it looks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, FitError, InputError
from clvmodels.evaluation.shock_size import size_of_shock
from clvmodels.records import Shock

COLUMNS = {"customer": "customer_id", "time": "date", "period": "week"}
SUMMER = {"horizon": "39 weeks", "observation_end": "1997-09-30"}
FIRST = np.datetime64("2020-01-06")


def shop(multiples, *, n=1_500, weeks=62, window=6, seed=1):
    """Return a log of customers who never leave, with rates that all change by a factor in each of the last windows."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(1.5, 0.1, n)
    factors = np.ones(weeks)
    for i, factor in enumerate(reversed(multiples)):
        factors[weeks - (i + 1) * window : weeks - i * window] = factor
    counts = rng.poisson(rates[:, None] * factors)
    customers, week = (np.repeat(place, counts.ravel()) for place in np.divmod(np.arange(counts.size), weeks))
    days = np.concatenate([rng.integers(0, 14, n), 7 * week + rng.integers(0, 7, len(week))])
    return pd.DataFrame({"customer_id": np.concatenate([np.arange(n), customers]), "date": FIRST + days})


def last_day(weeks=62):
    return FIRST + np.timedelta64(7 * weeks - 1, "D")


def learned(log, **settings):
    return clv.common_shock(
        log, **COLUMNS, **({"horizon": 6, "model": "nbd", "observation_end": last_day()} | settings)
    )


@pytest.fixture(scope="module")
def sample():
    return clv.load_cdnow(sample=True)


@pytest.fixture(scope="module")
def of_summer(sample):
    return clv.common_shock(sample, **COLUMNS, **SUMMER)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bgnbd", "bgcnbd"])
def test_in_parts_it_is_the_same(model, sample):
    asked = COLUMNS | SUMMER | {"amount": "amount", "model": model, "origins": 2}
    whole, parts = clv.common_shock(sample, **asked), clv.common_shock(sample, **asked, memory_limit="1GB")
    # Spend is fitted on grouped spends, which leaves the parameters as they are to 1e-6.
    pd.testing.assert_frame_equal(parts.to_frame(), whole.to_frame(), rtol=1e-5)
    assert parts.spend.size == pytest.approx(whole.spend.size, rel=1e-4, abs=0)
    assert parts.notes == whole.notes


@pytest.mark.parametrize("more", [{"amount": "amount", "spend": 20.0}, {"collapse": "period"}])
def test_in_parts_a_price_and_whole_periods_are_the_same_too(more, sample):
    asked = COLUMNS | SUMMER | {"model": "nbd", "origins": 1} | more
    flat = sample.drop_duplicates(["customer_id", "date"]).assign(amount=20.0)
    found = [clv.common_shock(flat, **asked, **limit).to_frame() for limit in ({}, {"memory_limit": "1GB"})]
    pd.testing.assert_frame_equal(*found, rtol=1e-9)


@pytest.mark.parametrize("true", [0.05, 0.1, 0.3])
def test_size_is_found_from_many_misses(true):
    rng = np.random.default_rng(1)
    errors = rng.uniform(0.01, 0.08, 400)
    found = size_of_shock(rng.normal(0, np.hypot(true, errors)), errors, 400)
    # The error of a standard deviation from 400 numbers is 3.5%, and more where chance hides it.
    assert found.size == pytest.approx(true, rel=0.2, abs=0)


def test_misses_by_chance_are_no_shock():
    rng = np.random.default_rng(2)
    assert size_of_shock(rng.normal(0, 0.05, 400), np.full(400, 0.05), 400).size < 0.02


def test_a_model_that_is_always_low_has_a_shock_of_that_size():
    assert size_of_shock(np.full(30, 0.15), np.full(30, 0.01), 30).size == pytest.approx(0.15, rel=0.1, abs=0)


def test_overlapping_forecasts_count_as_fewer():
    misses, errors = np.array([0.02, -0.01, 0.015, 0.01]), np.full(4, 0.01)
    few, many = (size_of_shock(misses, errors, n) for n in (1.5, 4))
    assert few.size > 1.5 * many.size


# Three forecasts don't prove a shock of .15, which is as large as the prior takes for usual: it holds them back.
@pytest.mark.parametrize("true", [0.0, 0.05, 0.1, 0.15])
@pytest.mark.parametrize(("n", "least"), [(3, 0.85), (6, 0.88)])
def test_intervals_with_the_shock_cover_new_totals(true, n, least):
    """However few forecasts it was learned from, and with chance in each."""
    rng = np.random.default_rng(3)
    error, repetitions, held = 0.03, 600, 0
    for _ in range(repetitions):
        law = size_of_shock(rng.normal(0, np.hypot(true, error), n), np.full(n, error), n)
        drawn = rng.choice(law.sizes, 400, p=law.weights)
        # The interval is symmetric on the log scale, so its bound is a quantile of the size of what may come.
        bound = np.quantile(np.abs(rng.normal(0, np.hypot(drawn, error))), 0.9)
        held += abs(rng.normal(0, np.hypot(true, error))) <= bound
    assert held / repetitions > least - 3 * np.sqrt(0.1 / repetitions)


def test_misses_that_grow_with_the_horizon_make_a_shock_that_grows():
    rng = np.random.default_rng(4)
    looked, errors = np.repeat([6.0, 12.0, 24.0], 60), np.full(180, 0.01)
    steady = size_of_shock(rng.normal(0, 0.1, 180), errors, 60, horizons=looked, ahead=24)
    growing = size_of_shock(rng.normal(0, 0.05 * np.sqrt(looked / 6)), errors, 60, horizons=looked, ahead=24)
    # 60 separate forecasts leave a standard deviation open by 9%, and a little growth, which four times the time shows.
    assert steady.size == pytest.approx(0.1, rel=0.2, abs=0)
    assert steady.over(4).size < 1.3 * steady.size
    assert (growing.size, growing.over(4).size) == pytest.approx((0.05, 0.1), rel=0.2, abs=0)
    assert growing.weights @ growing.growth > 0.5 > 0.3 > steady.weights @ steady.growth


def test_a_size_that_was_given_holds_for_every_horizon(of_summer):
    given = Shock.of(0.1)
    assert given.law("purchases", 520).size == given.law("spend", 1).size == pytest.approx(0.1, rel=1e-12, abs=0)
    sizes = [of_summer.law("purchases", weeks).size for weeks in (of_summer.horizon, 13, 39)]
    assert of_summer.purchases.size == sizes[0] < sizes[1] < sizes[2]
    endless = of_summer.law("purchases", np.inf).size
    assert sizes[2] < endless < np.inf


def test_a_shock_put_into_a_log_is_found():
    sizes = np.array([0.3, -0.3, 0.3, -0.3, 0.3])
    found = learned(shop(np.exp(sizes)))
    # Forecasts learn from earlier windows too, which moves each miss by a few hundredths.
    np.testing.assert_allclose(found.to_frame()["miss"], sizes, atol=0.15)
    assert 0.2 < found.purchases.size < 0.5
    assert found.n_independent == 5


def test_a_log_without_a_shock_has_nearly_none():
    assert learned(shop(np.ones(5))).purchases.size < 0.08


def test_an_interval_with_the_shock_holds_what_one_without_misses():
    """The shop's next six weeks are as far off as earlier ones were."""
    moved = shop(np.exp([0.3, -0.3, 0.3, -0.3, 0.3, -0.3]), weeks=68)
    end, later = last_day(62), last_day(68)
    rfm = clv.rfm_summary(moved, **COLUMNS, observation_end=end, holdout_end=later)
    buying, actual = clv.fit("nbd", rfm), rfm.holdout.frequency.sum()
    plain = clv.predict(buying, rfm, horizon=6).total
    shocked = clv.predict(buying, rfm, horizon=6, shock=learned(moved)).total
    assert not plain.lower <= actual <= plain.upper
    assert shocked.lower <= actual <= shocked.upper


def test_nothing_after_the_observation_is_looked_at(sample, of_summer):
    cut = clv.common_shock(sample[sample["date"] <= "1997-09-30"], **COLUMNS, **SUMMER)
    pd.testing.assert_frame_equal(of_summer.to_frame(), cut.to_frame())
    assert of_summer.purchases.size == cut.purchases.size
    assert of_summer.to_frame()["end"].max() == pd.Timestamp("1997-09-30")


def test_forecasts_lie_end_to_end_in_the_second_half(sample):
    table = clv.common_shock(sample, **COLUMNS, horizon=13, model="nbd").to_frame()
    assert len(table) == 3
    assert (table["origin"].iloc[1:].to_numpy() == table["end"].iloc[:-1].to_numpy()).all()
    middle = sample["date"].min() + (sample["date"].max() - sample["date"].min()) / 2
    assert table["origin"].min() >= middle - pd.Timedelta(days=1)
    assert table["horizon"].to_list() == pytest.approx([13.0] * 3, abs=0.5)


def test_more_forecasts_than_fit_overlap_and_count_as_those_that_fit(sample):
    found = clv.common_shock(sample, **COLUMNS, horizon=39, origins=5, model="nbd")
    shortest = found.to_frame()["horizon"] < 1.5 * found.horizon
    assert shortest.sum() == 5
    assert len(shortest) == 9  # and over two or three of these times that follow each other
    assert found.n_independent == pytest.approx(3, abs=0.1)


def test_money_has_a_shock_of_its_own(sample):
    few = sample[sample["customer_id"] % 4 == 0]
    found = clv.common_shock(few, **COLUMNS, amount="amount", model="nbd", **SUMMER)
    # Three days to forecast from: three forecasts to the next of them, two over two such times, and one over three.
    assert found.to_frame().groupby("target").size().to_dict() == {"purchases": 6, "spend": 6}
    assert found.spend.size != found.purchases.size
    rfm = clv.rfm_summary(few, **COLUMNS, amount="amount", observation_end="1997-09-30")
    worth = clv.value(clv.predict(clv.fit("nbd", rfm), rfm, horizon=39, shock=found), clv.fit("gammagamma", rfm))
    assert worth.total.parts["common shock"] == pytest.approx(
        worth.total.expected * found.law("spend", 39).size, rel=1e-9, abs=0
    )


def test_a_log_too_short_to_look_back_is_refused(sample):
    with pytest.raises(ArgumentError, match=r"nothing tells a common shock"):
        clv.common_shock(sample, **COLUMNS, horizon=4, observation_end="1997-01-04")
    with pytest.raises(ArgumentError, match="origins is 0"):
        clv.common_shock(sample, **COLUMNS, horizon=4, origins=0)


def test_days_at_which_nothing_can_be_learned_are_left_out_and_said():
    days = np.repeat([0, 70, 90, 110, 120], [50, 20, 15, 15, 1])  # nobody comes back before the first origin, day 60
    log = pd.DataFrame({"customer_id": [*range(50), *range(20), *range(15), *range(15), 0], "date": FIRST + days})
    found = clv.common_shock(log, **COLUMNS, horizon=10, model="nbd")
    assert [note.code for note in found.notes] == ["origins_left_out", "few_origins"]
    assert found.n_independent == found.to_frame()["origin"].nunique() == 2


def test_a_time_in_which_nobody_bought_is_said():
    log = shop(np.array([1.0]), n=50, weeks=20)
    with pytest.raises(InputError, match="brought 0 in purchases"):
        clv.common_shock(log, **COLUMNS, horizon=3, model="nbd", observation_end=last_day(62))


def test_no_day_to_learn_from_is_an_error():
    log = pd.DataFrame({"customer_id": range(50), "date": FIRST + np.arange(50)})
    with pytest.raises(FitError, match="can't be fitted at any"):
        clv.common_shock(log, **COLUMNS, horizon=3, model="nbd")


@pytest.mark.slow
def test_a_study_widens_its_totals_by_the_shock_of_its_log(sample, of_summer):
    asked = clv.Study(horizon=39, common_shock=True)
    study = asked.fit(sample, **COLUMNS, observation_end="1997-09-30")
    assert study.prediction.total.contains == ("parameters", "chance", "common shock")
    assert study.shock.purchases.size == of_summer.purchases.size
    assert repr(of_summer).startswith(f"Shock(purchases {of_summer.purchases.size:.3g}")
