"""Files as people have them: columns by name, ids as written, headers where they stand, and other alphabets."""

from __future__ import annotations

import gzip
import os
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.ingest.reading import Question, Reading, looked_through

from .ways_in import ASKED, WAYS, by_id, texts

ROWS = "a,2022-01-03,5\nb,2022-01-04,6\na,2022-01-10,7.5\n"


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


@pytest.fixture
def written(tmp_path):
    """Write texts as files, and return the path of the first or a glob of all."""

    def made(*contents, name="log", ending=".csv", encoding="utf-8"):
        for i, content in enumerate(contents):
            (tmp_path / f"{name}{i}{ending}").write_bytes(content.encode(encoding))
        return str(tmp_path / (f"{name}0{ending}" if len(contents) == 1 else f"{name}*{ending}"))

    return made


def spent(read, log, **asked):
    return by_id(read(log, **(ASKED | asked))[0])


IDS = ["01234", "1234", "57E1", "5.70", "5.7", "12345678901234567890", "0x1F", "1e5", "+7", "7", "true", "nan", "NULL",
       "2022-01-03", str(uuid.UUID(int=7)), "-0", "0", "1_000", "O'Neil", 'say "hi"', "zoë"]  # fmt: skip


@pytest.mark.parametrize("first", [1, 30_000])
def test_ids_of_text_files_are_text_byte_by_byte(first, read, tmp_path):
    # Whole numbers for longer than anybody looks ahead, then ids that only text can hold.
    ids = [*map(str, range(100_000, 100_000 + first)), *IDS]
    log = pd.DataFrame({"who": ids, "day": "2022-01-03", "paid": 1.0})
    log.to_csv(tmp_path / "log.csv", index=False)
    frame, _ = read(tmp_path / "log.csv", **ASKED)
    assert sorted(frame["customer_id"]) == sorted(ids)


@pytest.mark.parametrize("odd", ["0100005", "100005.0", "1E5", "+100005", "-0", "100_005", "0x186A5"])
def test_one_late_id_that_only_looks_like_a_number_stays_as_it_is_written(odd, tmp_path):
    ids = [*map(str, range(100_000, 103_000)), odd]
    pd.DataFrame({"who": ids, "day": "2022-01-03", "paid": 1.0}).to_csv(tmp_path / "log.csv", index=False)
    assert sorted(clv.rfm_summary(tmp_path / "log.csv", **ASKED).customer_id) == sorted(ids)


def test_a_text_file_is_read_once(written):
    path = written("who,day,paid\n" + ROWS)
    question = Question.of(LogSpec(**ASKED))
    with Workbench() as bench:
        look = looked_through(bench, path, question)
        os.remove(path)
        reading = Reading.surveyed(bench, look, question.ending(look.survey))
        assert sorted(reading.counted().collect("pyarrow")["spend"].to_list()) == [6.0, 12.5]
        assert reading.amounts.collect("pyarrow")["least"].to_list() == [5.0, 6.0, 7.5]


def test_ids_that_are_whole_numbers_are_text_too_in_their_order(read, tmp_path):
    log = pd.DataFrame({"who": [10, 9, 100, -3], "day": "2022-01-03", "paid": [1.0, 2.0, 3.0, 4.0]})
    log.to_csv(tmp_path / "log.csv", index=False)
    frame, _ = read(tmp_path / "log.csv", **ASKED)
    assert by_id(frame) == {"10": 1.0, "9": 2.0, "100": 3.0, "-3": 4.0}


def test_two_files_with_columns_in_another_order_are_matched_by_name(read, written):
    log = written("who,day,paid\na,2022-01-03,5\nb,2022-01-04,6\n", "paid,note,who,day\n7.5,x,a,2022-01-10\n")
    assert spent(read, log) == {"a": 12.5, "b": 6.0}


def test_the_file_in_which_a_column_is_missing_is_named(read, written):
    log = written("who,day,paid\na,2022-01-03,5\n", "who,day,sum\na,2022-01-03,5\n")
    with pytest.raises(InputError, match=r"The log '.*log1.csv' has no column 'paid'"):
        read(log, **ASKED)
    pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")], "paid": [5]}).to_parquet(f"{log[:-5]}0.parquet")
    pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")]}).to_parquet(f"{log[:-5]}1.parquet")
    with pytest.raises(InputError, match=r"The log '.*log1.parquet' has no column 'paid'"):
        read(f"{log[:-5]}*.parquet", **ASKED)


def test_parquet_files_with_columns_in_another_order_or_of_another_type_are_matched_by_name(read, tmp_path):
    day = pd.Timestamp("2022-01-03")
    pd.DataFrame({"who": ["a"], "day": [day], "paid": [5]}).to_parquet(tmp_path / "0.parquet")
    pd.DataFrame({"paid": [6.75], "day": [day], "who": ["a"]}).to_parquet(tmp_path / "1.parquet")
    assert spent(read, str(tmp_path / "*.parquet")) == {"a": 11.75}


def test_ids_of_another_kind_in_another_parquet_file_are_refused(read, tmp_path):
    day = pd.Timestamp("2022-01-03")
    for i, who in enumerate([1, "01"]):
        pd.DataFrame({"who": [who], "day": [day], "paid": [5]}).to_parquet(tmp_path / f"{i}.parquet")
    with pytest.raises(InputError, match=r"'who' holds numbers in '.*0.parquet' and text in '.*1.parquet'"):
        read(str(tmp_path / "*.parquet"), **ASKED)


def test_whole_amounts_first_do_not_round_those_that_follow(read, tmp_path):
    log = pd.DataFrame({"who": "a", "day": "2022-01-03", "paid": ["10"] * 30_000 + ["10.75"]})
    log.to_csv(tmp_path / "log.csv", index=False)
    assert spent(read, tmp_path / "log.csv") == {"a": 300_010.75}


@pytest.mark.parametrize(
    "content",
    [
        ",who,day,paid\n0,a,2022-01-03,5\n1,b,2022-01-04,6\n2,a,2022-01-10,7.5\n",
        f"Sales of the year\n\nmade on Monday, by us\nwho,day,paid\n{ROWS}",
        f"who , day,paid \n{ROWS}",
        f'"who","day","paid"\n{ROWS}',
        f"who;day;paid\n{ROWS.replace(',', ';')}",
        f"who\tday\tpaid\n{ROWS.replace(',', chr(9))}",
        f"who|day|paid\n{ROWS.replace(',', '|')}",
        f"who,day,paid\r\n{ROWS}".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"\ufeffwho,day,paid\n{ROWS}",
        f"who,day,paid,,\n{ROWS.replace(chr(10), ',,' + chr(10))}",
        f"Who,who,day,paid\n{ROWS.replace('a,', 'x,a,').replace('b,', 'y,b,')}",
        'who,day,paid\n"a","2022-01-03","5"\n"b","2022-01-04","6"\n"a","2022-01-10","7.5"\n',
    ],
    ids=["index", "titles", "spaces", "quotes", ";", "tab", "|", "crlf", "mark", "empty", "case", "all quoted"],
)
def test_a_header_is_found_where_it_stands(content, read, written):
    assert spent(read, written(content)) == {"a": 12.5, "b": 6.0}


def test_an_index_of_pandas_in_front_is_passed_over(read, tmp_path):
    pd.DataFrame({"who": ["a", "b"], "day": pd.Timestamp("2022-01-03"), "paid": [5.0, 6.0]}).to_csv(
        tmp_path / "log.csv"
    )
    assert spent(read, [tmp_path / "log.csv"]) == {"a": 5.0, "b": 6.0}


def test_two_columns_of_one_name_are_refused_where_one_is_asked_for(read, written):
    log = written("who,day,paid,paid,x,x\na,2022-01-03,5,6,1,2\n")
    with pytest.raises(InputError, match="two columns of one name"):
        read(log, **ASKED)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_another_alphabet_is_named_and_read_when_it_is_said(encoding, read, written):
    content = f"who,day,paid,ort\n{ROWS.replace('a,', 'Zoë,')}".replace("\n", ",Köln\n").replace(
        "paid,ort,Köln", "paid,ort"
    )
    log = written(content, encoding=encoding)
    with pytest.raises(InputError) as caught:
        read(log, **ASKED)
    told = {"latin-1": "cp1252"}.get(encoding, encoding)
    assert f"encoding={told!r}" in str(caught.value)
    assert spent(read, log, encoding=encoding) == {"Zoë": 12.5, "b": 6.0}


def test_another_alphabet_deep_in_a_file_is_named(read, tmp_path):
    rows = "a,2022-01-03,5\n" * 40_000
    (tmp_path / "log.csv").write_bytes(f"who,day,paid\n{rows}Zoë,2022-01-03,5\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"log.csv' is no UTF-8; it seems to be cp1252"):
        read(tmp_path / "log.csv", **ASKED)
    frame, _ = read(tmp_path / "log.csv", **ASKED, encoding="latin-1")
    assert "Zoë" in set(frame["customer_id"])


@pytest.mark.parametrize("bad", ["klingon", "", 5, "rot13", "base64"])
def test_what_is_no_encoding_is_refused(bad, read, written):
    with pytest.raises(ArgumentError, match="encoding is"):
        read(written(f"who,day,paid\n{ROWS}"), **ASKED, encoding=bad)


def test_the_wrong_encoding_is_refused(read, tmp_path):
    (tmp_path / "log.csv").write_bytes(f"who,day,paid\n{ROWS}".encode("cp1252") + b"Zo\x81,2022-01-03,5\n")
    with pytest.raises(InputError, match="can't be read as encoding='cp1252'"):
        read(tmp_path / "log.csv", **ASKED, encoding="cp1252")


def test_an_encoding_of_what_is_no_text_is_refused(read, tmp_path):
    log = pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")], "paid": [5.0]})
    log.to_parquet(tmp_path / "log.parquet")
    for given in (log, tmp_path / "log.parquet"):
        with pytest.raises(ArgumentError, match="encoding is 'cp1252', but"):
            read(given, **ASKED, encoding="cp1252")


@pytest.mark.parametrize("form", ["file", "frame", "parquet"])
def test_spaces_around_ids_are_nobody_and_said(form, read, tmp_path):
    log = pd.DataFrame({"who": ["a ", "a", " b", "b\t", "a\u00a0"], "day": pd.Timestamp("2022-01-03"), "paid": 1.0})
    given = log
    if form == "file":
        given = tmp_path / "log.csv"
        log.to_csv(given, index=False)
    elif form == "parquet":
        given = tmp_path / "log.parquet"
        log.to_parquet(given)
    frame, notes = read(given, **ASKED)
    assert by_id(frame) == {"a": 3.0, "b": 2.0}
    assert "Spaces around 4 different texts in 'who' were taken off" in texts(notes)


def test_an_id_of_spaces_only_is_nobody(read, written):
    with pytest.raises(InputError, match="1 row with no customer in 'who'"):
        read(written(f"who,day,paid\n  ,2022-01-03,5\n{ROWS}"), **ASKED)


def test_an_id_in_the_index_of_a_frame_is_read(read):
    log = pd.DataFrame({"day": pd.Timestamp("2022-01-03"), "paid": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="who"))
    assert spent(read, log) == {"a": 1.0, "b": 2.0}
    deeper = log.set_index("day", append=True)
    assert spent(read, deeper) == {"a": 1.0, "b": 2.0}


@pytest.mark.parametrize("labels", [[0, 1, 2], [("who", 1), ("day", 1), ("paid", 1)], [None, "day", "paid"]])
def test_labels_that_are_no_text_get_a_sentence(labels, read):
    log = pd.DataFrame([["a", pd.Timestamp("2022-01-03"), 1.0]], columns=labels)
    with pytest.raises(InputError, match="which is no text; give columns names"):
        read(log, **ASKED)


def test_labels_that_nobody_asks_for_do_no_harm(read):
    log = pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")], "paid": [1.0], 5: ["x"], "odd": [1 + 2j]})
    assert spent(read, log) == {"a": 1.0}


def test_groups_of_text_files_are_numbers_only_where_all_of_them_are(read, written):
    content = "who,day,paid,age,zip,vip,size\na,2022-01-03,5,31,01234,true,1.5\nb,2022-01-04,6,,9,false,2\n"
    frame, _ = WAYS["in memory"](written(content), **ASKED, groups=["age", "zip", "vip", "size"])
    assert frame["age"].tolist()[0] == 31
    assert np.isnan(frame["age"].tolist()[1])
    assert frame["zip"].tolist() == ["01234", "9"]
    assert frame["vip"].tolist() == [True, False]
    assert frame["size"].tolist() == [1.5, 2.0]


# Paths


@pytest.mark.parametrize("name", ["log[1].csv", "log*.csv", "lo'g.csv", "log{a}.csv", "what?.csv"])
def test_a_path_that_is_there_is_no_glob(name, read, tmp_path):
    (tmp_path / name).write_text(f"who,day,paid\n{ROWS}")
    (tmp_path / "log1.csv").write_text("who,day,paid\nz,2022-01-03,5\n")
    assert spent(read, str(tmp_path / name)) == {"a": 12.5, "b": 6.0}


def test_hidden_files_are_never_meant(read, tmp_path):
    (tmp_path / "log.csv").write_text(f"who,day,paid\n{ROWS}")
    (tmp_path / ".log.csv").write_text("who,day,paid\nz,2022-01-03,5\n")
    assert spent(read, str(tmp_path / "*.csv")) == {"a": 12.5, "b": 6.0}


@pytest.mark.parametrize("place", ["https://example.com/log.csv", "s3://bucket/log.parquet", "gs://bucket/*.csv"])
def test_a_network_is_not_asked(place, read):
    with pytest.raises(InputError, match="lies on a network, which isn't read from here"):
        read(place, **ASKED)


def test_a_pipe_and_a_folder_get_a_sentence(read, tmp_path):
    os.mkfifo(tmp_path / "log.csv")
    with pytest.raises(InputError, match="is a pipe or a device"):
        read(tmp_path / "log.csv", **ASKED)
    with pytest.raises(InputError, match="is a folder; give its files"):
        read(tmp_path, **ASKED)


def test_packed_files_are_read(read, tmp_path):
    with gzip.open(tmp_path / "log.csv.gz", "wt") as file:
        file.write(f"titles\nwho;day;paid\n{ROWS.replace(',', ';')}")
    assert spent(read, tmp_path / "log.csv.gz") == {"a": 12.5, "b": 6.0}


def test_a_folder_to_spill_into_that_is_not_there_gets_a_sentence(tmp_path):
    log = pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")], "paid": [1.0]})
    with pytest.raises(ArgumentError, match=r"temp_folder '.*nowhere' isn't a folder that is there"):
        clv.rfm_table(log, out=tmp_path / "out", temp_folder=tmp_path / "nowhere", **ASKED)
    assert list(tmp_path.iterdir()) == []


# Spreadsheets


def sheet(path: Path, rows, **more):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "sales"
    for row in rows:
        book.active.append(row)
    for name, others in more.items():
        for row in others:
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    book.save(path)
    return path


TABLE = [
    ["Our sales"],
    [],
    ["who", "day", "paid"],
    ["007", pd.Timestamp("2022-01-03").to_pydatetime(), 5],
    [12, pd.Timestamp("2022-01-04").to_pydatetime(), 6.5],
    ["007", pd.Timestamp("2022-01-10").to_pydatetime(), 7],
]


def test_a_spreadsheet_is_read(read, tmp_path):
    log = sheet(tmp_path / "log.xlsx", TABLE, remarks=[["nothing"]])
    assert spent(read, log) == {"007": 12.0, "12": 6.5}


def test_two_sheets_with_the_columns_are_refused(read, tmp_path):
    log = sheet(tmp_path / "log.xlsx", TABLE, more=TABLE)
    with pytest.raises(InputError, match=r"in several sheets \(sales, more\)"):
        read(log, **ASKED)


def test_without_the_extra_a_spreadsheet_gets_a_sentence(read, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (tmp_path / "log.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"pip install 'clvmodels\[excel\]'"):
        read(tmp_path / "log.xlsx", **ASKED)
