"""What moved the monthly recurring revenue."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, INK, MUTED, SERIES, canvas, dress, nothing_to_show, require, thousands

_UP = ("new", "reactivated", "expansion")
_DOWN = ("contraction", "churned")
_LABELS = 12  # periods named on the axis; more can't be read


def mrr_movements(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what was gained and lost in each period, and the net change as a line.

    Parameters
    ----------
    table : DataFrame
        From ``clvmodels.mrr_movements``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("2024-01", 49.0, 0.0, 0.0, 0.0, 0.0), ("2024-02", 10.0, 0.0, 30.0, 0.0, 30.0)],
    ...     columns=["period", "new", "reactivated", "expansion", "contraction", "churned"],
    ... )
    >>> mrr_movements(table).get_ylabel()
    'Recurring revenue a month'
    """
    require(table, ("period", *_UP, *_DOWN), picture="mrr_movements")
    with canvas(ax) as ax:
        dress(ax, title="What moved the recurring revenue", x="", y="Recurring revenue a month")
        if table.empty:
            nothing_to_show(ax, "No period is over.")
            return ax
        places = np.arange(len(table))
        colours = dict(
            zip((*_UP, *_DOWN), (SERIES[0], SERIES[4], SERIES[2], SERIES[5], COLOURS["heuristic"]), strict=True)
        )
        for sign, names in ((1, _UP), (-1, _DOWN)):
            base = np.zeros(len(table))
            for name in names:
                step = sign * table[name].to_numpy(dtype=np.float64)
                ax.bar(places, step, bottom=base, color=colours[name], width=0.75, label=name)
                base = base + step
        net = table[list(_UP)].sum(axis=1) - table[list(_DOWN)].sum(axis=1)
        ax.plot(places, net, color=INK, linewidth=1.4, marker="o", markersize=3, label="net")
        ax.axhline(0, color=MUTED, linewidth=0.8)
        every = -(-len(table) // _LABELS)
        ax.set_xticks(places[::every], [str(name) for name in table["period"].iloc[::every]])
        thousands(ax, axis="y")
        ax.legend(loc="best", ncols=2)
    return ax
