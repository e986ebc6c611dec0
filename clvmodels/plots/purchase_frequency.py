"""How many customers bought how often: counted, and expected by the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, canvas, dress, nothing_to_show, require, thousands


def purchase_frequency(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the customers by their number of repeat purchases.

    Parameters
    ----------
    table : DataFrame
        One row a number of purchases: ``frequency`` (a label such as "0" or "7+"), ``actual`` and ``expected``
        (customers).
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": ["0", "1", "2+"], "actual": [60, 25, 15], "expected": [58, 26, 16]})
    >>> len(purchase_frequency(table).patches)
    6
    """
    require(table, ("frequency", "actual", "expected"), picture="purchase_frequency")
    with canvas(ax) as ax:
        dress(ax, title="How often customers came back", x="Repeat purchases while observed", y="Customers")
        if table.empty:
            nothing_to_show(ax, "No customer has been counted.")
            return ax
        places = np.arange(len(table))
        ax.bar(places - 0.2, table["actual"], width=0.38, color=COLOURS["actual"], label="counted")
        ax.bar(places + 0.2, table["expected"], width=0.38, color=COLOURS["model"], label="expected by the model")
        ax.set_xticks(places, table["frequency"].astype(str))
        ax.legend(loc="upper right")
        thousands(ax, axis="y")
    return ax
