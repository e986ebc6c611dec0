"""What a command says while it works, on standard error, and at the end, on standard output."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import pandas as pd

from clvmodels.cli.words import in_shell_words
from clvmodels.records import Drift, Note

_SHOWN = ("target", "group", "name", "kind", "bias", "mae", "crps", "coverage", "gini", "capture_top10", "total")
_NARROWEST, _WIDEST = 60, 100  # characters: below, words stand alone; above, the eye loses the line


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    begin = time.perf_counter()
    say(f"{what} ...", end=" ")
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    say(f"{time.perf_counter() - begin:.1f} s")


def say(text: str, *, end: str = "\n") -> None:
    """Print on standard error; where nobody can hear it, the work goes on."""
    with suppress(OSError, ValueError):  # a full disk or a closed pipe, or a stream that was closed
        print(text, end=end, file=sys.stderr, flush=True)


def say_notes(notes: Iterable[Note]) -> None:
    """Print remarks, warnings marked, each once."""
    for note in dict.fromkeys(notes):
        say(f"{'warning' if note.level == 'warning' else 'note'}: {in_shell_words(note.text)}")


def entry(texts: Mapping[str, str]) -> str:
    """Return texts below each other, each after its name and broken to the terminal's width."""
    left = max(map(len, texts)) + 4
    width = max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))
    return "\n".join(
        textwrap.fill(text, width, initial_indent=f"  {name:{left - 2}s}", subsequent_indent=" " * left)
        for name, text in texts.items()
    )


def changes(drift: Drift) -> str:
    """Return the parameters at both ends, as they fit a terminal."""
    shown = drift.parameters.reindex(columns=["model", "parameter", "before", "after", "std_errors_apart"])
    numbers = dict.fromkeys(("before", "after"), "{:.4g}".format) | {"std_errors_apart": "{:+.1f}".format}
    return shown.to_string(index=False, formatters=numbers, na_rep="-")


def short(table: pd.DataFrame) -> str:
    """Return the columns of a comparison that fit a terminal."""
    shown = [column for column in (*_SHOWN, "total_lower", "total_upper", "actual") if column in table]
    formats = {
        column: ("{:,.0f}" if column.startswith(("total", "actual")) else "{:.3f}").format
        for column in shown
        if pd.api.types.is_float_dtype(table[column])
    }
    return table[shown].to_string(index=False, formatters=formats, na_rep="-")
