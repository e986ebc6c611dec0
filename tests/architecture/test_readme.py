"""The examples of the README and of the guide run as they stand, each page from top to bottom."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
BLOCKS = {
    page.name: re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for page in PAGES
}


@pytest.mark.slow  # `make docs` runs it too
@pytest.mark.parametrize("page", [page for page, blocks in BLOCKS.items() if blocks])
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for number, block in enumerate(BLOCKS[page], 1):
        exec(compile(block, f"{page}, example {number}", "exec"), names)


def test_the_readme_has_an_example_and_stays_short():
    assert BLOCKS["README.md"]
    words = len((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert words < 900  # a first page is read in three minutes
