"""Purchases over calendar time: actual, and expected by the model."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, require, thousands


def tracking(table: pd.DataFrame, *, cumulative: bool = True, ax: Axes | None = None) -> Axes:
    """Draw repeat purchases by period, with a line where the holdout begins.

    Parameters
    ----------
    table : DataFrame
        One row a period: ``period_end`` (periods since the start of the log), ``actual`` and ``expected`` (repeat
        purchases in the period), ``observed`` (whether the model saw it). ``table.attrs["period"]`` names the unit.
    cumulative : bool
        Sum the periods up, or show each.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"period_end": [1.0, 2.0, 3.0], "actual": [4, 6, 5], "expected": [5, 5, 5], "observed": [True, True, False]}
    ... )
    >>> tracking(table).get_ylabel()
    'Repeat purchases so far'
    """
    require(table, ("period_end", "actual", "expected", "observed"), picture="tracking")
    unit = table.attrs.get("period", "period")
    with canvas(ax) as ax:
        dress(
            ax,
            title="Purchases over time" + (", summed up" if cumulative else ""),
            x=f"{unit.capitalize()}s since the first purchase of the log",
            y="Repeat purchases so far" if cumulative else f"Repeat purchases in the {unit}",
        )
        if table.empty:
            nothing_to_show(ax, "No period has ended yet.")
            return ax
        values = table.sort_values("period_end")
        marker = "o" if len(values) == 1 else ""
        for column, label, width in (("actual", "actual", 1.3), ("expected", "expected by the model", 2.0)):
            height = values[column].cumsum() if cumulative else values[column]
            colour = COLOURS["actual" if column == "actual" else "model"]
            ax.plot(values["period_end"], height, color=colour, linewidth=width, marker=marker, label=label)
        ax.set_ylim(bottom=0)
        seen = values["observed"].astype(bool)
        if seen.any() and not seen.all():
            start = values.loc[seen, "period_end"].max()
            ax.axvline(start, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
            ax.annotate(
                "holdout begins", (start, 0), xytext=(5, 4), textcoords="offset points", color=MUTED, fontsize=8.5
            )
        ax.legend(loc="upper left" if cumulative else "upper right")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        thousands(ax, axis="y")
    return ax
