"""Seasons that are there are found, those that aren't move nothing, and what a fit found survives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.prediction.customer_states import CustomerStates

from .bases import DECEMBER, LAST, MONTHLY, PARAMS, base, on_clock, shop, summary

pytestmark = pytest.mark.usefixtures("muted_findings")


@pytest.fixture(scope="module")
def fitted():
    rfm = base("mbgnbd", n=1500, seed=11)
    return rfm, clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=60)


def test_a_season_is_found_and_sums_to_zero(fitted):
    rfm, estimate = fitted
    plain = clv.fit("mbgnbd", rfm, n_draws=1)
    assert estimate.log_likelihood > plain.log_likelihood + 20
    effects = np.array([estimate.params[name] for name in MONTHLY.names])
    assert effects.sum() == pytest.approx(0, abs=1e-12)
    errors = np.array([estimate.std_errors[name] for name in MONTHLY.names])
    assert np.abs(effects - DECEMBER).max() < 3.5 * errors.max()  # the largest of twelve
    assert estimate.log_likelihood_of(rfm) == pytest.approx(estimate.log_likelihood, rel=1e-12, abs=0)
    assert np.isnan(estimate.aic)


def test_a_start_changes_time_and_nothing_else(fitted):
    rfm, estimate = fitted
    again = clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=1, start=estimate)
    assert again.log_likelihood == pytest.approx(estimate.log_likelihood, rel=1e-7, abs=0)  # the scale settles to 1e-3


def test_a_top_that_hardly_moves_is_the_one_that_a_whole_climb_finds(fitted, monkeypatch):
    rfm, _ = fitted
    found = []
    for near in (np.inf, 0.0):
        monkeypatch.setattr("clvmodels.inference.pooling._NEAR", near)
        estimate = clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=1)
        found.append([estimate.params[name] for name in ("r", *MONTHLY.names)])
    assert found[0] == pytest.approx(found[1], abs=3e-3)  # the scale is known to a thousandth, a month to a twentieth


def test_the_season_table_says_how_often_each_month_was_seen(fitted):
    _, estimate = fitted
    table = clv.season_table(estimate).set_index("name")
    assert table.loc["dec", "lower"] < np.exp(DECEMBER[11]) * 1.05
    assert table["index"].idxmax() == "dec"
    assert (table["lower"] < table["index"]).all()
    assert (table["index"] < table["upper"]).all()
    assert table["share"].sum() == pytest.approx(1, abs=1e-12)
    assert table.loc["mar", "times_seen"] == 2
    assert table.loc["jan", "times_seen"] == 3
    assert [label.get_text() for label in clv.plots.season(estimate).get_xticklabels()] == table.index.tolist()


def test_waves_are_shown_by_month_with_the_known_index():
    rfm = base("mbgnbd")
    index = [1.0] * 11 + [2.0]
    estimate = clv.fit("mbgnbd", rfm, calendar=clv.Calendar(season=1, index=index), n_draws=50)
    codes = {note.code for note in clv.predict(estimate, rfm, horizon=9).notes}
    assert not codes & {"seen_once_ahead", "unseen_ahead"}  # waves act on every day
    table = clv.season_table(estimate)
    assert table["kind"].tolist() == ["season"] * 12
    waves = np.exp(estimate.params["season[cos 1]"] * np.cos(2 * np.pi * 15 / 365.25))
    assert table["index"][11] / table["index"][0] == pytest.approx(2.0, abs=0.5)
    assert waves > 0
    with pytest.raises(ArgumentError, match="without a calendar"):
        clv.season_table(clv.fit("mbgnbd", rfm, n_draws=1))


@pytest.mark.parametrize("suffix", ["json", "nc"])
def test_an_estimate_with_a_calendar_is_read_as_it_was_written(fitted, tmp_path, suffix):
    rfm, estimate = fitted
    again = clv.load(clv.save(estimate, tmp_path / f"buying.{suffix}"))
    assert again.clock == estimate.clock
    one, other = (clv.predict(e, rfm, horizon="3 months") for e in (estimate, again))
    for name, values in one.columns.items():
        assert np.array_equal(other[name], values), name


def test_a_forecast_follows_the_months(fitted):
    rfm, estimate = fitted
    ahead = clv.predict(estimate, rfm, horizon="12 months")
    assert ahead.total.contains == ("parameters", "chance")
    ratio = np.exp(estimate.params["season[dec]"] - estimate.params["season[nov]"])
    worth = clv.value(ahead, clv.fit("gammagamma", rfm, n_draws=1))
    assert worth.path.revenue[11] / worth.path.revenue[10] == pytest.approx(ratio, rel=0.1, abs=0)  # less leaving
    assert worth.path.revenue.sum() == pytest.approx(worth.total.expected, rel=1e-9, abs=0)
    path = clv.total_path(ahead, every="quarter")["expected"].to_numpy()
    assert np.diff(path, prepend=0.0) == pytest.approx(worth.path.purchases.reshape(4, 3).sum(axis=1), rel=1e-9, abs=0)


def test_between_nodes_on_the_clock_expectations_are_what_they_are_there(fitted):
    rfm, estimate = fitted
    futures = CustomerStates.of(estimate, rfm)

    def ahead(model, params):
        return model.expectation(params, 26.0)

    found = futures.evaluate(ahead, estimate.draws)
    columns = futures.columns(np.arange(len(futures.rows)))
    exact = ahead(futures.model, futures.params(estimate.draws, columns))
    assert found == pytest.approx(exact, rel=1e-11, abs=0)
    assert len(np.unique(futures.rows.columns["T"])) > 100  # enough for nodes to save something


def test_forecasts_with_and_without_a_calendar_are_compared(fitted):
    rfm = summary(shop("mbgnbd", n=300, seed=8), observation_end="2022-09-30", holdout_end=str(LAST))
    models = [clv.fit("mbgnbd", rfm, n_draws=50), clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=50)]
    board = clv.compare(rfm, models=models, heuristics=[], spend=None).to_frame()
    plain, seasonal = (board["name"] == name for name in ("mbgnbd 1", "mbgnbd 2"))
    assert board["total"][seasonal].item() > board["total"][plain].item()  # December is ahead


def test_a_later_summary_is_forecast_from_its_own_end():
    log = shop("nbd", n=60, seed=5, until=LAST)
    later, early = summary(log), summary(log, observation_end="2022-11-30")
    estimate = on_clock(clv.estimate_from("nbd", PARAMS["nbd"], period="week"), early, DECEMBER)
    of_december = clv.predict(estimate, None, horizon=31 / 7)["expected_purchases"][0]
    of_january = PARAMS["nbd"]["r"] / PARAMS["nbd"]["alpha"] * np.exp(DECEMBER[0]) * 30 / 7
    assert of_december / of_january == pytest.approx(1.8 * 31 / 30, rel=1e-12, abs=0)
    at_end = on_clock(clv.estimate_from("nbd", PARAMS["nbd"], period="week"), later, DECEMBER)
    one, other = (clv.predict(e, later, horizon=4)["expected_purchases"] for e in (estimate, at_end))
    assert np.array_equal(one, other)


def test_customers_without_a_last_day_are_refused(fitted):
    rfm, estimate = fitted
    table = clv.as_summary(rfm.to_frame()[["frequency", "recency", "T"]], period="week")
    with pytest.raises(InputError, match="on which day its observation ends"):
        clv.predict(estimate, table, horizon=4)
    assert np.isfinite(clv.frequency_recency_table(estimate, rfm, horizon=4).to_numpy()).any()


def test_the_tracked_expectation_is_that_of_the_days(fitted):
    rfm, estimate = fitted
    tracked = clv.tracking_table(estimate, rfm)
    by_month = pd.date_range("2021-01-10", periods=len(tracked), freq="7D").month
    expected, actual = tracked["expected"].to_numpy(), tracked["actual"].to_numpy()
    assert abs(expected.sum() - actual.sum()) < 0.05 * actual.sum()
    decembers = expected[by_month == 12].sum() / expected.sum()
    assert decembers == pytest.approx(actual[by_month == 12].sum() / actual.sum(), abs=0.02)
    table = clv.purchase_frequency_table(estimate, rfm)
    assert table["expected"].sum() == pytest.approx(len(rfm), rel=1e-9, abs=0)


def test_a_trend_says_how_it_is_tied_to_leaving():
    rfm = base("mbgnbd")
    estimate = clv.fit("mbgnbd", rfm, calendar=clv.Calendar(trend=True), n_draws=100)
    note = next(note for note in estimate.notes if note.code == "trend_and_leaving")
    assert "mean_dropout is -" in note.text or "mean_dropout is 0" in note.text
    assert abs(estimate.params["trend[per year]"]) < 0.3  # there is none in the shop


def test_a_short_log_of_one_cohort_is_warned_of():
    log = shop("nbd", n=300, seed=6, last=np.datetime64("2021-03-20"), until=np.datetime64("2021-12-31"))
    estimate = clv.fit("nbd", summary(log, observation_end="2021-12-31"), calendar=MONTHLY, n_draws=50)
    codes = {note.code: note.level for note in estimate.notes}
    assert codes["season_of_one_cohort"] == "warning"


def test_what_was_never_seen_is_named_and_widens_the_total():
    log = shop("nbd", n=400, seed=6, last=np.datetime64("2021-10-31"))
    rfm = summary(log, observation_end="2021-10-31")
    calendar = clv.Calendar(season="month", events={"fair": [("2021-12-05", "2021-12-06")]})
    estimate = clv.fit("nbd", rfm, calendar=calendar, n_draws=200)
    assert "season[nov], season[dec], event[fair]" in next(
        n.text for n in estimate.notes if n.code == "effects_not_seen"
    )
    ahead = clv.predict(estimate, rfm, horizon="2 months")
    assert "never: season[nov], season[dec], event[fair]" in next(
        n.text for n in ahead.notes if n.code == "unseen_ahead"
    )
    plain = clv.predict(clv.fit("nbd", rfm, n_draws=200), rfm, horizon="2 months")
    assert ahead.total.parts["parameters"] > 1.5 * plain.total.parts["parameters"]


def test_a_log_on_the_clock_is_simulated_with_its_season():
    params = PARAMS["nbd"] | dict(zip(MONTHLY.names, DECEMBER, strict=True))
    log = clv.simulate("nbd", params, n_customers=4_000, T=104.0, calendar=MONTHLY, seed=2)
    repeats = log[log.duplicated("customer_id")]
    by_month = repeats["date"].dt.month.value_counts(normalize=True)
    days = pd.date_range("2020-01-01", periods=728).month.value_counts()
    rate = by_month / days
    assert rate[12] / rate.drop(12).mean() == pytest.approx(1.8, abs=0.1)
    factor = np.exp(DECEMBER[pd.date_range("2020-01-01", periods=728).month - 1]).sum() / 7
    assert len(repeats) / 4_000 == pytest.approx(PARAMS["nbd"]["r"] / PARAMS["nbd"]["alpha"] * factor, rel=0.05, abs=0)
    with pytest.raises(ArgumentError, match="can't be simulated with a calendar"):
        clv.simulate("paretonbd", {"r": 1, "alpha": 1, "s": 1, "beta": 1}, n_customers=2, T=9.0, calendar=MONTHLY)


def test_the_likelihood_of_other_customers_needs_their_days(fitted):
    rfm, estimate = fitted
    with pytest.raises(InputError, match="each day"):
        estimate.log_likelihood_of(rfm.take(np.arange(10)))


@pytest.mark.slow
def test_without_a_season_forecasts_hardly_move():
    rfm = summary(shop("mbgnbd", n=6_000, seed=21, effects=np.zeros(12)))
    plain, seasonal = clv.fit("mbgnbd", rfm, n_draws=100), clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=100)
    one, other = (clv.predict(e, rfm, horizon="12 months").total.expected for e in (plain, seasonal))
    assert other == pytest.approx(one, rel=0.01, abs=0)


@pytest.mark.slow
def test_intervals_of_effects_hold_as_often_as_they_say():
    inside = []
    for seed in range(12):
        rfm = summary(shop("mbgnbd", n=3_000, seed=100 + seed))
        table = clv.season_table(clv.fit("mbgnbd", rfm, calendar=MONTHLY, n_draws=400), ci_prob=0.8)
        truth = np.exp(DECEMBER)
        inside.append((table["lower"] < truth) & (truth < table["upper"]))
    share = np.mean(inside)  # of 144 intervals; months that are all alike lie closer to their estimates than 80%
    assert 0.72 < share < 0.93
    assert sum(row.iloc[11] for row in inside) >= 6  # of 12; 5 or fewer come by chance in .4% of runs
