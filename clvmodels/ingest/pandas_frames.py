"""Frames of pandas: the columns that are wanted, an index that is one of them, and labels that are no text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from clvmodels.errors import InputError
from clvmodels.ingest.missing_columns import no_column


def in_columns(table: Any, required: Sequence[str], optional: Sequence[str], what: str) -> Any:
    """Return a pandas frame with the columns that are wanted, those of its index among them; others as they are.

    Raises
    ------
    InputError
        When a column is missing, stands there twice, or is called by something that is no text.
    """
    if not isinstance(table, pd.DataFrame) or not required:
        return table
    labels: list[Any] = list(table.columns)
    levels = [name for name in table.index.names if name in required and name not in labels]
    if levels:
        others = [name for name in table.index.names if name not in levels]
        kept = table.reset_index(level=others, drop=True) if others else table
        table = kept.reset_index()
        labels = list(table.columns)
    wanted = list(dict.fromkeys([*required, *(name for name in optional if name in labels)]))
    for name in wanted:
        if name not in labels:
            odd = next((label for label in labels if not isinstance(label, str)), None)
            if odd is not None:
                raise InputError(
                    f"The {what} has no column {name!r}, and a column labelled {odd!r}, which is no text; give columns "
                    f"names, e.g. with log.columns = ['customer', 'time', ...]."
                )
            raise no_column(name, labels, what)
        if labels.count(name) > 1:
            raise InputError(
                f"The {what} has two columns of one name ({name!r} {labels.count(name)} times); rename one of them."
            )
    return table[wanted]
