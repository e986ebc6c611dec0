"""How much of the value sits with how few customers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.curves import draw_diagonal, draw_rules, spoken
from clvmodels.plots.numbers import decimal
from clvmodels.plots.style import canvas, dress, nothing_to_show, require


def lorenz(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the cumulative share of value over the share of customers.

    Parameters
    ----------
    table : DataFrame
        ``share_customers`` in [0, 1], and one column a rule with its cumulative share of value in [0, 1].
        ``table.attrs["gini"]``, where present, is the Gini coefficient, or a mapping of rule to it.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame({"share_customers": [0, 0.5, 1], "clv": [0, 0.2, 1]})
    >>> table.attrs["gini"] = {"clv": 0.3}
    >>> [text.get_text() for text in lorenz(table).get_legend().get_texts()]
    ['all worth the same', 'clv (Gini 0.300)']
    """
    require(table, ("share_customers",), picture="lorenz")
    rules = [str(name) for name in table.columns if name != "share_customers"]
    gini = table.attrs.get("gini", {})
    coefficients = gini if isinstance(gini, Mapping) else dict.fromkeys(rules, gini)
    labels = {
        rule: f"{spoken(rule)} (Gini {decimal(coefficients[rule])})" if rule in coefficients else spoken(rule)
        for rule in rules
    }
    best_first = bool(rules) and bool((table[rules[0]] - table["share_customers"]).mean() > 0)
    with canvas(ax) as ax:
        dress(
            ax,
            title="Concentration of value",
            x=f"Share of customers, {'most' if best_first else 'least'} valuable first",
            y="Share of the value",
            grid="both",
        )
        if table.empty or not rules:
            nothing_to_show(ax, "No customer has a value.")
            return ax
        draw_diagonal(ax, label="all worth the same")
        draw_rules(ax, table, share="share_customers", rules=rules, labels=labels)
        ax.legend(loc="lower right" if best_first else "upper left")
    return ax
