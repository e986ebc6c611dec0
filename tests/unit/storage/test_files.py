"""A file is whole or not there."""

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import ArgumentError
from clvmodels.storage.files import whole_file, write_json, write_table, write_text

from ..made_up_shop import read_exactly

TABLE = pd.DataFrame({"customer_id": ["a", "b"], "clv": [0.1 + 0.2, 1 / 3]})


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_fails_half_way_leaves_nothing_behind(tmp_path):
    def interrupted():
        with whole_file(tmp_path / "a.txt") as place:
            place.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert left_in(tmp_path) == []


def test_a_failure_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    write_text("old", tmp_path / "a.txt")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ArgumentError, match=r"can't be written \(No space left on device\)"):
        write_text("new", tmp_path / "a.txt")
    assert left_in(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_file_that_is_there_is_replaced(tmp_path):
    write_text("old and longer", tmp_path / "a.txt")
    assert write_text("new", tmp_path / "a.txt").read_text() == "new"


def test_a_new_file_may_be_read_by_whom_the_system_lets(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    assert write_text("a", tmp_path / "a.txt").stat().st_mode == plain.stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_written_through(tmp_path):
    write_text("old", tmp_path / "real.txt")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text("new", tmp_path / "link.txt")
    assert (tmp_path / "real.txt").read_text() == "new"
    assert (tmp_path / "link.txt").is_symlink()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"There is no folder '.*nowhere'"):
        write_text("a", tmp_path / "nowhere" / "a.txt")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ArgumentError, match="is a folder"):
        write_text("a", tmp_path)


def test_what_the_system_refuses_is_told(tmp_path):
    with pytest.raises(ArgumentError, match="can't be written"):
        write_text("a", tmp_path / ("a" * 300 + ".txt"))
    assert left_in(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_closed_to_writing_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArgumentError, match="Permission denied"):
        write_text("a", tmp_path / "a.txt")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "A.CSV"])
def test_a_table_keeps_every_digit(tmp_path, name):
    path = write_table(TABLE, tmp_path / name)
    pd.testing.assert_frame_equal(read_exactly(path, like=TABLE), TABLE, check_exact=True)


@pytest.mark.parametrize(("name", "told"), [("a.xlsx", "'.xlsx'"), ("a", "'no suffix'")])
def test_an_unknown_suffix_is_refused(tmp_path, name, told):
    with pytest.raises(ArgumentError, match=f"ends in {told}.*end it in .csv or .parquet"):
        write_table(TABLE, tmp_path / name)
    assert left_in(tmp_path) == []


def test_a_column_of_texts_and_numbers_does_not_go_into_parquet(tmp_path):
    mixed = pd.DataFrame({"customer_id": pd.Series(["a", 1], dtype=object)})
    with pytest.raises(ArgumentError, match="'customer_id' holds texts and numbers at once"):
        write_table(mixed, tmp_path / "a.parquet")
    assert left_in(tmp_path) == []
    assert write_table(mixed, tmp_path / "a.csv").read_text() == "customer_id\na\n1\n"


def test_json_holds_what_numpy_made(tmp_path):
    content = {
        "n": np.int64(3),
        "share": np.float64(0.1),
        "none": np.nan,
        "many": np.array([1.0, np.inf]),
        "day": np.datetime64("1997-09-30"),
        "date": date(1997, 9, 30),
        "flag": np.bool_(True),
        "path": Path("a"),
        "inner": ({"x": [np.float32(0.5)]},),
    }
    assert json.loads(write_json(content, tmp_path / "a.json").read_text()) == {
        "n": 3,
        "share": 0.1,
        "none": None,
        "many": [1.0, None],
        "day": "1997-09-30",
        "date": "1997-09-30",
        "flag": True,
        "path": "a",
        "inner": [{"x": [0.5]}],
    }
