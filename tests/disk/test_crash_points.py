"""A process may die at any moment: afterwards a folder is what it was, or what it was to become."""

import json
import os
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pytest

import clvmodels
from clvmodels.errors import InputError
from clvmodels.scale.customer_table import open_table
from clvmodels.scratch import JOURNAL
from clvmodels.storage.files import write_text
from clvmodels.storage.folder import all_or_nothing
from clvmodels.storage.journal import settle
from clvmodels.storage.lock import settled

from ..bad_input.shop import COLUMNS, LOG, write
from ..unit.cli.command_line import clv, contents, spelt
from .crashes import died

MOST = 400  # changes of the disk that a command makes
SOME = int(os.environ.get("CLV_CRASHES", "2"))  # moments of a command that are tried; 0 tries them all
LIMIT = {"--memory-limit": "1GB"}


def shown(folder):
    """Return what a folder holds beside what runs leave that aren't at their end."""
    return {name: held for name, held in contents(folder).items() if not name.startswith(".clv-")}


def replace_all(folder):
    """Replace two files and a folder, take a file and a folder away, and add a file."""
    with all_or_nothing(folder, outdated=["gone.txt", "gone"]) as place:
        for name in ("a.txt", "b.txt", "new.txt"):
            write_text("after", place / name)
        (place / "parts").mkdir()
        write_text("after", place / "parts" / "other.txt")


@pytest.fixture
def before(tmp_path):
    folder = tmp_path / "crashing"
    for name in ("parts", "gone"):
        (folder / name).mkdir(parents=True)
        (folder / name / "one.txt").write_text("before")
    for name in ("a.txt", "b.txt", "gone.txt", "mine.txt"):
        (folder / name).write_text("before")
    return folder


AFTER = {"a.txt", "b.txt", "new.txt", "parts", "parts/other.txt", "mine.txt"}


@pytest.mark.parametrize("links", [True, False])
def test_files_change_as_one_whenever_the_process_dies(links, before, tmp_path, monkeypatch):
    if not links:

        def refused(*_, **__):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", refused)
    old, place, ends = contents(before), tmp_path / "kept", set()
    copytree(before, place)
    for k in range(1, MOST):
        rmtree(before)
        copytree(place, before)
        if not died(k, "crashing", lambda: replace_all(before)):
            break
        settled(before)
        now = shown(before)
        ends.add(now == old)
        if now != old:
            assert set(now) == AFTER
            assert {name for name, held in now.items() if held == b"before"} == {"mine.txt"}
        replace_all(before)
        assert set(contents(before)) == AFTER
    assert k > 20
    assert ends == {True, False}  # some die before the turning point, some after


def test_a_roll_forward_that_dies_is_finished_by_the_next(before):
    for k in range(1, MOST):  # the first death after the journal stands
        rmtree(before)
        (before / "parts").mkdir(parents=True)
        (before / "a.txt").write_text("before")
        assert died(k, "crashing", lambda: replace_all(before))
        if (before / JOURNAL).exists():
            break
    for again in range(1, MOST):
        place = before.with_name("crashing-again")
        rmtree(place, ignore_errors=True)
        copytree(before, place)
        if not died(again, "crashing-again", lambda: settled(place)):  # noqa: B023
            break
        settled(place)
        assert (place / "new.txt").read_text() == "after"
        assert not (place / JOURNAL).exists()
    assert again > 3


def test_who_writes_beside_a_journal_leaves_what_it_names(before):
    for k in range(1, MOST):
        rmtree(before)
        before.mkdir()
        assert died(k, "crashing", lambda: replace_all(before))
        if (before / JOURNAL).exists():
            break
    write_text("beside", before / "list.csv")  # without the folder's lock, as `clv export` does
    settled(before)
    assert {"list.csv", "a.txt", "new.txt", "parts/other.txt"} <= set(contents(before))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"format": "clvmodels.journal", "staged": "..", "new": {}, "gone": []}',
        '{"format": "clvmodels.journal", "staged": ".clv-01234567", "new": {"../a": ".clv-01234567/a"}, "gone": []}',
        '{"format": "clvmodels.journal", "staged": ".clv-01234567", "new": {"a": "../a"}, "gone": []}',
        '{"format": "clvmodels.journal", "staged": ".clv-01234567", "new": {}, "gone": ["../b.txt"]}',
        '{"format": "clvmodels.journal", "staged": ".clv-01234567", "new": {}, "gone": 7}',
    ],
)
def test_a_journal_from_elsewhere_moves_nothing(content, before):
    (before / JOURNAL).write_text(content)
    held = contents(before)
    with pytest.raises(InputError, match="remove it, and make the study again"):
        settle(before)
    assert contents(before) == held


COMMANDS = {
    "rfm": ["rfm", "log.csv", *spelt(COLUMNS), "--by", "channel"],
    "fit": ["fit", "--model", "nbd"],
    "predict": ["predict", "--horizon", "20"],
    "value": ["value", "--margin", "0.5"],
    "compare": ["compare", "--by", "channel"],
    "report": ["report", "--title", "Another"],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study of which all steps are done, with its log beside it."""
    desk = tmp_path_factory.mktemp("finished")
    write(LOG, desk / "log.csv")
    asked = [*spelt(COLUMNS), "--by", "channel", "--holdout", "10"]
    steps = [["rfm", desk / "log.csv", *asked], ["fit"], ["predict", "--horizon", "10"], ["value"], ["compare"]]
    for step in [*steps, ["report"]]:
        assert clv(*step, "--out", desk / "crashing-study").status == 0
    return desk


def ways(n, least=SOME):
    """Return moments to die at: all, or some and the last ones, when files are moved."""
    if not least or n <= 2 * least:
        return range(1, n + 1)
    some = np.random.default_rng(n).choice(np.arange(1, n + 1), least, replace=False)
    return sorted({*map(int, some), *range(n - least, n + 1)})


def changes_of(words, study):
    """Return what a command makes of a study, and at how many places it changes the disk."""
    from .crashes import crash_at

    with crash_at(0, "crashing-study") as counted:
        run = clv(*words, "--out", study)
    assert run.status == 0, run.err
    return shown(study), counted.seen


def same_files(one, other):
    """Return whether two folders hold the same, whatever the day of writing."""
    return set(one) == set(other) and all(one[name] == other[name] for name in one)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS if "CLV_CRASHES" in os.environ else ["rfm", "fit", "predict", "value"])
def test_a_step_that_dies_leaves_the_old_study_or_the_new(name, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copytree(finished, tmp_path, dirs_exist_ok=True)
    study, words = Path("crashing-study"), COMMANDS[name]
    old = shown(study)
    new, n = changes_of(words, study)
    assert not same_files(old, new)
    for k in ways(n):
        rmtree(study)
        copytree(finished / "crashing-study", study)
        assert died(k, "crashing-study", lambda: clv(*words, "--out", study))
        settled(study)
        now = shown(study)
        assert same_files(now, old) or same_files(now, new), k
    assert clv(*words, "--out", study).status == 0
    assert not [left for left in contents(study) if left.startswith(".clv-")]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [{}, LIMIT], ids=["in memory", "with a limit"])
def test_a_run_that_dies_leaves_the_old_study_or_the_new(limit, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(LOG, tmp_path / "log.csv")
    study, kept = Path("crashing-study"), Path("kept")
    asked = ["run", "log.csv", *spelt(COLUMNS | limit)]
    assert clv(*asked, "--horizon", "10", "--out", kept).status == 0
    copytree(kept, study)
    _, n = changes_of([*asked, "--horizon", "20"], study)
    ends = set()
    for k in ways(n):
        rmtree(study)
        copytree(kept, study)
        assert died(k, "crashing-study", lambda: clv(*asked, "--horizon", "20", "--out", study))
        ends.add(told(study, limit))
    assert ends == {10, 20}
    again = clv(*asked, "--horizon", "20", "--out", study)
    assert again.status == 0, again.err
    assert told(study, limit) == 20
    assert not [left for left in contents(study) if Path(left).name.startswith(".clv-")]


def told(study, limit):
    """Return the horizon that a study speaks of, after a look at whether all its files do."""
    clvmodels.load(study / "buying.json")
    horizon = json.loads((study / "study.json").read_text())["horizon"]
    assert not (study / JOURNAL).exists()
    if limit:
        score = json.loads((study / "customers" / "_score.json").read_text())
        assert float(score["horizon"]) == horizon
        assert len(open_table(study / "table")) == score["customers"]
    else:
        assert f"looking {horizon:g} weeks ahead" in (study / "report.html").read_text()

    return horizon
