"""The base's total as it grows, with its interval."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, canvas, dress, nothing_to_show, require, thousands


def total_path(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the cumulative total with its interval.

    Parameters
    ----------
    table : DataFrame
        From ``clvmodels.total_path``: ``end, expected, lower, upper, contains``. ``table.attrs`` name the step
        ("every") and what is summed ("what").
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [(1.0, 9.0, 7.0, 11.0, "chance"), (2.0, 17.0, 13.0, 22.0, "chance")],
    ...     columns=["end", "expected", "lower", "upper", "contains"],
    ... )
    >>> total_path(table).get_xlabel()
    'Steps from now'
    """
    require(table, ("end", "expected", "lower", "upper", "contains"), picture="total_path")
    step = table.attrs.get("every", "step")
    with canvas(ax) as ax:
        what = table.attrs.get("what", "total")
        dress(ax, title=f"{what.capitalize()} ahead, summed up", x=f"{step.capitalize()}s from now", y="So far")
        if table.empty:
            nothing_to_show(ax, "The horizon holds no step.")
            return ax
        colour = COLOURS["model"]
        marker = "o" if len(table) == 1 else ""
        ax.fill_between(table["end"], table["lower"], table["upper"], color=colour, alpha=0.2, linewidth=0)
        last = table.iloc[-1]
        ax.vlines(last["end"], last["lower"], last["upper"], color=colour, linewidth=1.2)
        label = f"expected; interval from {last['contains']}"
        ax.plot(table["end"], table["expected"], color=colour, linewidth=2, marker=marker, label=label)
        ax.legend(loc="upper left")
        thousands(ax, axis="y")
    return ax
