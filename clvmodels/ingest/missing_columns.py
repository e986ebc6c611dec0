"""The sentence for a column that isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from clvmodels.errors import InputError


def no_column(name: str, present: Sequence[str], what: str) -> InputError:
    """Return the error for a column that a table should have and hasn't."""
    close = get_close_matches(name, present, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return InputError(f"The {what} has no column {name!r}.{hint} It has: {', '.join(present)}.")


def require(wanted: Sequence[str], present: Sequence[str], what: str) -> None:
    """Raise an InputError for the first column that isn't there."""
    for name in wanted:
        if name not in present:
            raise no_column(name, present, what)
