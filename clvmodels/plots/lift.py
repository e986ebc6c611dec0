"""How much of the holdout would have been reached by acting on the best customers of each rule."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.curves import draw_diagonal, draw_rules, spoken
from clvmodels.plots.style import INK, canvas, dress, nothing_to_show, require


def lift(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of holdout value captured over the share of customers targeted.

    Parameters
    ----------
    table : DataFrame
        ``share_targeted`` in [0, 1], and one column a rule with the share captured. Columns ``perfect`` (who knew what
        would come) and ``random`` are drawn as the frame of what is possible.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame({"share_targeted": [0, 0.5, 1], "bgnbd": [0, 0.8, 1], "perfect": [0, 1, 1]})
    >>> [text.get_text() for text in lift(table).get_legend().get_texts()]
    ['perfect', 'bgnbd', 'random']
    """
    require(table, ("share_targeted",), picture="lift")
    rules = [str(name) for name in table.columns if name not in ("share_targeted", "perfect", "random")]
    with canvas(ax) as ax:
        dress(
            ax,
            title="What acting on the best captures",
            x="Share of customers acted on, best of each rule first",
            y="Share of the holdout's value",
            grid="both",
        )
        if table.empty or not rules:
            nothing_to_show(ax, "No rule to compare.")
            return ax
        if "perfect" in table.columns:
            ax.plot(table["share_targeted"], table["perfect"], color=INK, linewidth=0.9, label="perfect")
        draw_rules(ax, table, share="share_targeted", rules=rules, labels={rule: spoken(rule) for rule in rules})
        draw_diagonal(ax, label="random")
        ax.legend(loc="lower right", ncols=1 if len(rules) < 7 else 2)
    return ax
