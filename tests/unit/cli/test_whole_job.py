"""`clv run`: one command from a log to a folder of answers."""

import json
from html import unescape

import pandas as pd
import pytest

import clvmodels

from .command_line import clv, spelt
from .conftest import COLUMNS

FILES = [
    "buying.json",
    "comparison.csv",
    "customers.csv",
    "customers.parquet",
    "parameters.csv",
    "report.html",
    "spending.json",
    "study.json",
    "summary.json",
    "summary.parquet",
]
SCORES = (
    "name kind bias mae rmse crps log_score coverage spearman gini capture_top10 total total_lower total_upper actual"
)


def test_the_job_writes_its_files_and_nothing_else(job):
    run, out = job
    assert run.status == 0, run.err
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert [path.name for path in out.parent.iterdir()] == ["job"]


def test_the_job_says_what_it_does_and_prints_the_answer(job):
    run, out = job
    progress = [line.split(" ...")[0] for line in run.err.splitlines() if " ... " in line]
    assert progress == [
        "Reading the log",
        "Fitting 300 customers",
        "Forecasting and valuing",
        "Comparing models and formulas on the holdout",
        "Writing customers",
        "Writing the report",
    ]
    assert "Purchases in the holdout, forecast and actual" in run.out
    assert "Spend in the holdout, forecast and actual" in run.out
    assert "300 customers over the next 26 weeks: value " in run.out
    assert f"In {out}:" in run.out
    assert all(name in run.out for name in FILES)


def test_customers_come_best_first_the_same_in_both_files(job):
    _, out = job
    table = pd.read_csv(out / "customers.csv", dtype={"customer_id": str})
    same = pd.read_parquet(out / "customers.parquet")
    assert len(table) == 300
    assert table["clv"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, 301))
    assert set(table["channel"]) == {"shop", "web"}
    pd.testing.assert_frame_equal(table, same, check_dtype=False, check_exact=True)


def test_the_comparison_holds_both_targets_for_all_and_by_group(job):
    table = pd.read_csv(job[1] / "comparison.csv")
    assert table.columns.tolist() == ["target", "group", *SCORES.split()]
    assert set(table["target"]) == {"purchases", "spend"}
    assert table["group"].unique().tolist() == ["all", "shop", "web"]
    purchases = table[(table["target"] == "purchases") & (table["name"] == "mbgnbd")].set_index("group")
    assert purchases.loc["shop", "actual"] + purchases.loc["web", "actual"] == purchases.loc["all", "actual"]


def test_the_parameters_are_those_of_both_models(job):
    table = pd.read_csv(job[1] / "parameters.csv")
    assert table.columns.tolist() == ["parameter", "estimate", "std_error", "lower", "upper", "model", "log_likelihood"]
    assert table["parameter"].tolist() == ["r", "alpha", "a", "b", "p", "q", "gamma"]
    assert ((table["lower"] < table["estimate"]) & (table["estimate"] < table["upper"])).all()


def test_the_report_is_a_page_that_loads_nothing(job):
    page = (job[1] / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "What our customers will be worth" in page
    assert 'src="http' not in page


def test_the_study_remembers_what_was_asked(job, csv):
    study = json.loads((job[1] / "study.json").read_text())
    assert study["log"] == str(csv)
    assert study["columns"]["customer"] == "customer_id"
    assert study["columns"]["by"] == "channel"
    assert study["terms"] == {"margin": 0.3, "discount_rate": 0.15, "acquisition_cost": None}
    assert (study["model"], study["spend"], study["horizon"], study["holdout"]) == ("mbgnbd", "gammagamma", 26, 39)
    assert (study["customers"], study["observation_end"]) == (300, "1998-06-27")
    assert study["versions"]["clvmodels"] == clvmodels.__version__
    assert {"code", "level", "text"} == set(study["notes"][0])


def test_a_glob_of_parquet_files_without_amounts_gives_purchases_alone(log, tmp_path):
    half = len(log) // 2
    log[:half].to_parquet(tmp_path / "part-1.parquet")
    log[half:].to_parquet(tmp_path / "part-2.parquet")
    columns = {
        "--customer": "customer_id",
        "--time": "date",
        "--period": "month",
        "--horizon": "6 months",
        "--holdout": "none",
    }
    columns |= {"--holdout": "none"}
    run = clv("run", tmp_path / "part-*.parquet", *spelt(columns), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    missing = {"comparison.csv", "spending.json"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [n for n in FILES if n not in missing]
    assert "300 customers over the next 6 months: purchases " in run.out
    table = pd.read_csv(tmp_path / "out" / "customers.csv")
    assert "clv" not in table
    assert table["expected_purchases"].is_monotonic_decreasing


@pytest.mark.slow
def test_a_third_of_the_log_is_kept_back_when_nothing_is_said(csv, tmp_path):
    run = clv("run", csv, *spelt(COLUMNS), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    assert (tmp_path / "out" / "comparison.csv").exists()
    assert "Purchases in the holdout" in run.out


def test_a_log_too_short_to_check_on_is_still_forecast(tmp_path):
    days = ["2024-01-01", "2024-01-09", "2024-01-02", "2024-01-10", "2024-01-03"]
    log = pd.DataFrame({"customer_id": [1, 1, 2, 2, 3], "date": pd.to_datetime(days), "amount": [5.0, 6, 7, 3, 3]})
    log.to_parquet(tmp_path / "tiny.parquet")
    run = clv("run", tmp_path / "tiny.parquet", *spelt(COLUMNS), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    assert not (tmp_path / "out" / "comparison.csv").exists()
    assert "too little to check on" in (tmp_path / "out" / "study.json").read_text()
    assert "RuntimeWarning" not in run.err


@pytest.mark.slow
def test_a_third_of_the_log_is_kept_back_where_nothing_is_said(log, tmp_path):
    log.to_csv(tmp_path / "log.csv", index=False)
    columns = {"--customer": "customer_id", "--time": "date"}
    run = clv("run", tmp_path / "log.csv", *spelt(columns), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    table = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("name")
    third = log["date"].max() - (log["date"].max() - log["date"].min()) / 3
    assert table.loc["mbgnbd", "actual"] == len(log[log["date"] > third][["customer_id", "date"]].drop_duplicates())


def test_a_log_too_short_to_keep_some_back_is_valued_all_the_same(tmp_path):
    visits = [("a", 1), ("a", 7), ("b", 1), ("b", 8), ("c", 5), ("c", 9), ("d", 6), ("e", 7)]
    days = pd.DataFrame(visits, columns=["who", "day"]).assign(day=lambda log: "2024-01-0" + log["day"].astype(str))
    days.to_csv(tmp_path / "log.csv", index=False)
    run = clv("run", tmp_path / "log.csv", "--customer", "who", "--time", "day", "--out", tmp_path / "out")
    assert run.status == 0, run.err
    assert not (tmp_path / "out" / "comparison.csv").exists()
    notes = {note["code"] for note in json.loads((tmp_path / "out" / "study.json").read_text())["notes"]}
    assert "nothing_to_check" in notes


def test_a_horizon_in_words_is_the_same_as_in_periods(csv, tmp_path):
    for name, horizon in (("words", "14 days"), ("number", "2")):
        assert clv("rfm", csv, *spelt(COLUMNS), "--out", tmp_path / name).status == 0
        assert clv("fit", "--out", tmp_path / name).status == 0
        assert clv("predict", "--horizon", horizon, "--out", tmp_path / name).status == 0
    words, number = ((tmp_path / name / "predictions.csv").read_text() for name in ("words", "number"))
    assert words == number


def test_customers_with_several_ids_are_one(log, tmp_path):
    unknown = log.assign(customer_id=log["customer_id"].where(log.index % 3 > 0).astype("Int64"))
    unknown.to_csv(tmp_path / "log.csv", index=False)
    columns = COLUMNS | {"--customer": "customer_id,mail"}
    run = clv("rfm", tmp_path / "log.csv", *spelt(columns), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    assert run.out.startswith("Summary(300 customers")


def test_an_interrupt_leaves_nothing_and_says_so(csv, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("clvmodels.api.learned.fit_as", interrupted)
    run = clv("run", csv, *spelt(COLUMNS), "--out", tmp_path / "a" / "b")
    assert run.status == 130
    assert run.err.splitlines()[-2:] == ["Fitting 300 customers ... stopped", "clv: stopped; nothing was written."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_demo_does_the_whole_job_on_cdnow(tmp_path):
    run = clv("demo", "--out", tmp_path / "demo")
    assert "MBG/NBD and BG/NBD on the same holdout" in run.out
    assert "customers are alive by" in run.out
    assert run.status == 0, run.err
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == FILES
    assert len(pd.read_parquet(tmp_path / "demo" / "customers.parquet")) == 23_570
    assert json.loads((tmp_path / "demo" / "study.json").read_text())["log"] == "cdnow"
    assert "What CDNOW's customers will be worth" in unescape((tmp_path / "demo" / "report.html").read_text())


@pytest.mark.slow
@pytest.mark.parametrize(("model", "first"), [("paretonbd", "r"), ("bgbb", "alpha")])
def test_the_job_takes_any_model_and_reads_the_log_as_it_counts(csv, tmp_path, model, first):
    asked = {"--model": model, "--horizon": "13", "--holdout": "none", "--out": str(tmp_path / "job")}
    run = clv("run", csv, *spelt(COLUMNS | asked))
    assert run.status == 0, run.err
    parameters = pd.read_csv(tmp_path / "job" / "parameters.csv")
    assert parameters.loc[0, ["model", "parameter"]].tolist() == [model, first]
