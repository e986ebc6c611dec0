"""Every model and every formula against the sum that came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from clvmodels.plots.curves import spoken
from clvmodels.plots.numbers import percent
from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, require, thousands


def totals(table: pd.DataFrame, *, quantity: str = "purchases", ax: Axes | None = None) -> Axes:
    """Draw each forecast of the total with its interval, nearest to the truth on top.

    Parameters
    ----------
    table : DataFrame
        Rows of a scorecard: ``name, kind, total, total_lower, total_upper, actual``. Rows without a total (rules that
        only rank) are left out.
    quantity : str
        What is summed, for the axis: "purchases" or "spend".
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("ltv", "heuristic", 160.0, 150.0, 170.0, 100.0), ("bgnbd", "model", 95.0, 88.0, 103.0, 100.0)],
    ...     columns=["name", "kind", "total", "total_lower", "total_upper", "actual"],
    ... )
    >>> [label.get_text() for label in totals(table).get_yticklabels()]
    ['bgnbd  −5.0%', 'ltv  +60%']
    """
    require(table, ("name", "kind", "total", "total_lower", "total_upper", "actual"), picture="totals")
    shown = table[np.isfinite(table["total"].to_numpy(dtype=np.float64))]
    shown = shown.iloc[np.argsort((shown["total"] - shown["actual"]).abs().to_numpy(), kind="stable")]
    with canvas(ax, height=1.4 + 0.32 * len(shown)) as ax:
        dress(
            ax,
            title="Forecast and actual totals",
            x=f"{quantity.capitalize()} in the holdout",
            y="",
            grid="x",
        )
        if shown.empty:
            nothing_to_show(ax, "No forecast of a total.")
            return ax
        places = np.arange(len(shown))
        colours = [COLOURS.get(kind, COLOURS["baseline"]) for kind in shown["kind"]]
        ax.hlines(places, shown["total_lower"], shown["total_upper"], color=colours, linewidth=3, alpha=0.45)
        ax.scatter(shown["total"], places, color=colours, s=34, zorder=3)
        ax.axvline(float(shown["actual"].iloc[0]), color=COLOURS["actual"], linewidth=1.4)
        errors = shown["total"] / shown["actual"].where(shown["actual"] != 0) - 1
        ax.set_yticks(
            places, [f"{spoken(str(n))}  {percent(e, signed=True)}" for n, e in zip(shown["name"], errors, strict=True)]
        )
        ax.set_ylim(len(shown) - 0.4, -0.6)
        highest = float(np.nanmax(shown[["total", "total_upper", "actual"]].to_numpy(dtype=np.float64)))
        ax.set_xlim(left=-0.02 * highest)
        marks = [
            Line2D([], [], marker="o", linestyle="", color=COLOURS.get(kind, MUTED), label=kind)
            for kind in dict.fromkeys(shown["kind"])
        ]
        marks.append(Line2D([], [], color=COLOURS["actual"], linewidth=1.4, label="actual"))
        below = ax.transAxes + ScaledTranslation(0, -0.42, ax.figure.dpi_scale_trans)  # inches
        ax.legend(handles=marks, loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, ncols=len(marks))
        ax.xaxis.set_major_locator(MaxNLocator(4))
        thousands(ax, axis="x")
    return ax
