"""`clv backtest` writes what `backtest` finds, says how far it is, and refuses in one sentence."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import clvmodels

from .command_line import clv, contents, sentence_of

ASKED = ["--customer", "customer_id", "--time", "date"]


@pytest.fixture(scope="module")
def made(csv):
    out = csv.parent / "backtest"
    words = [*ASKED, "--horizon", "13", "--models", "nbd", "--heuristics", "ltv", "--origins", "2"]
    return clv("backtest", csv, *words, "--out", out), out


def test_it_writes_what_the_library_finds(made, csv):
    run, out = made
    assert run.status == 0
    found = clvmodels.backtest(
        str(csv), customer="customer_id", time="date", horizon=13, models="nbd", heuristics="ltv", origins=2
    )
    tables = {
        "backtest": found.to_frame(),
        "backtest_pooled": found.to_frame(pooled=True),
        "backtest_differences": found.differences(),
    }
    for name, table in tables.items():
        written = pd.read_csv(out / f"{name}.csv", parse_dates=["origin", "end"] if name == "backtest" else None)
        assert set(written.pop("target")) == {"purchases"}
        pd.testing.assert_frame_equal(written, table, check_dtype=False, rtol=1e-9, atol=0)
    told = json.loads((out / "backtest.json").read_text())
    assert told["chosen"]["purchases"]["name"] == "nbd"
    assert told["asked"]["horizon"] == "13"


def test_it_says_how_far_it_is_and_what_it_found(made):
    run, out = made
    assert "Origin 1 of 2, 1997-12-27 (0 s) ...\n" in run.err
    assert "Origin 2 of 2, 1998-03-28" in run.err
    assert "purchases, 13 weeks ahead" in run.out
    assert "nbd is chosen with a CRPS of" in run.out
    assert run.out.rstrip().endswith(f"-> {out / 'backtest.csv'}")


def test_days_may_be_named_and_periods_may_be_texts(csv, tmp_path):
    words = [*ASKED, "--horizon", "3 months", "--models", "nbd", "--heuristics", "ltv", "--origins", "1997-09-30"]
    assert clv("backtest", csv, *words, "--out", tmp_path / "out").status == 0
    table = pd.read_csv(tmp_path / "out" / "backtest.csv")
    assert set(table["origin"]) == {"1997-09-30"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--horizon", "60"], "has no room even once"),
        (["--horizon", "13", "--origins", "0"], "origins is 0"),
        (["--horizon", "13", "--origins", ","], "--origins is empty"),
        (["--horizon", "13", "--models", "nbdd"], "Did you mean 'nbd'?"),
        (["--horizon", "soon"], "soon"),
    ],
)
def test_what_can_not_be_is_refused_in_one_sentence_and_nothing_written(csv, tmp_path, words, sentence):
    run = clv("backtest", csv, *ASKED, *words, "--out", tmp_path / "out")
    assert run.status == 2
    assert sentence in sentence_of(run.err)
    assert contents(tmp_path) == {}
