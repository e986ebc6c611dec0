"""How much the best customers bring."""

from __future__ import annotations

from typing import Any

import numpy as np

from clvmodels.errors import ArgumentError
from clvmodels.heuristics.formula import formula, number, positive_share


@formula(
    title="Share of the best customers",
    formula="revenue or profit of the top 20% of customers / that of all",
    caveat="Part of it is chance: even equal customers don't spend equally in a short time.",
)
def pareto_share(values: Any, *, top_share: float = 0.2) -> float:
    """Return the share of the total that the best customers bring ("80/20").

    Parameters
    ----------
    values : array, shape (customer,)
        Revenue or profit of each customer; the total must be above 0.
    top_share : float, in (0, 1]
        Share of customers that counts as best; a customer who is in it by a part counts by that part.

    Returns
    -------
    float
        Share of the total.

    Raises
    ------
    ArgumentError
        When a value is missing, the total isn't above 0 or the share is outside (0, 1].

    Examples
    --------
    >>> pareto_share([80, 5, 5, 5, 5])
    0.8
    """
    ranked = np.sort(number("values", values).ravel())[::-1]
    total = float(ranked.sum())
    if not total > 0:
        raise ArgumentError(f"The values sum to {total:g}, and a share of the total needs a total above 0.")
    count = float(positive_share("top_share", top_share, "it is a share of customers")) * len(ranked)
    whole = int(count)
    part = (count - whole) * ranked[whole] if whole < len(ranked) else 0.0
    return float((ranked[:whole].sum() + part) / total)
