"""What a command says while it works, on standard error, and at the end, on standard output."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pandas as pd

from clvmodels.records import Drift, Note

_SHOWN = ("target", "group", "name", "kind", "bias", "mae", "crps", "coverage", "gini", "capture_top10", "total")
_NARROWEST, _WIDEST = 60, 100  # characters: below, words stand alone; above, the eye loses the line


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    begin = time.perf_counter()
    print(f"{what} ...", end=" ", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        print("stopped", file=sys.stderr)
        raise
    print(f"{time.perf_counter() - begin:.1f} s", file=sys.stderr, flush=True)


def say_notes(notes: Iterable[Note]) -> None:
    """Print remarks, warnings marked, each once."""
    for note in dict.fromkeys(notes):
        print(f"{'warning' if note.level == 'warning' else 'note'}: {note.text}", file=sys.stderr)


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
