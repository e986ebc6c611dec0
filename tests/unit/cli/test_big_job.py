"""`clv run --memory-limit`: the same job on a log that needn't fit into memory."""

import json
from shutil import copytree

import pandas as pd
import pytest

import clvmodels
from clvmodels.cli import big_job

from .command_line import clv, contents, sentence_of, spelt
from .conftest import ASKED, COLUMNS, TERMS

LIMIT = {"--memory-limit": "1GB"}


@pytest.fixture(scope="module")
def big(csv):
    """The job with a limit: what it said, and its folder."""
    out = csv.parent / "big"
    return clv("run", csv, *spelt(ASKED | TERMS | LIMIT), "--horizon", "26", "--out", out), out


def test_every_customer_is_scored_as_without_a_limit(big, job):
    run, out = big
    assert run.status == 0, run.err
    scored = pd.read_parquet(out / "customers").set_index("customer_id").sort_index()
    listed = pd.read_parquet(job[1] / "customers.parquet").set_index("customer_id").sort_index()
    for name in ("p_alive", "p_active", "expected_purchases", "purchases_upper", "expected_spend", "clv"):
        # Spend is fitted on grouped spends, which leaves the parameters as they are to 1e-6.
        pd.testing.assert_series_equal(scored[name], listed[name], rtol=1e-5)


def test_the_folder_holds_what_the_job_says(big):
    run, out = big
    assert {path.name for path in out.iterdir()} == {
        "buying.json",
        "comparison.csv",
        "customers",
        "learned",
        "parameters.csv",
        "report.html",
        "spending.json",
        "study.json",
        "table",
    }
    assert "300 customers: value " in run.out
    assert "Comparison and report look at 300 of 300 customers" in run.err
    assert "100%" in run.err
    study = json.loads((out / "study.json").read_text())
    assert study["totals"]["value"]["lower"] < study["totals"]["value"]["expected"] < study["totals"]["value"]["upper"]
    assert clvmodels.load(out / "buying.json").n_customers == 300


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_stopped(big, csv, monkeypatch):
    _, out = big

    def never(*_, **__):
        raise AssertionError("the log was read again")

    monkeypatch.setattr(big_job, "rfm_table", never)
    before = contents(out)
    again = clv("run", csv, *spelt(ASKED | TERMS | LIMIT), "--horizon", "26", "--out", out)
    assert again.status == 0, again.err
    after = contents(out)
    assert {name for name in before if name.endswith(".parquet")} <= {k for k in after if after[k] == before[k]}


@pytest.mark.slow
def test_another_question_replaces_the_study_as_a_whole(csv, tmp_path):
    out = tmp_path / "out"
    for model in ("bgnbd", "bgcnbd"):
        run = clv("run", csv, *spelt(COLUMNS | LIMIT | {"--model": model}), "--out", out)
        assert run.status == 0, run.err
    assert "litt" in pd.read_parquet(out / "table" / "summary.parquet")
    assert clvmodels.load(out / "buying.json").model.name == "bgcnbd"
    assert json.loads((out / "learned" / "asked.json").read_text())["model"] == "bgcnbd"
    assert not [name for name in contents(out) if ".clv" in name]


def test_a_refused_run_changes_nothing(big, csv):
    _, out = big
    before = contents(out)
    for options, said in [({"--amount": "price"}, "no column 'price'"), ({"--spend": "-1"}, "spend (as a price)")]:
        run = clv("run", csv, *spelt(COLUMNS | LIMIT | options), "--out", out)
        assert run.status == 2
        assert said in sentence_of(run.err)
        assert contents(out) == before


@pytest.mark.slow
def test_a_run_without_a_limit_leaves_no_parts_of_one_with(big, csv, tmp_path):
    out = tmp_path / "out"
    copytree(big[1], out)
    (out / ".clv-work-0123456789ab" / "table").mkdir(parents=True)
    assert clv("run", csv, *spelt(COLUMNS), "--out", out).status == 0
    assert not {"table", "learned", "customers", ".clv-work-0123456789ab"} & {path.name for path in out.iterdir()}
    again = clv("run", csv, *spelt(COLUMNS | LIMIT), "--out", out)
    assert again.status == 0, again.err
    assert not {"customers.csv", "customers.parquet", "summary.json"} & {path.name for path in out.iterdir()}


@pytest.mark.slow
def test_a_folder_of_somebody_else_is_never_replaced(csv, tmp_path):
    mine = tmp_path / "out" / "customers" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    run = clv("run", csv, *spelt(COLUMNS | LIMIT), "--out", tmp_path / "out")
    assert run.status == 2
    assert "holds what no clv run has written" in sentence_of(run.err)
    assert clv("run", csv, *spelt(COLUMNS), "--out", tmp_path / "out").status == 0
    assert mine.read_text() == "mine"


@pytest.mark.slow
def test_a_damaged_part_is_made_again(big, csv, tmp_path):
    out = tmp_path / "out"
    copytree(big[1], out)
    part = out / "customers" / "part-00000.parquet"
    before = part.read_bytes()
    part.write_bytes(before[:2000] + bytes(64) + before[2064:])
    again = clv("run", csv, *spelt(ASKED | TERMS | LIMIT), "--horizon", "26", "--out", out)
    assert again.status == 0, again.err
    assert part.read_bytes() == before


@pytest.mark.slow
def test_what_moves_all_customers_is_learned_from_all_of_them(csv, tmp_path, monkeypatch):
    asked = spelt(COLUMNS | {"--horizon": "8 weeks"})
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert clv("run", csv, *asked, "--common-shock", "--out", whole).status == 0
    words = [*asked, *spelt(LIMIT), "--common-shock", "--out", parts]
    run = clv("run", csv, *words)
    assert run.status == 0, run.err
    told, known = (json.loads((place / "study.json").read_text()) for place in (parts, whole))
    assert told["common_shock"] == pytest.approx(known["common_shock"], rel=1e-4, abs=0)
    assert told["shock_laws"]["horizon"] == known["shock_laws"]["horizon"]
    total = told["totals"]["purchases"]
    assert total["upper"] - total["lower"] > told["common_shock"]["purchases"] * total["expected"]

    def never(*_, **__):
        raise AssertionError("it was learned again")

    monkeypatch.setattr(big_job, "common_shock", never)
    assert clv("run", csv, *words).status == 0


@pytest.mark.slow
def test_a_share_of_the_customers_is_looked_at_closely(csv, tmp_path, monkeypatch):
    monkeypatch.setattr(big_job, "_LOOKED_AT", 100)
    run = clv("run", csv, *spelt(COLUMNS | LIMIT), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    looked_at = int(run.err.split("look at ")[1].split(" of 300")[0])
    assert 60 < looked_at < 140
    assert "300 customers: value " in run.out


@pytest.mark.slow
def test_customers_of_several_ids_are_looked_at_whole_or_not_at_all(csv, tmp_path, monkeypatch):
    monkeypatch.setattr(big_job, "_LOOKED_AT", 100)
    asked = spelt(COLUMNS | LIMIT | {"--customer": "customer_id,mail"})
    run = clv("run", csv, *asked, "--out", tmp_path / "out")
    assert run.status == 0, run.err
    log = pd.read_csv(csv, parse_dates=["date"])
    n_linked = len(clvmodels.rfm_summary(log, customer=["customer_id", "mail"], time=COLUMNS["--time"]))
    assert f" of {n_linked} customers, chosen by their ids" in run.err
    assert (tmp_path / "out" / "comparison.csv").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"--memory-limit": "a lot"}, "give a text with its unit"),
        (LIMIT | {"--time": "when"}, "no column 'when'"),
    ],
)
def test_what_cannot_be_done_is_said(options, said, csv, tmp_path):
    words = [word for word in spelt(COLUMNS | options) if word]
    run = clv("run", csv, *words, "--out", tmp_path / "out")
    assert run.status == 2
    assert said in sentence_of(run.err)
    assert not (tmp_path / "out").exists()


def test_such_a_study_says_that_it_cannot_be_refreshed(big, csv):
    _, out = big
    before = contents(out)
    run = clv("refresh", out, csv)
    assert run.status == 2
    assert "made with --memory-limit" in sentence_of(run.err)
    assert contents(out) == before
