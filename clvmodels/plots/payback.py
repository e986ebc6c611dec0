"""The share of customers that has paid back, as time goes on."""

from __future__ import annotations

from matplotlib.axes import Axes

from clvmodels.plots.style import DASHES, MUTED, SERIES, canvas, dress, nothing_to_show, percentages
from clvmodels.records import Payback


def payback(found: Payback, *, ax: Axes | None = None) -> Axes:
    """Draw the expected share of customers that has paid back by the end of each step, with half and 80% marked.

    Parameters
    ----------
    found : Payback
        From ``clvmodels.payback``.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 1.2, "delta": 18.0}, period="month")
    >>> newcomer = clv.value(clv.predict(given, None, horizon="1 year"), 30.0)
    >>> payback(clv.payback(newcomer, cost=100.0)).get_xlabel()
    'Months since the cost was paid'
    """
    with canvas(ax) as ax:
        label = f"{found.every.capitalize()}s since the cost was paid"
        dress(ax, title="Customers who have paid back", x=label, y="Expected share")
        if found.path.empty:
            nothing_to_show(ax, "The horizon holds no step.")
            return ax
        for i, (group, table) in enumerate(found.path.groupby("group", sort=False)):
            colour, dash = SERIES[i % len(SERIES)], DASHES[i // len(SERIES) % len(DASHES)]
            ax.step(
                [0.0, *table["end"]], [0.0, *table["share"]], where="post", color=colour, linestyle=dash, label=group
            )
            formula = found.groups.loc[found.groups["group"] == group, "formula"].iloc[0]
            if 0 < formula <= found.steps:
                ax.axvline(formula, color=colour, linewidth=0.8, linestyle=":")
        for share in (0.5, 0.8):
            ax.axhline(share, color=MUTED, linewidth=0.7)
        ax.set_ylim(0, 1.03)
        percentages(ax, axis="y")
        if len(found.groups) > 1:
            ax.legend(loc="best")
    return ax
