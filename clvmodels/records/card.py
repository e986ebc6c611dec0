"""How a record shows itself in a notebook: a headline, its warnings, and the first rows of its table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd

from clvmodels.abstract_or_final import AbstractOrFinal
from clvmodels.records.note import Note

_ROWS = 5  # a card is looked at, not read
_STYLE = "border-left: 3px solid #c77700; padding-left: .6em; margin: .3em 0"


class AbstractTable(AbstractOrFinal):
    """Base of records that are one table and have notes."""

    notes: tuple[Note, ...]

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the table as a pandas frame."""

    def head(self, n: int = _ROWS) -> pd.DataFrame:
        """Return the first ``n`` rows of ``to_frame()``.

        Parameters
        ----------
        n : int
            Rows; a negative number leaves that many out at the end, as in pandas.

        Returns
        -------
        pandas.DataFrame
        """
        return self.to_frame().head(n)

    def describe(self) -> pd.DataFrame:
        """Return mean, standard deviation, quartiles, smallest and largest of each column of numbers of ``to_frame()``.

        Returns
        -------
        pandas.DataFrame
        """
        return self.to_frame().drop(columns="customer_id", errors="ignore").describe()

    def _repr_html_(self) -> str:
        return card(self, self.to_frame(), self.notes)


def card(record: Any, table: pd.DataFrame, notes: Iterable[Note] = ()) -> str:
    """Return a record as a piece of HTML: its repr as a headline, its warnings, and the first rows of a table."""
    kind, _, rest = repr(record).removesuffix(")").partition("(")
    warnings = [note.text for note in notes if note.level == "warning"]
    said = "".join(f'<div style="{_STYLE}">{escape(text)}</div>' for text in dict.fromkeys(warnings))
    rows = table.head(_ROWS).to_html(index=False, border=0, float_format="{:,.3f}".format)
    more = f"<small>{min(_ROWS, len(table))} of {len(table):,} rows</small>" if len(table) > _ROWS else ""
    return f"<div><b>{escape(kind)}</b> {escape(rest)}{said}{rows}{more}</div>"
