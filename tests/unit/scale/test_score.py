"""Customers scored where they are: the numbers of memory, and runs that survive."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.scale import score_parts

QUESTION = {"customer": "customer_id", "time": "date", "amount": "amount", "observation_end": "1997-09-30"}
TERMS = {"margin": 0.3, "discount_rate": 0.1}
# Bounds of expectations are draws: between nodes another draw may be the bound. A tenth of the interval is what the
# number of nodes is chosen for.
INTERPOLATED = {"clv_expected_lower": 0.1, "clv_expected_upper": 0.1, "clv_lower": 1e-3, "clv_upper": 1e-3}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The tenth of CDNOW by whole weeks, on disk in many row groups, and what was learned from it."""
    folder = tmp_path_factory.mktemp("shop")
    log = clv.load_cdnow(sample=True)
    summary = clv.rfm_summary(log, collapse="period", **QUESTION)
    summary.to_frame().to_parquet(folder / "base.parquet", row_group_size=300)
    table = clv.as_table(folder / "base.parquet", period="week")
    return summary, table, clv.fit("bgnbd", summary), clv.fit("gammagamma", summary)


def read(folder):
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))], ignore_index=True)


@pytest.mark.parametrize("cost", [None, 20.0])
def test_scores_are_those_of_memory(cost, shop, tmp_path):
    summary, table, buying, spend = shop
    told = clv.score(table, buying, spend=spend, horizon=39, acquisition_cost=cost, out=tmp_path, **TERMS)
    scored = read(tmp_path)
    worth = clv.value(clv.predict(buying, summary, horizon=39), spend, acquisition_cost=cost, **TERMS)
    expected = worth.to_frame()
    assert tuple(scored.columns) == told.columns == tuple(expected.columns)
    assert (scored["customer_id"].to_numpy() == summary.customer_id).all()
    for name in set(expected.columns) - {*INTERPOLATED, "customer_id", "p_profitable"}:
        np.testing.assert_allclose(scored[name], expected[name], rtol=1e-11, atol=1e-11, err_msg=name)
    for name, allowed in INTERPOLATED.items():
        base = name.rsplit("_", 1)[0]
        width = expected[f"{base}_upper"] - expected[f"{base}_lower"]
        assert np.all(np.abs(scored[name] - expected[name]) <= allowed * width + 1e-9), name
    if cost is not None:
        assert np.max(np.abs(scored["p_profitable"] - expected["p_profitable"])) < 2e-3
    total = worth.total
    assert (told.worth.expected, told.worth.lower, told.worth.upper) == pytest.approx(
        (total.expected, total.lower, total.upper), rel=1e-8, abs=0
    )
    assert told.purchases.upper == pytest.approx(worth.prediction.total.upper, rel=1e-9, abs=0)
    (note,) = [note for note in told.notes if note.code == "interpolated_value"]
    assert "interpolated" in note.text


@pytest.mark.slow
def test_purchases_alone_and_one_price_can_be_scored(shop, tmp_path):
    summary, table, buying, _ = shop
    clv.score(table, buying, horizon="1 year", out=tmp_path / "purchases")
    expected = clv.predict(buying, summary, horizon="1 year").to_frame()
    pd.testing.assert_frame_equal(read(tmp_path / "purchases"), expected, rtol=1e-12)
    with pytest.raises(ArgumentError, match=r"pay 12.5 .* paid"):
        clv.score(table, buying, spend=12.5, horizon="1 year", out=tmp_path / "price", **TERMS)
    told = summary.to_frame().drop(columns=["monetary_value", "total_spend", "recent_spend"])
    told.to_parquet(tmp_path / "base.parquet")
    table = clv.as_table(tmp_path / "base.parquet", period="week")
    clv.score(table, buying, spend=12.5, horizon="1 year", out=tmp_path / "price", **TERMS)
    known = clv.predict(buying, clv.as_summary(told, period="week"), horizon="1 year")
    worth = clv.value(known, 12.5, **TERMS).to_frame()
    pd.testing.assert_frame_equal(read(tmp_path / "price"), worth, rtol=1e-9)


@pytest.mark.slow
def test_covariates_are_scored_by_their_columns(shop, tmp_path):
    summary, *_ = shop
    frame = summary.to_frame().assign(
        channel=np.where(summary.frequency % 2 > 0, "web", np.where(summary.T > 30, "shop", None)),
        early=(summary.T > 35).astype(float),
    )
    frame.to_parquet(tmp_path / "base.parquet", row_group_size=500)
    groups = ["channel", "early"]
    known = clv.as_summary(frame, period="week", groups=groups)
    table = clv.as_table(tmp_path / "base.parquet", period="week", groups=groups)
    buying = clv.fit("bgnbd", table, covariates={"dropout": "early"})
    spend = clv.fit("gammagamma", table, covariates={"spend": "channel"})
    clv.score(table, buying, spend=spend, horizon=39, out=tmp_path / "scores")
    expected = clv.value(clv.predict(buying, known, horizon=39), spend).to_frame()
    scored = read(tmp_path / "scores")
    for name in ("p_alive", "expected_purchases", "clv"):
        np.testing.assert_allclose(scored[name], expected[name], rtol=1e-10)


def test_customers_who_changed_meanwhile_are_refused(shop, tmp_path):
    summary, _, buying, _ = shop
    place = tmp_path / "base.parquet"
    summary.to_frame().to_parquet(place)
    table = clv.as_table(place, period="week")
    from clvmodels.records import BusinessTerms
    from clvmodels.valuation.scoring import Job, scorer_for

    job = Job(buying=buying, spend=None, horizon=39.0, ci_prob=0.9, terms=BusinessTerms(), shock=None)
    scorer, _ = scorer_for(table, job)
    with pytest.raises(InputError, match="1 customers have a history that wasn't in the table"):
        scorer.of({"frequency": np.array([99.0]), "recency": np.array([1.0]), "T": np.array([2.0])})


SCRIPT = """
import sys
import clvmodels as clv
from clvmodels.scale import score_parts

score_parts._PART = 300
table = clv.as_table(sys.argv[1], period="week")
buying, spend = clv.load(sys.argv[2]), clv.load(sys.argv[3])
print("begun", flush=True)
clv.score(table, buying, spend=spend, horizon=39, out=sys.argv[4], progress=lambda done, all: print(done, flush=True))
"""


def started(shop, tmp_path, out):
    _, table, buying, spend = shop
    names = [clv.save(estimate, tmp_path / f"{i}.json") for i, estimate in enumerate((buying, spend))]
    command = [sys.executable, "-c", SCRIPT, table.paths[0], *map(str, names), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_run_is_taken_up_again(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(score_parts, "_PART", 300)
    _, table, buying, spend = shop
    clv.score(table, buying, spend=spend, horizon=39, out=tmp_path / "calm")
    out = tmp_path / "killed"
    run = started(shop, tmp_path, out)
    for line in run.stdout:
        if line.strip() not in ("begun", "0"):  # some parts are done
            break
    run.send_signal(signal.SIGKILL)
    run.wait()
    (out / ".part-00001.parquet.0123abcd").write_text("half")
    whole = {path: path.stat().st_mtime_ns for path in out.glob("part-*.parquet")}
    assert whole
    clv.score(table, buying, spend=spend, horizon=39, out=out)
    assert {path: path.stat().st_mtime_ns for path in whole} == whole
    assert not list(out.glob(".part-*"))
    pd.testing.assert_frame_equal(read(out), read(tmp_path / "calm"))
    assert read(out)["customer_id"].is_unique


@pytest.mark.slow
def test_a_run_that_is_killed_ten_times_ends_like_one_that_never_was(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(score_parts, "_PART", 300)
    _, table, buying, spend = shop
    clv.score(table, buying, spend=spend, horizon=39, out=tmp_path / "calm")
    out = tmp_path / "killed"
    rng = np.random.default_rng(3)
    ended = 0
    for moment in rng.uniform(0.0, 4.0, 10):
        run = started(shop, tmp_path, out)
        while run.stdout.readline().strip() != "begun":
            pass
        time.sleep(moment)
        run.send_signal(signal.SIGKILL)
        ended += run.wait() == 0
    assert ended < 10  # some were killed in time
    clv.score(table, buying, spend=spend, horizon=39, out=out)
    pd.testing.assert_frame_equal(read(out), read(tmp_path / "calm"))
    assert read(out)["customer_id"].is_unique
    assert not list(out.glob(".part-*"))


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_leaves_whole_parts(shop, tmp_path):
    out = tmp_path / "stopped"
    run = started(shop, tmp_path, out)
    while run.stdout.readline().strip() != "begun":
        pass
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    run.wait(timeout=60)
    assert "KeyboardInterrupt" in run.stderr.read() or run.returncode == 0
    assert not list(out.glob(".part-*"))


def test_two_runs_do_not_write_to_one_folder(shop, tmp_path):
    from clvmodels.storage.lock import only_one

    _, table, buying, _ = shop
    with only_one(tmp_path), pytest.raises(ArgumentError, match="Another run is writing"):
        clv.score(table, buying, horizon=39, out=tmp_path)
    clv.score(table, buying, horizon=39, out=tmp_path)


def test_a_folder_answers_one_question(shop, tmp_path):
    _, table, buying, spend = shop
    first = clv.score(table, buying, spend=spend, horizon=39, out=tmp_path)
    again = clv.score(table, buying, spend=spend, horizon=39, out=tmp_path)
    assert (again.worth, again.purchases, again.columns) == (first.worth, first.purchases, first.columns)
    with pytest.raises(ArgumentError, match=r"differs in: horizon, terms"):
        clv.score(table, buying, spend=spend, horizon=40, margin=0.5, out=tmp_path)
    with pytest.raises(ArgumentError, match=r"differs in: spend"):
        clv.score(table, buying, horizon=39, out=tmp_path)
    (tmp_path / "_score.json").unlink()
    with pytest.raises(ArgumentError, match="nobody can say what they are"):
        clv.score(table, buying, spend=spend, horizon=39, out=tmp_path)


def test_a_broken_part_is_made_again(shop, tmp_path):
    _, table, buying, _ = shop
    clv.score(table, buying, horizon=39, out=tmp_path)
    part = tmp_path / "part-00000.parquet"
    before = part.read_bytes()
    part.write_bytes(before[:-100])
    clv.score(table, buying, horizon=39, out=tmp_path)
    assert len(read(tmp_path)) == len(table)


def test_a_broken_row_group_is_named(shop, tmp_path):
    summary, _, buying, _ = shop
    place = tmp_path / "base.parquet"
    summary.to_frame().to_parquet(place, row_group_size=300, compression="zstd")
    table = clv.as_table(place, period="week")
    from clvmodels.ingest.parquet import Piece

    content = bytearray(place.read_bytes())
    content[100:1100] = os.urandom(1000)
    place.write_bytes(bytes(content))
    piece = Piece(str(place), (0,), 300)
    with pytest.raises(InputError, match="row groups 0 to 0"):
        list(piece.batches(["frequency", "recency"], 100))
    with pytest.raises(InputError):
        clv.score(table, buying, horizon=39, out=tmp_path / "out")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set another way there")
def test_a_full_disk_ends_in_one_sentence_and_keeps_whole_parts(shop, tmp_path):
    _, table, buying, _ = shop
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
    )
    script = limit + (
        "import sys, clvmodels as clv\n"
        "table = clv.as_table(sys.argv[1], period='week')\n"
        "try:\n    clv.score(table, clv.load(sys.argv[2]), horizon=39, out=sys.argv[3])\n"
        "except clv.errors.ArgumentError as error:\n    print(error)\n"
    )
    name = clv.save(buying, tmp_path / "buying.json")
    run = subprocess.run(
        [sys.executable, "-c", script, table.paths[0], str(name), str(tmp_path / "out")], capture_output=True, text=True
    )
    assert "can't be written" in run.stdout, run.stderr
    assert not list((tmp_path / "out").glob("*part-*"))
    assert clv.score(table, buying, horizon=39, out=tmp_path / "out").n_customers == len(table)


def test_the_record_beside_the_parts_holds_the_totals(shop, tmp_path):
    _, table, buying, spend = shop
    told = clv.score(table, buying, spend=spend, horizon=39, shock=0.1, out=tmp_path)
    content = json.loads((tmp_path / "_score.json").read_text())
    assert content["customers"] == len(table)
    assert content["value"]["expected"] == told.worth.expected
    assert "common shock" in content["value"]["contains"]
