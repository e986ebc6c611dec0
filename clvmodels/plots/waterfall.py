"""The way from a formula's number to a model's, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.numbers import count
from clvmodels.plots.style import (
    COLOURS,
    HAIRLINE,
    INK,
    MUTED,
    SERIES,
    canvas,
    dress,
    nothing_to_show,
    require,
    thousands,
)

_COLOURS = {
    "formula": COLOURS["heuristic"],
    "model": COLOURS["model"],
    "actual": COLOURS["actual"],
    "miss": MUTED,
}
_DOWN, _UP = SERIES[5], SERIES[2]


def waterfall(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw why a formula and a model differ: a bar for each number, and one for each part between them.

    Parameters
    ----------
    table : DataFrame
        What `Audit.steps` makes: ``title, kind`` ("formula", "part", "model", "miss" or "actual"), ``start, end``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("LTV", "formula", 0.0, 100.0), ("churn", "part", 100.0, 40.0), ("BG/NBD", "model", 0.0, 40.0)],
    ...     columns=["title", "kind", "start", "end"],
    ... )
    >>> [text.get_text() for text in waterfall(table).texts]
    ['100', '−60', '40']
    """
    require(table, ("title", "kind", "start", "end"), picture="waterfall")
    with canvas(ax, width=7.6, height=1.1 + 0.42 * len(table)) as ax:
        dress(ax, title="Why the formula and the model differ", x="Money", y="", grid="x")
        edges = table[["start", "end"]].to_numpy(dtype=np.float64)
        if table.empty or not np.isfinite(edges).all():
            nothing_to_show(ax, "No numbers that are finite.")
            return ax
        places = np.arange(len(table))
        step = edges[:, 1] - edges[:, 0]
        colours = [_COLOURS.get(kind, _DOWN if by < 0 else _UP) for kind, by in zip(table["kind"], step, strict=True)]
        ax.barh(places, step, left=edges[:, 0], color=colours, height=0.62, zorder=2)
        ax.vlines(edges[:-1, 1], places[:-1], places[1:], color=HAIRLINE, linewidth=1.2, zorder=1)
        for place, kind, by, right in zip(places, table["kind"], step, edges.max(axis=1), strict=True):
            sign = "+" if kind in ("part", "miss") and by > 0 else ""
            ax.annotate(
                f"{sign}{count(by)}",
                (right, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=INK,
            )
        ax.axvline(0, color=MUTED, linewidth=0.8)
        ax.set_yticks(places, [str(title) for title in table["title"]])
        ax.tick_params(axis="y", labelcolor=INK)
        ax.set_ylim(len(table) - 0.4, -0.6)
        low, high = min(0.0, float(edges.min())), max(0.0, float(edges.max()))
        ax.set_xlim(low, high + 0.16 * ((high - low) or 1.0))
        thousands(ax, axis="x")
    return ax
