"""How often customers buy by month, week and event, beside a typical day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.evaluation.seasons import season_table
from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, percentages, require
from clvmodels.records import Estimate

_MANY = 20  # names stand upright


def season(estimate: Estimate | pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the effects of a calendar with their intervals; what the log has never seen is hollow.

    Parameters
    ----------
    estimate : Estimate or DataFrame
        Fitted with ``calendar=``, or its ``season_table``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("season", "nov", 1.0, 0.9, 1.1, 2.0), ("season", "dec", 1.6, 1.4, 1.8, 0.0)],
    ...     columns=["kind", "name", "index", "lower", "upper", "times_seen"],
    ... )
    >>> [label.get_text() for label in season(table).get_xticklabels()]
    ['nov', 'dec']
    """
    table = season_table(estimate) if isinstance(estimate, Estimate) else estimate
    require(table, ("kind", "name", "index", "lower", "upper", "times_seen"), picture="season")
    with canvas(ax, width=7.2) as ax:
        dress(ax, title="Buying by the calendar", x="", y="Beside a typical day")
        if table.empty:
            nothing_to_show(ax, "No effect.")
            return ax
        places = np.arange(len(table))
        ax.axhline(1.0, color=MUTED, linewidth=0.8)
        ax.vlines(places, table["lower"], table["upper"], color=COLOURS["model"], linewidth=5, alpha=0.35)
        seen = (table["times_seen"] != 0).to_numpy()
        for which, face in ((seen, COLOURS["model"]), (~seen, "white")):
            ax.scatter(places[which], table["index"][which], facecolor=face, edgecolor=COLOURS["model"], s=26, zorder=3)
        ax.set_xticks(places, table["name"], rotation=90 if len(table) > _MANY else 0)
        percentages(ax, axis="y")
    return ax
