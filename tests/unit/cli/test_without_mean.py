"""The command line goes on where the mean spend doesn't exist: every file is written, and nothing is lost."""

import json

import numpy as np
import pandas as pd
import pytest

import clvmodels

from .command_line import clv, spelt
from .conftest import COLUMNS
from .test_whole_job import FILES

SAID = "tail of large spenders is too heavy for a mean"
TERMS = {"--margin": "0.3"}
LEFT = ("--first-purchase", "leave_out")  # counted, nearly everybody has a mean


@pytest.fixture(scope="module")
def heavy(tmp_path_factory):
    """A log of 200 customers of whom a few spend without measure."""
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
    spend = {"p": 4.0, "q": 0.6, "gamma": 10.0}
    log = clvmodels.simulate("bgnbd", truth, n_customers=200, T=52.0, spend_params=spend, seed=3)
    path = tmp_path_factory.mktemp("heavy") / "log.csv"
    log.to_csv(path, index=False)
    return path


def test_the_whole_job_writes_every_file_and_what_can_be_said_of_money(heavy, tmp_path):
    out = tmp_path / "job"
    run = clv("run", heavy, *spelt(COLUMNS | TERMS), *LEFT, "--horizon", "13", "--out", out)
    assert run.status == 0, run.err
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, "capped_values.csv"])
    assert f"warning: The expected spend of {200 - repeaters(out)} customers doesn't exist" in run.err
    assert "200 customers over the next 13 weeks: purchases " in run.out
    assert "capped_values.csv" in run.out
    capped, listed = pd.read_csv(out / "capped_values.csv"), pd.read_csv(out / "customers.csv")
    assert set(capped["customer_id"]) == set(listed["customer_id"])
    assert np.isfinite(capped[["capped_value", "cap"]]).all(axis=None)
    assert set(pd.read_csv(out / "comparison.csv")["target"]) == {"purchases", "spend"}
    assert "q" in set(pd.read_csv(out / "parameters.csv")["parameter"])
    assert SAID in (out / "report.html").read_text()
    study = json.loads((out / "study.json").read_text())
    assert {"no_mean_spend"} <= {note["code"] for note in study["notes"]}
    again = clv("refresh", out, heavy, "--out", tmp_path / "again")
    assert "there is no time between them" in again.err  # the study can be read back


def repeaters(out):
    """Return how many customers have a mean: those with q + p n above 1."""
    params = clvmodels.load(out / "spending.json").params
    n = pd.read_parquet(out / "summary.parquet")["frequency"]
    return int((params["q"] + params["p"] * n > 1).sum())


@pytest.mark.slow
def test_the_steps_go_on_too_and_a_file_that_no_longer_holds_goes(heavy, tmp_path):
    out = tmp_path / "steps"
    for command in (["rfm", heavy, *spelt(COLUMNS), "--holdout", "17"], ["fit", *LEFT], ["predict", "--horizon", "13"]):
        assert clv(*command, "--out", out).status == 0
    for command in (["value", *spelt(TERMS)], ["report"], ["export", tmp_path / "list.csv"], ["compare"]):
        run = clv(*command, "--out", out)
        assert run.status == 0, run.err
        assert SAID in run.err, command
    assert "clv" not in pd.read_csv(tmp_path / "list.csv")
    assert (out / "capped_values.csv").exists()
    assert SAID in (out / "report.html").read_text()
    moderate = clvmodels.estimate_from("gammagamma", {"p": 4.0, "q": 3.0, "gamma": 10.0})
    clvmodels.save(moderate, out / "spending.json")
    run = clv("value", *spelt(TERMS), "--out", out)
    assert run.status == 0, run.err
    assert SAID not in run.err
    assert "clv" in pd.read_csv(out / "customers.csv")
    assert not (out / "capped_values.csv").exists()


@pytest.mark.slow
def test_a_job_with_little_memory_scores_purchases_and_goes_on_where_it_was(heavy, tmp_path):
    words = [
        "run",
        heavy,
        *spelt(COLUMNS | TERMS),
        *LEFT,
        "--horizon",
        "13",
        "--memory-limit",
        "1GB",
        "--out",
        tmp_path / "big",
    ]
    for _ in range(2):
        run = clv(*words)
        assert run.status == 0, run.err
        assert SAID in run.err
    scored = pd.read_parquet(tmp_path / "big" / "customers")
    assert len(scored) == 200
    assert "expected_purchases" in scored
    assert "clv" not in scored
    study = json.loads((tmp_path / "big" / "study.json").read_text())
    assert study["totals"]["value"] is None
    assert "no_mean_spend" in {note["code"] for note in study["notes"]}
    assert (tmp_path / "big" / "spending.json").exists()
