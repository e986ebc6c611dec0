"""Whether those predicted to buy more did buy more, decile by decile of the base."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, canvas, dress, nothing_to_show, require, thousands


def decile_calibration(
    table: pd.DataFrame, *, quantity: Literal["purchases", "spend"] = "purchases", ax: Axes | None = None
) -> Axes:
    """Draw predicted means with their intervals beside the actual means.

    Parameters
    ----------
    table : DataFrame
        One row a decile: ``decile`` (1 holds the best customers), ``predicted``, ``lower``, ``upper``, ``actual``
        (means per customer).
    quantity : "purchases" or "spend"
        What was predicted.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"decile": [1, 2], "predicted": [3.0, 1.0], "lower": [2.5, 0.8], "upper": [3.4, 1.3], "actual": [3.1, 0.9]}
    ... )
    >>> decile_calibration(table).get_ylabel()
    'Purchases per customer'
    """
    require(table, ("decile", "predicted", "lower", "upper", "actual"), picture="decile_calibration")
    with canvas(ax) as ax:
        dress(
            ax,
            title="Predicted against actual, by decile",
            x="Decile by prediction (1 = best customers)",
            y=f"{quantity.capitalize()} per customer",
        )
        if table.empty:
            nothing_to_show(ax, "No customer to compare.")
            return ax
        places = np.arange(len(table))
        predicted = table["predicted"].to_numpy(dtype=np.float64)
        reach = np.abs(table[["lower", "upper"]].to_numpy(dtype=np.float64).T - predicted)
        ax.errorbar(
            places,
            predicted,
            yerr=reach,
            fmt="o",
            markersize=6,
            color=COLOURS["model"],
            elinewidth=2.2,
            alpha=0.9,
            label="predicted, with interval",
        )
        ax.plot(places, table["actual"], "D", color=COLOURS["actual"], markersize=4.5, label="actual")
        ax.set_xticks(places, table["decile"].astype(str))
        ax.set_ylim(bottom=0)
        ax.legend(loc="upper right")
        thousands(ax, axis="y")
    return ax
