"""The steps one by one come to the same as the whole job, and tell what they are for."""

import pandas as pd
import pytest

import clvmodels
from clvmodels import as_summary

from .command_line import clv

SUMS = 1e-6  # money is summed in threads, in an order of their own; the last digits of a fit follow them
COMMANDS = [
    "demo",
    "run",
    "refresh",
    "models",
    "rfm",
    "fit",
    "predict",
    "value",
    "compare",
    "backtest",
    "report",
    "audit",
    "export",
]


def test_every_step_succeeds_and_says_where_it_wrote(steps):
    runs, out = steps
    assert {name: run.status for name, run in runs.items()} == dict.fromkeys(runs, 0)
    written = {
        "rfm": out / "summary.parquet",
        "predict": out / "predictions.csv",
        "value": out / "customers.csv",
        "compare": out / "comparison.csv",
        "report": out / "report.html",
        "audit": out / "audit.csv",
        "export": out.parent / "list.parquet",
    }
    assert all(runs[name].out.rstrip().endswith(f"-> {path}") for name, path in written.items())
    assert "Estimate(mbgnbd: r=" in runs["fit"].out
    assert "Estimate(gammagamma: p=" in runs["fit"].out


def test_the_steps_end_in_the_same_list_as_the_whole_job(steps, job):
    for name, key in (("customers.csv", "customer_id"), ("parameters.csv", "parameter")):
        alone, whole = (pd.read_csv(out / name).set_index(key).sort_index() for _, out in (steps, job))
        pd.testing.assert_frame_equal(alone, whole, rtol=SUMS)


def test_the_steps_compare_as_the_whole_job_does(steps, job):
    alone, whole = (pd.read_csv(out / "comparison.csv") for _, out in (steps, job))
    whole = whole[whole["group"] != "all"].reset_index(drop=True)
    ranks = ["spearman"]  # it hangs on ties, which the last digit of a sum makes or breaks
    pd.testing.assert_frame_equal(alone.drop(columns=ranks), whole.drop(columns=ranks), rtol=SUMS)


def test_an_audit_leads_from_the_formula_to_the_value_of_the_base(steps):
    runs, out = steps
    table = pd.read_csv(out / "audit.csv")
    value = pd.read_csv(out / "customers.csv")["clv"].sum()
    formula = table["amount"].iloc[0] / table["share"].iloc[0]
    assert formula - table["amount"].sum() == pytest.approx(value, rel=1e-6, abs=0)  # the list is written in 15 digits
    assert "It says too much because of" in runs["audit"].out


def test_an_export_is_the_list_again(steps):
    table = pd.read_parquet(steps[1].parent / "list.parquet")
    same = pd.read_csv(steps[1] / "customers.csv", dtype={"customer_id": str})
    pd.testing.assert_frame_equal(table, same, check_dtype=False, check_exact=True)


def test_a_title_stands_on_the_page(steps):
    assert "Step by step" in (steps[1] / "report.html").read_text()


def test_a_table_made_by_a_step_can_be_taken_up_from_python(steps):
    again = as_summary(steps[1] / "summary.parquet", period="week")
    assert len(again) == 300


def test_an_export_for_a_spreadsheet_runs_no_formula(tmp_path):
    ids = ["=1+1", "+2", "@x", "plain"]
    rows = [(who, f"2024-0{month}-0{1 + i}", 10.0 + i + month) for i, who in enumerate(ids) for month in (1, 2, 4)]
    pd.DataFrame(rows, columns=["who", "day", "paid"]).to_csv(tmp_path / "log.csv", index=False)
    out = tmp_path / "out"
    columns = ["--customer", "who", "--time", "day", "--amount", "paid"]
    for command in (["rfm", tmp_path / "log.csv", *columns], ["fit"], ["predict"], ["value"]):
        assert clv(*command, "--out", out).status == 0
    assert clv("export", tmp_path / "list.csv", "--excel-safe", "--out", out).status == 0
    assert set(pd.read_csv(tmp_path / "list.csv")["customer_id"]) == {"'=1+1", "'+2", "'@x", "plain"}
    assert set(pd.read_csv(out / "customers.csv")["customer_id"]) == set(ids)


def test_the_models_are_listed_with_what_they_need_and_when_they_mislead():
    said = " ".join(clv("models").out.split())  # long texts are broken into lines
    for row in clvmodels.models().itertuples():
        assert f"{row.name} {row.title} setting {row.setting} assumes {row.assumes} parameters" in said
        assert f"statistics {row.statistics} caveat {row.caveat}" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does(command):
    run = clv(command, "--help")
    assert run.status == 0
    assert f"Usage: clv {command}" in run.out
    assert run.err == ""


def test_help_lists_every_command():
    said = clv("--help").out
    assert all(f"│ {command} " in said for command in COMMANDS)


def test_the_version_is_that_of_the_package():
    assert clv("--version").out.strip() == clvmodels.__version__


def test_no_command_shows_what_there_is():
    run = clv()
    assert run.status == 0
    assert "Usage: clv COMMAND" in run.out
