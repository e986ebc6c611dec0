"""The revenue ahead, month by month, for planning."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from clvmodels.plots.style import COLOURS, INK, MUTED, canvas, dress, nothing_to_show, thousands
from clvmodels.records import Path


def revenue_path(path: Path, *, ax: Axes | None = None) -> Axes:
    """Draw the revenue expected of today's customers in each month, and its sum so far.

    Parameters
    ----------
    path : Path
        Months ahead, with money before margin and discount.
    ax : Axes or None
        Where to draw; new axes where None. The sum has an axis of its own on the right.

    Returns
    -------
    Axes

    Examples
    --------
    >>> months = np.array([1.0, 2.0, 2.5])
    >>> path = Path(months, np.array([9.0, 8.0, 3.5]), np.array([90.0, 80.0, 35.0]), np.array([27.0, 23.5, 10.0]))
    >>> revenue_path(path).get_xlabel()
    'Months from now'
    """
    with canvas(ax) as ax:
        dress(ax, title="Revenue ahead", x="Months from now", y="Expected in the month")
        if not len(path.month_end):
            nothing_to_show(ax, "The horizon holds no month.")
            return ax
        starts = np.concatenate(([0.0], path.month_end[:-1]))
        ax.bar(starts, path.revenue, width=0.86 * (path.month_end - starts), align="edge", color=COLOURS["model"])
        ax.yaxis.label.set_color(COLOURS["model"])
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        thousands(ax, axis="y")
        total = ax.twinx()
        total.plot(path.month_end, path.revenue.cumsum(), color=INK, linewidth=1.6, marker="o", markersize=3)
        total.set_ylim(bottom=0)
        total.set_ylabel("Sum so far", color=INK)
        total.spines[:].set_visible(False)
        total.tick_params(length=0, labelcolor=MUTED, labelsize=9)
        thousands(total, axis="y")
    return ax
