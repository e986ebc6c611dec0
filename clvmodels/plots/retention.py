"""How many contracts survive each renewal point."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, DASHES, SERIES, canvas, dress, nothing_to_show, percentages, require

_OBSERVED = ("age", "survival", "survival_lower", "survival_upper")
_NO_MODEL = (*_OBSERVED, "at_risk", "lost", "retention")


def retention(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the observed survival of contracts with its interval, and what models say.

    Parameters
    ----------
    table : DataFrame
        From ``clvmodels.retention_table``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [(0, 1.0, 1.0, 1.0), (1, 0.87, 0.85, 0.89)],
    ...     columns=["age", "survival", "survival_lower", "survival_upper"],
    ... )
    >>> retention(table).get_xlabel()
    'Renewal points since the start'
    """
    require(table, _OBSERVED, picture="retention")
    with canvas(ax) as ax:
        dress(ax, title="Contracts that survive", x="Renewal points since the start", y="Share of all that began")
        if table.empty:
            nothing_to_show(ax, "No renewal point was passed.")
            return ax
        age = table["age"]
        names = [name for name in table if name not in _NO_MODEL and not str(name).endswith(("_lower", "_upper"))]
        for i, name in enumerate(names):
            colour = SERIES[i % len(SERIES)]
            if f"{name}_lower" in table:
                ax.fill_between(
                    age, table[f"{name}_lower"], table[f"{name}_upper"], color=colour, alpha=0.18, linewidth=0
                )
            ax.plot(age, table[name], color=colour, linewidth=1.8, linestyle=DASHES[i % len(DASHES)], label=str(name))
        ax.vlines(age, table["survival_lower"], table["survival_upper"], color=COLOURS["actual"], linewidth=1)
        ax.plot(age, table["survival"], "o", color=COLOURS["actual"], markersize=3.5, label="observed")
        ax.set_ylim(0, 1.03)
        percentages(ax, axis="y")
        ax.legend(loc="best")
    return ax
