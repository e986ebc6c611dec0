"""Whether those who buy more often spend more a purchase."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from clvmodels.plots.numbers import count
from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, thousands
from clvmodels.records import SpendDependence


def spend_by_frequency(found: SpendDependence, *, ax: Axes | None = None) -> Axes:
    """Draw the mean spend of repeat buyers by how often they bought, beside one mean for all.

    Parameters
    ----------
    found : SpendDependence
        From ``spend_dependence``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    >>> ax = spend_by_frequency(clv.spend_dependence(rfm, n_bootstrap=100))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['1', '2', '3', '4 to 5', '6 to 9', '10+']
    """
    table = found.by_frequency
    places = np.arange(len(table))
    with canvas(ax) as ax:
        dress(
            ax,
            title="Spend by how often customers buy",
            x="Repeat purchases",
            y="Mean value of a purchase",
        )
        ax.vlines(places, table["lower"], table["upper"], color=COLOURS["model"], linewidth=3, alpha=0.45)
        ax.scatter(places, table["mean_spend"], color=COLOURS["model"], s=34, zorder=3, label="customers' means")
        overall = float(np.average(table["mean_spend"], weights=table["customers"]))
        ax.axhline(overall, color=COLOURS["baseline"], linewidth=1.2, linestyle=(0, (5, 2)), label="all repeat buyers")
        top = float(np.nanmax(table[["mean_spend", "upper"]].to_numpy()))
        ax.set_ylim(0, 1.16 * top)
        for place, n in zip(places, table["customers"], strict=True):
            ax.annotate(
                count(n), (float(place), 0), (0, 5), textcoords="offset points", ha="center", color=MUTED, fontsize=8
            )
        ax.set_xticks(places, table["frequency"])
        ax.set_xlim(-0.6, len(table) - 0.4)
        ax.legend(loc="upper left")
        thousands(ax, axis="y")
    return ax
