"""Rolling origins: each knows what was known then, is scored as ``compare`` scores, and is pooled as it says."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, ClvWarning, FitError
from clvmodels.evaluation.windows import rolling_windows
from clvmodels.ingest.periods import Span
from clvmodels.records import Period

COLUMNS = {"customer": "customer_id", "time": "date"}
WEEKS = {"horizon": "13 weeks", "n_bootstrap": 20}
PARAMS = {
    "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "mbgnbd": {"r": 0.5245, "alpha": 6.1831, "a": 0.8913, "b": 1.6144},
}


def given(name):
    """Return what "fits" a model by giving its published parameters: one draw, no search."""
    return lambda known: clv.estimate_from(name, PARAMS[name], period=known.period)


GIVEN = {name: given(name) for name in PARAMS}
ONE = {"models": {"bgnbd": given("bgnbd")}}


@pytest.fixture(scope="module")
def log():
    """One customer in six of the sample, all their purchases."""
    sample = clv.load_cdnow(sample=True)
    return sample[sample["customer_id"].isin(sample["customer_id"].unique()[::6])].reset_index(drop=True)


@pytest.fixture(scope="module")
def found(log):
    return clv.backtest(log, **COLUMNS, models=GIVEN, heuristics=["ltv"], origins=3, **WEEKS)


def days_of(windows):
    return [(str(origin), str(last)) for origin, last in windows]


def span(start, end, *, period="week", whole=False):
    first, last = (int(np.datetime64(day, "D").astype(np.int64)) for day in (start, end))
    return Span(first, last, last, Period.of(period), whole)


def test_one_origin_is_a_comparison(log):
    """Exactly: the same estimates, the same scores."""
    log = log[log["customer_id"] % 3 == 0]
    one = clv.backtest(
        log, **COLUMNS, amount="amount", models=GIVEN, origins="1997-09-30", horizon="273 days", n_bootstrap=1
    )
    rfm = clv.rfm_summary(log, **COLUMNS, amount="amount", observation_end="1997-09-30", holdout_end="1998-06-30")
    board = clv.compare(rfm, models=[fitter(rfm) for fitter in GIVEN.values()])
    for target in ("purchases", "spend"):
        theirs = board.to_frame(target=target)
        rules = theirs["kind"] != "model"  # whose totals' intervals are drawn from another seed
        bounds = ["total_lower", "total_upper"]
        theirs.loc[rules, bounds] = np.nan
        ours = one.to_frame(target=target)[list(theirs)]
        ours.loc[rules, bounds] = np.nan
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_an_origin_knows_nothing_of_what_came(log, found):
    """Whatever is bought after the last origin, its forecasts stay; only what they are compared with changes."""
    origin = found.to_frame()["origin"].max()
    another = pd.concat([log, log[log["date"] > origin].assign(date=log["date"].max())])
    again = clv.backtest(another, **COLUMNS, **ONE, heuristics=[], origins=[origin], **WEEKS).to_frame()
    row = found.to_frame().query("name == 'bgnbd' and origin == @origin").iloc[0]
    assert again["total"].iloc[0] == row["total"]
    fewer = log[~((log["date"] > origin) & (log["customer_id"] % 2 == 0))]
    fewer = clv.backtest(
        fewer, **COLUMNS, **ONE, heuristics=[], origins=[origin], observation_end="1998-06-30", **WEEKS
    ).to_frame()
    assert fewer["total"].iloc[0] == row["total"]
    assert fewer["actual"].iloc[0] < row["actual"]


def test_origins_lie_a_horizon_apart_and_end_with_the_log(found):
    table = found.to_frame()[["origin", "end"]].drop_duplicates()
    assert table["end"].iloc[-1] == pd.Timestamp("1998-06-30")
    assert (table["end"] - table["origin"] == pd.Timedelta(days=91)).all()
    assert (table["origin"].iloc[1:].to_numpy() == table["end"].iloc[:-1].to_numpy()).all()


def test_fewer_origins_are_found_where_the_log_is_short_and_said():
    year = span("2024-01-01", "2024-12-29")  # 52 weeks
    windows, notes = rolling_windows(year, 13.0, 4)
    assert days_of(windows) == [
        ("2024-03-31", "2024-06-30"), ("2024-06-30", "2024-09-29"), ("2024-09-29", "2024-12-29"),
    ]  # fmt: skip
    assert [note.code for note in notes] == ["fewer_origins"]
    assert "3 of the 4 origins" in notes[0].text
    assert rolling_windows(year, 13.0, np.int64(3)) == (windows, ())


def test_half_the_log_is_the_longest_horizon():
    year = span("2024-01-01", "2024-12-29")
    assert days_of(rolling_windows(year, 26.0, 1)[0]) == [("2024-06-30", "2024-12-29")]
    with pytest.raises(ArgumentError, match="horizon of at most 182 days"):
        rolling_windows(year, 27.0, 1)


def test_periods_of_the_calendar_end_where_the_calendar_ends_them():
    """The leap year 2024 is no shorter than the one before it, which it is forecast from."""
    two_years = span("2023-01-01", "2024-12-31", period="month", whole=True)
    assert days_of(rolling_windows(two_years, 12.0, 1)[0]) == [("2023-12-31", "2024-12-31")]
    assert days_of(rolling_windows(two_years, 3.0, 2)[0]) == [
        ("2024-06-30", "2024-09-30"), ("2024-09-30", "2024-12-31"),
    ]  # fmt: skip
    assert days_of(rolling_windows(two_years, 3.0, "2023-11-30")[0]) == [("2023-11-30", "2024-02-29")]


def test_days_of_origins_are_taken_as_they_are():
    year = span("2024-01-01", "2024-12-29")
    named = pd.DatetimeIndex(["2024-09-29", "2024-01-10", "2024-09-29"])
    assert days_of(rolling_windows(year, 13.0, named)[0]) == [
        ("2024-01-10", "2024-04-10"), ("2024-09-29", "2024-12-29"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("origins", "sentence"),
    [
        (["2024-09-30"], "2024-09-30 of origins can't be forecast from"),
        (["2023-12-31"], "give days between 2024-01-01 and 2024-09-29"),
        ([], "origins names no day"),
        (["yesterday"], "is no date"),
        (0, "at least 1"),
        (True, "at least 1"),
        (2.5, "is no date"),
    ],
)
def test_origins_that_can_not_be_are_refused(origins, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        rolling_windows(span("2024-01-01", "2024-12-29"), 13.0, origins)


@pytest.mark.parametrize("horizon", [np.inf, 0.01])
def test_a_horizon_without_end_or_length_is_refused(horizon):
    with pytest.raises(ArgumentError, match="finite and at least a day"):
        rolling_windows(span("2024-01-01", "2024-12-29"), horizon, 1)


def test_pooled_rows_are_what_they_say(found):
    table, pooled = found.to_frame(), found.to_frame(pooled=True).set_index("name")
    for name, part in table.groupby("name"):
        row = pooled.loc[name]
        assert row["origins"] == 3
        assert row["bias"] == pytest.approx(part["total"].sum() / part["actual"].sum() - 1, rel=1e-12, abs=0)
        assert row["rmse"] == pytest.approx(np.sqrt((part["rmse"] ** 2).mean()), rel=1e-12, abs=0)
        assert row["crps"] == pytest.approx(part["crps"].mean(), rel=1e-12, abs=0)
        assert row["hits"] == part["hit"].sum()
    models = table[table["kind"] == "model"]
    held = (models["total_lower"] <= models["actual"]) & (models["actual"] <= models["total_upper"])
    assert (models["hit"] == held).all()


def test_pooled_calibration_is_that_of_all_outcomes(found):
    """Misses of opposite signs even out, so it is no more than the mean of the origins."""
    table, pooled = found.to_frame(), found.to_frame(pooled=True).set_index("name")
    means = table.groupby("name")[["pit_ks", "ece"]].mean()
    for name in ("bgnbd", "mbgnbd"):
        assert (pooled.loc[name, ["pit_ks", "ece"]] > 0).all()
        assert (pooled.loc[name, ["pit_ks", "ece"]] <= means.loc[name] + 1e-12).all()


def test_calibration_is_that_of_the_tables_for_one_holdout(log, found):
    origin, end = found.to_frame()[["origin", "end"]].iloc[-1]
    rfm = clv.rfm_summary(log, **COLUMNS, observation_end=str(origin.date()), holdout_end=str(end.date()))
    ahead = clv.predict(GIVEN["mbgnbd"](rfm), rfm, horizon=rfm.holdout.duration)
    row = found.to_frame().query("name == 'mbgnbd' and origin == @origin").iloc[0]
    table = clv.coverage_table(ahead, levels=[0.9]).iloc[0]
    assert row["coverage_expected"] == pytest.approx(table["expected"], rel=1e-9, abs=0)
    assert row["coverage"] == pytest.approx(table["covered"], rel=1e-12, abs=0)
    assert row["ece"] == pytest.approx(clv.activity_table(ahead).attrs["error"], rel=1e-12, abs=0)
    spread = [np.sort(clv.pit(ahead, rfm.holdout.frequency, seed=seed)) for seed in range(20)]
    curve = np.mean([np.searchsorted(u, np.linspace(0, 1, 201)[1:-1]) / len(u) for u in spread], axis=0)
    # Spread by chance twenty times over, each of the shares errs by .011 at most (half of it a standard error).
    assert row["pit_ks"] == pytest.approx(np.abs(curve - np.linspace(0, 1, 201)[1:-1]).max(), abs=0.011)


def test_repeat_buyers_are_ranked_among_themselves(log, found):
    origin, end = found.to_frame()[["origin", "end"]].iloc[-1]
    rfm = clv.rfm_summary(log, **COLUMNS, observation_end=str(origin.date()), holdout_end=str(end.date()))
    again = rfm.frequency > 0
    expected = clv.predict(GIVEN["bgnbd"](rfm), rfm, horizon=rfm.holdout.duration)["expected_purchases"]
    ranks = [pd.Series(values[again]).rank() for values in (np.round(expected, 9), rfm.holdout.frequency)]
    row = found.to_frame().query("name == 'bgnbd' and origin == @origin").iloc[0]
    assert row["spearman_repeat"] == pytest.approx(ranks[0].corr(ranks[1]), rel=1e-9, abs=0)
    assert row["spearman_repeat"] != row["spearman"]


def test_money_is_left_out_where_there_is_none(found):
    assert list(found.tables) == ["purchases"]
    with pytest.raises(ArgumentError, match="no target in this backtest"):
        found.to_frame(target="spend")


def test_the_same_seed_gives_the_same_differences_and_another_does_not(log):
    asked = {**COLUMNS, **ONE, "heuristics": "run_rate", "origins": 1, **WEEKS}
    one, same, other = (clv.backtest(log, **asked, seed=seed).differences() for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert (one["difference"] == other["difference"]).all()
    assert (one["std_error"] != other["std_error"]).any()


def test_models_are_fitted_anew_at_each_origin(log):
    found = clv.backtest(log, **COLUMNS, models=["nbd"], heuristics=[], origins=2, **WEEKS)
    for row in found.to_frame().query("name == 'nbd'").itertuples():
        known = clv.rfm_summary(log, **COLUMNS, observation_end=str(row.origin.date()))
        ahead = clv.predict(clv.fit("nbd", known), known, horizon=13)
        assert row.total == pytest.approx(ahead.total.expected, rel=1e-9, abs=0)
        assert row.parameters == 2


def test_a_model_that_can_not_be_fitted_is_left_out_at_that_origin(log):
    def only_later(known):
        if known.observation_end < np.datetime64("1998-01-01"):
            raise FitError("Too early.")
        return GIVEN["mbgnbd"](known)

    models = {"always": GIVEN["mbgnbd"], "late": only_later}
    found = clv.backtest(log, **COLUMNS, models=models, heuristics=[], origins=2, **WEEKS)
    assert found.to_frame().groupby("name").size().to_dict() == {"all_zero": 2, "always": 2, "late": 1, "run_rate": 2}
    assert [note.code for note in found.notes] == ["origin_left_out"]
    gap = found.differences().query("first == 'always' and second == 'late'")
    assert (gap["difference"] == 0).all()  # where both forecast, they are the same
    assert clv.choose(found).over is None


def test_an_estimate_may_know_what_came_and_is_refused(log):
    known = clv.estimate_from("bgnbd", PARAMS["bgnbd"], period="week")
    with pytest.raises(ArgumentError, match="fits anew at each origin"):
        clv.backtest(log, **COLUMNS, models=[known], **WEEKS)
    with pytest.raises(ArgumentError, match="fitted anew at each origin"):
        clv.backtest(log, **COLUMNS, amount="amount", spend=known, **WEEKS)


def test_each_origin_is_told_before_it_is_looked_at(log):
    heard: list[str] = []
    clv.backtest(log, **COLUMNS, **ONE, heuristics=[], origins=2, **WEEKS, progress=heard.append)
    assert heard == ["Origin 1 of 2, 1997-12-30", "Origin 2 of 2, 1998-03-31"]


def test_a_log_bigger_than_memory_is_looked_at_in_part(log, tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    log.to_csv(path, index=False)
    asked = {**COLUMNS, **ONE, "heuristics": [], "origins": 1, **WEEKS, "memory_limit": "1GB"}
    whole = clv.backtest(str(path), **asked)
    assert (whole.notes, whole.to_frame()["customers"].iloc[0]) == ((), log["customer_id"].nunique())
    monkeypatch.setattr(sys.modules[clv.backtest.__module__], "_ROWS", len(log) / 3)
    part = clv.backtest(str(path), **asked)
    assert [note.code for note in part.notes] == ["share_of_customers"]
    assert 0.15 < part.to_frame()["customers"].iloc[0] / log["customer_id"].nunique() < 0.55  # a third, by hash
    assert (part.to_frame()["origin"] == whole.to_frame()["origin"].iloc[0]).all()


def test_a_log_with_a_date_that_can_not_be_is_warned_of_once(log):
    wrong = pd.concat([log, log.tail(1).assign(date=pd.Timestamp("2002-01-01"))])
    with pytest.warns(ClvWarning) as heard:
        found = clv.backtest(wrong, **COLUMNS, **ONE, heuristics=[], origins=1, **WEEKS)
    assert len(heard) == 1
    assert [note.code for note in found.notes] == ["isolated_last_days"]
