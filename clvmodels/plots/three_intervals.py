"""Intervals of a parameter, of an expectation and of what happens, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.numbers import count, decimal
from clvmodels.plots.style import INK, MUTED, SERIES, canvas, dress, nothing_to_show, require

_WHOLE = 100.0  # from there on decimals say nothing
_KINDS = ("parameter", "expectation", "what happens")


def three_intervals(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw intervals in multiples of their estimates, so that intervals of different things can be held together.

    Parameters
    ----------
    table : DataFrame
        One row an interval: ``what`` (as text), ``kind`` ("parameter", "expectation" or "what happens"), ``estimate,
        lower, upper``; the estimate above 0.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("mean rate", "parameter", 0.05, 0.04, 0.06), ("purchases", "what happens", 0.8, 0.0, 3.0)],
    ...     columns=["what", "kind", "estimate", "lower", "upper"],
    ... )
    >>> [label.get_text() for label in three_intervals(table).get_yticklabels()]
    ['mean rate', 'purchases']
    """
    require(table, ("what", "kind", "estimate", "lower", "upper"), picture="three_intervals")
    with canvas(ax, width=7.6, height=1.3 + 0.5 * len(table)) as ax:
        dress(ax, title="", x="In multiples of the estimate", y="", grid="x")
        if table.empty:
            nothing_to_show(ax, "No interval.")
            return ax
        places = np.arange(len(table))
        colours = [SERIES[_KINDS.index(kind)] if kind in _KINDS else MUTED for kind in table["kind"]]
        lower, upper = table["lower"] / table["estimate"], table["upper"] / table["estimate"]
        ax.hlines(places, lower, upper, color=colours, linewidth=7, alpha=0.55)
        ax.scatter(np.ones(len(table)), places, color=INK, s=14, zorder=3)
        for place, (_, row), end in zip(places, table.iterrows(), upper, strict=True):
            text = f"{_written(row['lower'])} to {_written(row['upper'])}"
            ax.annotate(text, (end, place), (7, 0), textcoords="offset points", va="center", fontsize=8.5, color=MUTED)
        ax.axvline(1, color=MUTED, linewidth=0.8)
        ax.set_yticks(places, table["what"])
        ax.tick_params(axis="y", labelcolor=INK)
        ax.set_ylim(len(table) - 0.4, -0.6)
        ax.set_xlim(0, 1.22 * float(upper.max()))
    return ax


def _written(value: float) -> str:
    return count(value) if float(value).is_integer() or abs(value) >= _WHOLE else decimal(value)
