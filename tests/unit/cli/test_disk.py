"""What commands leave on a disk that is full, changes, or holds what a killed run has left."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import clvmodels as clv_library
from clvmodels.cli import job as job_module
from clvmodels.cli.log_files import changes_since, identity
from clvmodels.storage.files import write_table

from .command_line import clv, contents, sentence_of, spelt
from .conftest import COLUMNS

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set another way there")
@pytest.mark.parametrize("limit", [(), ("--memory-limit", "1GB")], ids=["in memory", "with a limit"])
def test_a_full_disk_ends_in_one_sentence_and_leaves_nothing_half_written(limit, csv, tmp_path):
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "study.json").write_text("before")
    before = contents(tmp_path)
    words = ["run", csv, *spelt(COLUMNS), *limit, "--out", tmp_path / "out"]
    command = [sys.executable, "-m", "clvmodels", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, preexec_fn=little_room)
    assert run.returncode == 2, run.stderr
    assert "File too large" in sentence_of(run.stderr)
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_a_log_that_changes_while_it_is_read_is_said(csv, tmp_path, monkeypatch):
    log = tmp_path / "log.csv"
    log.write_bytes(csv.read_bytes())
    read = job_module.read

    def meanwhile(*args):
        study = read(*args)
        with log.open("a") as file:
            file.write("1,1998-06-27,5.0,web,m1\n")
        return study

    monkeypatch.setattr(job_module, "read", meanwhile)
    run = clv("run", log, *spelt(COLUMNS), "--out", tmp_path / "out")
    assert run.status == 0, run.err
    assert "warning: The log changed while it was read" in run.err
    assert "log_changed" in (tmp_path / "out" / "study.json").read_text()
    assert "The log changed while it was read" in (tmp_path / "out" / "report.html").read_text()


def test_every_way_a_log_can_change_is_seen(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("1\n")
    log = str(tmp_path / "*.csv")
    before = identity(log)
    assert changes_since(log, before) == []
    (tmp_path / "c.csv").write_text("1\n")
    assert "c.csv' came" in changes_since(log, before)[0].text
    (tmp_path / "c.csv").unlink()
    (tmp_path / "a.csv").write_text("12\n")
    assert "from 2 to 3 bytes" in changes_since(log, before)[0].text
    (tmp_path / "a.csv").unlink()
    assert "a.csv' is gone" in changes_since(log, before)[0].text
    os.utime(tmp_path / "b.csv", ns=(1, 1))
    assert "b.csv' was written again" in changes_since(str(tmp_path / "b.csv"), before[1:])[0].text


def test_a_later_run_sweeps_what_a_killed_one_left(csv, tmp_path):
    out = tmp_path / "out"
    (out / ".clv-01234567").mkdir(parents=True)
    (out / ".clv-01234567" / "half.csv").write_text("half")
    (out / ".clv-01234567" / ".clv-lock").write_text("")
    (out / ".clv-lock").write_text("")
    assert clv("rfm", csv, *spelt(COLUMNS), "--out", out).status == 0
    assert sorted(path.name for path in out.iterdir()) == ["summary.json", "summary.parquet"]


def test_what_a_killed_export_left_beside_its_list_is_swept(tmp_path):
    (tmp_path / ".list.csv.01234567").write_text("half")
    (tmp_path / ".list.csv.mine").write_text("mine")
    write_table(pd.DataFrame({"a": [1]}), tmp_path / "list.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".list.csv.mine", "list.csv"]


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\u3000=1+1", "'\u3000=1+1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a, @b", "a, '@b"),
        ("a\n-1", "a\n'-1"),
        ('a;"=1', "a;\"'=1"),
        ("a|+1", "a|'+1"),
        ("a-b; c=d", "a-b; c=d"),
        ("müller@example.com", "müller@example.com"),
        ("", ""),
    ],
)
def test_no_cell_of_a_safe_table_begins_a_formula(cell, guarded, tmp_path):
    path = write_table(pd.DataFrame({"id": [cell, "b"], cell: [-1.5, 2.0]}), tmp_path / "a.csv", excel_safe=True)
    back = pd.read_csv(path, keep_default_na=False)
    if "\r" not in cell:  # the reader takes it for a line's end
        assert back.iloc[0, 0] == guarded
        assert back.iloc[0, 1] == -1.5


@pytest.mark.slow
def test_every_command_that_writes_csv_can_guard_a_spreadsheet(log, tmp_path):
    odd = log.assign(customer_id="=" + log["customer_id"].astype(str))
    odd.to_csv(tmp_path / "log.csv", index=False)
    steps, out = tmp_path / "steps", tmp_path / "out"
    words = ["run", tmp_path / "log.csv", *spelt(COLUMNS), "--by", "channel"]
    assert clv(*words, "--excel-safe", "--out", out).status == 0
    assert pd.read_csv(out / "customers.csv")["customer_id"].str.startswith("'=").all()
    assert pd.read_parquet(out / "customers.parquet")["customer_id"].str.startswith("=").all()
    again = clv("refresh", out, tmp_path / "log.csv", "--out", tmp_path / "again")
    if again.status == 0:  # what was asked stays asked
        assert pd.read_csv(tmp_path / "again" / "customers.csv")["customer_id"].str.startswith("'=").all()
    assert (
        clv("rfm", tmp_path / "log.csv", *spelt(COLUMNS), "--by", "channel", "--holdout", "39", "--out", steps).status
        == 0
    )
    commands = [["fit"], ["predict", "--horizon", "26"], ["value"], ["compare", "--by", "channel"]]
    for command in [*commands, ["export", tmp_path / "list.csv"]]:
        run = clv(*command, "--excel-safe", "--out", steps)
        assert run.status == 0, run.err
    for name in (steps / "predictions.csv", steps / "customers.csv", tmp_path / "list.csv"):
        assert pd.read_csv(name)["customer_id"].str.startswith("'=").all()
    assert clv_library.load(steps / "buying.json").n_customers == 300
