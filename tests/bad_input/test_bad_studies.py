"""The steps one by one: in the wrong order, on spoilt files, into folders that can't be written."""

import json

import pytest

from clvmodels import estimate_from, save
from clvmodels.errors import ArgumentError
from clvmodels.storage.folder import all_or_nothing

from ..unit.cli.command_line import clv, contents, sentence_of, spelt
from .shop import BUYING, COLUMNS, LOG, SPEND, write

pytestmark = pytest.mark.filterwarnings("error")

STEPS = {
    "fit": ["fit"],
    "predict": ["predict", "--horizon", "10"],
    "value": ["value"],
    "compare": ["compare"],
    "report": ["report"],
    "export": ["export", "list.csv"],
}

MISSING = [
    ("fit", "summary.json", "clv rfm"),
    ("fit", "summary.parquet", "clv rfm"),
    ("predict", "buying.json", "clv fit"),
    ("predict", "spending.json", "clv fit"),
    ("value", "buying.json", "clv fit"),
    ("value", "spending.json", "clv fit"),
    ("value", "horizon.json", "clv predict"),
    ("compare", "checked.parquet", "clv rfm"),
    ("report", "horizon.json", "clv predict"),
    ("export", "terms.json", "clv value"),
]


def refuse(desk, words, *command):
    before = contents(desk)
    run = clv(*command)
    assert words in sentence_of(run.err)
    assert run.status == 2
    assert contents(desk) == before


def changed(study, name, **entries):
    """Change entries of a JSON file of the study; None takes one away."""
    content = json.loads((study / name).read_text()) | entries
    kept = {key: value for key, value in content.items() if value is not None or key not in entries}
    (study / name).write_text(json.dumps(kept))


def deliver(folder, *names, outdated=()):
    """Write new files into a folder, all or none."""
    with all_or_nothing(folder, outdated=outdated) as place:
        for name in names:
            (place / name).write_text("new")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_before_the_first_one_names_the_first_one(step, desk):
    refuse(desk, "There is no 'summary.json' in 'study'; it is made by clv rfm", *STEPS[step], "--out", "study")


@pytest.mark.parametrize(("step", "name", "maker"), MISSING)
def test_a_step_names_the_step_it_needs(step, name, maker, study):
    (study / name).unlink()
    words = f"There is no {name!r} in 'study'; it is made by {maker}, so run that first."
    refuse(study.parent, words, *STEPS[step], "--out", "study")


def test_a_comparison_without_a_holdout_says_how_to_keep_one_back(study):
    (study / "checked.json").unlink()
    refuse(study.parent, "run clv rfm again with --holdout", "compare", "--out", "study")


def test_a_new_log_is_never_mixed_with_the_fit_of_an_old_one(study):
    log = write(LOG, study.parent / "log.csv")
    assert clv("rfm", log, *spelt(COLUMNS), "--out", "study").status == 0
    assert {"checked.json", "plan.json", "buying.json", "spending.json"}.isdisjoint(contents(study))
    refuse(study.parent, "no 'buying.json'", *STEPS["predict"], "--out", "study")
    refuse(study.parent, "keeps nothing back", *STEPS["compare"], "--out", "study")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("summary.json", b"", "'study/summary.json' can't be read (Expecting value"),
        ("summary.json", b"\xff\xfe\x00", "'study/summary.json' can't be read ('utf-8' codec"),
        ("summary.json", b"[1, 2]", "holds no study; make it again with clv rfm"),
        ("summary.json", b"{}", "isn't a summary that this version can read; make it again with clv rfm"),
        ("summary.parquet", b"", "The summary in 'study' is damaged (ArrowInvalid"),
        ("summary.parquet", b"customer_id,frequency\n1,2\n", "The summary in 'study' is damaged (ArrowInvalid"),
    ],
)
def test_a_summary_that_is_none_ends_in_one_sentence(name, content, words, study):
    (study / name).write_bytes(content)
    refuse(study.parent, words, "fit", "--out", "study")


@pytest.mark.parametrize(
    "entries",
    [
        {"version": 99},
        {"period": 7},
        {"period": {"name": "week"}},
        {"groups": ["channel", "region"]},
        {"timeline": {"start": "2020-01-01"}},
        {"observation_end": "soon"},
        {"notes": [{"code": "only"}]},
        {"holdout": None},
    ],
    ids=lambda entries: next(iter(entries)),
)
def test_a_summary_with_wrong_entries_ends_in_one_sentence(entries, study):
    changed(study, "summary.json", **entries)
    refuse(study.parent, "make it again with clv rfm", "fit", "--out", "study")


@pytest.mark.parametrize(
    ("step", "name", "content", "words"),
    [
        ("predict", "buying.json", '{"format": "clvmod', "'study/buying.json' isn't an estimate saved by clvmodels"),
        ("predict", "buying.json", "{}", "'study/buying.json' isn't an estimate saved by clvmodels"),
        ("value", "horizon.json", "{}", "'study/horizon.json' holds no horizon; make it again with clv predict"),
        ("value", "horizon.json", '{"horizon": "soon"}', "horizon is 'soon', which can't be read"),
        ("predict", "plan.json", '{"how": 1}', "'study/plan.json' says no way to fit; make it again with clv fit"),
        ("compare", "plan.json", '{"method": "mcmc"}', "There is no method called 'mcmc'"),
        ("report", "terms.json", '{"margins": 1}', "'study/terms.json' holds no business terms; make it again"),
        ("export", "terms.json", '{"margin": 3}', "margin is 3; it must be at least 0 and at most 1"),
    ],
)
def test_what_a_step_has_written_is_checked_by_the_next(step, name, content, words, study):
    (study / name).write_text(content)
    refuse(study.parent, words, *STEPS[step], "--out", "study")


def test_models_in_each_other_s_place_are_refused(study):
    (study / "buying.json").rename(study / "kept.json")
    save(estimate_from("gammagamma", SPEND), study / "buying.json")
    refuse(study.parent, "a model of buying is needed", *STEPS["predict"], "--out", "study")
    (study / "kept.json").replace(study / "buying.json")
    save(estimate_from("bgnbd", BUYING, period="week"), study / "spending.json")
    refuse(study.parent, "a model of spend is needed", *STEPS["value"], "--out", "study")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["fit", "--model", "bgnbb"], "There is no model called 'bgnbb'. Did you mean 'bg"),
        (["fit", "--model", "gammagamma"], "a model of buying is needed"),
        (["fit", "--spend", "bgnbd"], "a model of spend is needed"),
        (["predict", "--horizon", "0"], "horizon is 0.0; it must be above 0"),
        (["value", "--margin", "1.5"], "margin is 1.5"),
        (["value", "--margin", "-0.5"], "margin is -0.5"),
        (["value", "--discount-rate", "-0.1"], "--discount-rate is -0.1"),
        (["value", "--acquisition-cost", "-1"], "--acquisition-cost is -1.0"),
        (["compare", "--by", "region"], "no group column 'region' (it has: channel)"),
        (["export", "list.xlsx"], "'list.xlsx' ends in '.xlsx', which says no format to write"),
        (["export", "nowhere/list.csv"], "to write 'list.csv' into; make it first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wish_that_cannot_be_met_ends_in_one_sentence(command, words, study):
    refuse(study.parent, words, *command, "--out", "study")


@pytest.mark.parametrize("out", ["taken", "taken/study", "taken/a/b", "x" * 300])
def test_a_folder_that_cannot_be_made_is_named_before_the_work(out, desk):
    (desk / "taken").write_text("a file")
    log = write(LOG, desk / "log.csv")
    for command in ("run", "rfm"):
        refuse(desk, f"{out!r} can't be written to", command, log, *spelt(COLUMNS), "--out", out)


def test_a_folder_that_refuses_is_named(desk, monkeypatch):
    def refusing(**_):
        raise PermissionError(13, "Permission denied")

    log = write(LOG, desk / "log.csv")
    monkeypatch.setattr("clvmodels.scratch.mkdtemp", refusing)
    refuse(desk, "'a/b' can't be written to (Permission denied)", "rfm", log, *spelt(COLUMNS), "--out", "a/b")


def test_a_study_that_stood_there_stands_there_after_a_failure(study):
    log = write(LOG.drop(columns="amount"), study.parent / "log.csv")
    refuse(study.parent, "no column 'amount'", "run", log, *spelt(COLUMNS), "--out", "study")


def test_folders_made_for_nothing_are_gone(desk):
    refuse(desk, "there is no file 'no.csv'", "run", "no.csv", *spelt(COLUMNS), "--out", "a/b/c")


def test_a_folder_in_the_place_of_a_file_is_never_touched(desk):
    (desk / "out" / "b.csv").mkdir(parents=True)
    (desk / "out" / "b.csv" / "mine.txt").write_text("mine")
    before = contents(desk)
    with pytest.raises(ArgumentError, match="is a folder, where a file is to be written"):
        deliver(desk / "out", "a.csv", "b.csv")
    assert contents(desk) == before


def test_a_file_that_cannot_be_replaced_leaves_all_others_as_they_were(desk, monkeypatch):
    out = desk / "out"
    out.mkdir()
    for name in ("a.csv", "b.csv", "old.csv"):
        (out / name).write_text("before")
    before = contents(desk)
    replace = type(out).replace

    def held_open(self, target):
        if out / "b.csv" in (self, target):
            raise PermissionError(13, "The file is open in another program")
        return replace(self, target)

    monkeypatch.setattr(type(out), "replace", held_open)
    with pytest.raises(ArgumentError, match="so it was left as it was"):
        deliver(out, "a.csv", "b.csv", outdated=["old.csv"])
    assert contents(desk) == before


def test_outdated_files_go_when_new_ones_come(desk):
    for name in ("a.csv", "old.csv", "kept.csv"):
        (desk / name).write_text("before")
    deliver(desk, "a.csv", outdated=["old.csv", "never.csv"])
    assert contents(desk) == {"a.csv": b"new", "kept.csv": b"before"}
