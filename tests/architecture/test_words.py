"""Texts that people read say things in the words of the field."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ODD = (
    "who is still there",
    "what came",
    "what comes",
    "held against",
    "to whom wants",
    "a middling customer",
    "middling",
    "worth a word",
    "how sure",
    "believed before",
    "law of buying",
    "gamma law",
    "beta law",
    "normal law",
    "posterior law",
    "mixing law",
    "best tenth",
    "affordable cost",
)
WORDS = re.compile("|".join(rf"\b{phrase.replace(' ', r'\s+')}s?\b" for phrase in ODD), re.IGNORECASE)
TEXTS = ("*.md", "docs/*.md", "docs/img/*.svg", "experiments/*/README.md", "benchmarks/README.md")
CODE = ("clvmodels/**/*.py", "docs/*.py", "experiments/**/*.py", "benchmarks/**/*.py")


def odd_phrases(text: str) -> list[str]:
    return [match[0] for match in WORDS.finditer(text)]


def said_by(path: Path) -> str:
    """Return docstrings, messages and all other strings of a file of Python, one after the other."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def cells_of(path: Path) -> str:
    return "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])


def found_in(globs: tuple[str, ...], read) -> dict[str, list[str]]:
    paths = [path for glob in globs for path in ROOT.glob(glob)]
    assert paths
    found = {str(path.relative_to(ROOT)): odd_phrases(read(path)) for path in paths}
    return {path: phrases for path, phrases in found.items() if phrases}


def test_pages_and_pictures_have_no_odd_phrase():
    assert found_in(TEXTS, lambda path: path.read_text(encoding="utf-8")) == {}


def test_docstrings_and_messages_have_no_odd_phrase():
    assert found_in(CODE, said_by) == {}


def test_templates_have_no_odd_phrase():
    assert found_in(("clvmodels/reporting/templates/*",), lambda path: path.read_text(encoding="utf-8")) == {}


def test_notebooks_have_no_odd_phrase():
    assert found_in(("notebooks/*.ipynb",), cells_of) == {}


@pytest.mark.parametrize("text", ["What\n    came.", "rates follow a gamma law", "the best tenth of them", "How sure?"])
def test_an_odd_phrase_is_found_wherever_a_line_ends(text):
    assert odd_phrases(text)
