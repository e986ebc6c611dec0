"""What a file of this tree may be called, how long it may grow, and what it must not say."""

import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from clvmodels.models import registry

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "clvmodels"
SOURCES = sorted(PACKAGE.rglob("*.py"))
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|$)")
# Cut by a bar where they would be found, so that this file passes its own test.
HOSTS = [name.replace("|", "") for name in ("py|pi.org", "python|hosted.", "deb|ian.org", "ana|conda.org")]
FOLDERS = [name.replace("|", "") for name in ("/wo|rk/", "/r|oot/", "/ho|me/", "/Us|ers/")]
TIED = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.~/]){folder}" for folder in FOLDERS)]))


def tracked() -> list[Path]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, capture_output=True, text=True, cwd=ROOT, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def lines_tied_to_a_machine(text: str) -> list[str]:
    return [line.strip()[:120] for line in text.splitlines() if TIED.search(line)]


def test_every_file_stays_readable():
    length = {path.relative_to(PACKAGE): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in length.items() if lines > (220 if path.parts[0] == "models" else 400)} == {}


def test_every_model_is_told_and_not_only_named():
    paths = {Path(inspect.getfile(type(model))) for model in registry().values()}
    assert [path.name for path in paths if len(path.read_text().splitlines()) < 100] == []


def test_every_file_says_by_its_name_what_it_holds():
    names = [path.relative_to(PACKAGE).with_suffix("").parts for path in SOURCES]
    assert [parts for parts in names if any(VAGUE.search(part) for part in parts)] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "date_utils", "common", "misc"])
def test_a_vague_name_is_noticed(name):
    assert VAGUE.search(name)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows which files belong to the tree")
def test_no_file_names_a_package_host_or_a_path_of_a_machine():
    found = {}
    for path in tracked():
        try:
            lines = lines_tied_to_a_machine(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        if lines:
            found[str(path.relative_to(ROOT))] = lines
    assert found == {}


@pytest.mark.parametrize("tied", ["index = https://py|pi.org/x", "open('/r|oot/data.csv')", "File /wo|rk/x.py"])
def test_a_host_or_path_is_noticed(tied):
    line = tied.replace("|", "")
    assert lines_tied_to_a_machine(line) == [line]


@pytest.mark.parametrize("line", ["see docs/work/flow.md", "roots/rooted", "~/work/log.csv", "team" + "work/x"])
def test_a_path_inside_the_tree_is_fine(line):
    assert lines_tied_to_a_machine(line) == []


def test_every_dependency_has_a_version_that_was_tried():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    asked = {re.split(r"[^\w-]", need)[0].lower() for group in groups for need in group if "win32" not in need}
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE)
    assert sorted(asked - set(pinned)) == []
