"""What a campaign is expected to gain, by the number of customers that it goes to."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, percentages, thousands
from clvmodels.records import TargetList


def target_list(found: TargetList, *, ax: Axes | None = None) -> Axes:
    """Draw the expected gain of a list as it grows, with intervals at some sizes and the best size marked.

    Parameters
    ----------
    found : TargetList
        From ``clvmodels.target_list``, with a lift.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 1.2, "delta": 18.0}, period="month")
    >>> base = clv.contracts_from_survivors([10, 9], period="month", price=30.0)
    >>> worth = clv.value(clv.predict(given, base, horizon=12), "price")
    >>> target_list(clv.target_list(worth, lift=0.1, cost=5.0)).get_ylabel()
    'Expected gain'
    """
    with canvas(ax) as ax:
        dress(
            ax, title="Gain of a campaign", x="Share of the customers contacted, largest gain first", y="Expected gain"
        )
        if found.lists is None or found.customers.empty:
            nothing_to_show(ax, "No lift is known, so no gain can be told.")
            return ax
        n, colour = len(found.customers), COLOURS["model"]
        share = np.arange(n + 1) / n
        ax.plot(share, np.append(0.0, found.customers["expected_gain"].cumsum()), color=colour, linewidth=2)
        some = found.lists[found.lists["customers"] > 0]
        ax.vlines(some["customers"] / n, some["gain_lower"], some["gain_upper"], color=colour, linewidth=1.2)
        ax.axhline(0, color=MUTED, linewidth=0.8)
        if found.size:
            ax.axvline(found.size / n, color=MUTED, linewidth=0.8, linestyle=":")
        percentages(ax, axis="x")
        thousands(ax, axis="y")
    return ax
