"""The first lines of a text file: where the header is, what separates the columns, and what the columns are called."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from clvmodels.errors import InputError
from clvmodels.ingest.encodings import first_text
from clvmodels.ingest.missing_columns import no_column

_PEEK = 1 << 18  # bytes: title pages are shorter
_TITLES = 50  # lines that may stand above the header
_SEPARATORS = (",", ";", "\t", "|")
_QUOTES = ('"', "'")


@dataclass(frozen=True, slots=True)
class Head:
    """How the columns of a text file stand in it.

    Attributes
    ----------
    names : tuple of str
        Of all columns, in order, as they stand there.
    separator, quote : str
        Characters.
    skip : int
        Lines up to the header, this one included.
    """

    names: tuple[str, ...]
    separator: str
    quote: str
    skip: int


def head_of(path: str, wanted: Sequence[str], what: str, encoding: str | None) -> Head:
    """Find the header of a file: the first line that has all the names that are asked for.

    Raises
    ------
    InputError
        When there is none, or a name that is asked for stands there twice.
    """
    text = first_text(path, encoding, _PEEK)
    if not text.strip():
        raise InputError(f"The {what} has nothing in it; check the file {path!r}.")
    best: Head | None = None
    found = 0
    for quote in _QUOTES:
        for separator in _SEPARATORS:
            for place, (skip, cells) in enumerate(_rows(text, separator, quote)):
                names = [cell.strip() for cell in cells]
                known = sum(name in names for name in set(wanted))
                head = Head(tuple(names), separator, quote, skip)
                if wanted and known == len(set(wanted)):
                    return _of_one_meaning(head, wanted, what)
                # Without the names, the line with most of them, else the first line cut into most columns is shown.
                score = known * 1_000 + (len(names) if place == 0 else 0)
                if best is None or score > found:
                    best, found = head, score
    assert best is not None  # the text isn't empty
    if not wanted:
        return _of_one_meaning(best, best.names, what)
    missing = next(name for name in wanted if name not in best.names)
    raise no_column(missing, best.names, what)


def _rows(text: str, separator: str, quote: str) -> list[tuple[int, list[str]]]:
    """Return the cells of the first lines, with the number of lines up to each; empty lines are none."""
    rows = []
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, quotechar=quote)
    try:
        for cells in reader:
            if any(cells):
                rows.append((reader.line_num, cells))
            if reader.line_num > _TITLES:
                break
    except csv.Error:  # what isn't separated so
        pass
    return rows


def _of_one_meaning(head: Head, wanted: Sequence[str], what: str) -> Head:
    twice = next((name for name in wanted if head.names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"The {what} has two columns of one name ({twice!r}), so it's open which is meant; rename one of them."
        )
    return head
