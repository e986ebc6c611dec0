"""How value is spread over the customers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from clvmodels.arrays import FloatArray
from clvmodels.plots.numbers import amount, count, short
from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, thousands

_MOST_STEPS = 9  # three a decade: what is worth a thousandth of the best is as good as nothing


def value_distribution(values: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers are worth how much, in steps of 1, 2, 5, 10, 20, 50 and so on.

    Parameters
    ----------
    values : array-like, shape (customer,)
        Value of each customer, in the currency of the log. Zero and less have a bar of their own; NaN is left out.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> ax = value_distribution([0.0, 3.0, 8.0, 40.0])
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0 or less', '2 to 5', '5 to 10', '10 to 20', '20 to 50']
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    with canvas(ax) as ax:
        dress(ax, title="How value is spread", x="Value of a customer", y="Customers")
        if not len(known):
            nothing_to_show(ax, "No customer has a value.")
            return ax
        labels, customers = _counted(known)
        bars = ax.bar(np.arange(len(labels)), customers, width=0.85, color=COLOURS["model"])
        ax.bar_label(bars, [count(n) for n in customers], fontsize=8, color=MUTED, padding=2)
        ax.margins(y=0.1)
        ax.set_xticks(np.arange(len(labels)), labels, rotation=35, ha="right", rotation_mode="anchor")
        ax.set_title(
            f"mean {amount(float(known.mean()))}, median {amount(float(np.median(known)))}",
            loc="right",
            fontsize=9,
            fontweight="normal",
            color=MUTED,
        )
        thousands(ax, axis="y")
    return ax


def _counted(values: FloatArray) -> tuple[list[str], list[int]]:
    """Return the labels and the customers of each step."""
    positive = values[values > 0]
    labels = ["0 or less"] if len(positive) < len(values) else []
    customers = [len(values) - len(positive)] if labels else []
    if not len(positive):
        return labels, customers
    edges = _steps(float(positive.min()), float(positive.max()))
    below = int((positive < edges[0]).sum())
    if below:
        labels.append(f"under {short(edges[0])}")
        customers.append(below)
    labels += [f"{short(low)} to {short(high)}" for low, high in pairwise(edges)]
    places = np.searchsorted(edges, positive, side="right") - 1
    customers += np.bincount(places[places >= 0], minlength=len(edges) - 1).tolist()
    return labels, customers


def _steps(low: float, high: float) -> list[float]:
    """Return edges of 1, 2, 5 times powers of ten so that low <= values < high, at most _MOST_STEPS steps."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1
    edges = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    edges = [edge for edge in edges if edge * 5 > low]
    start = max(i for i, edge in enumerate(edges) if edge <= low or i == 0)
    stop = min(i for i, edge in enumerate(edges) if edge > high)
    return edges[max(start, stop - _MOST_STEPS) : stop + 1]
