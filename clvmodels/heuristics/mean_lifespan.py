"""How long customers stayed, where that was seen."""

from __future__ import annotations

from typing import Any

from clvmodels.errors import ArgumentError
from clvmodels.heuristics.formula import formula, not_negative


@formula(
    title="Mean lifespan, observed",
    formula="sum of the customers' lifespans / number of customers",
    caveat="Whoever is still a customer has not finished living: the younger the base, the more it is too short.",
)
def mean_lifespan(lifespans: Any) -> float:
    """Return the mean of observed customer lifespans.

    Parameters
    ----------
    lifespans : array, shape (customer,)
        Time each was a customer, at least 0, usually in years.

    Returns
    -------
    float
        In the unit of the lifespans.

    Raises
    ------
    ArgumentError
        When there is none, or one is missing or negative.

    Examples
    --------
    >>> mean_lifespan([1.0, 2.0, 6.0])
    3.0
    """
    times = not_negative("lifespans", lifespans, "nobody leaves before coming")
    if times.size == 0:
        raise ArgumentError("lifespans is empty, and a mean needs at least one customer.")
    return float(times.mean())
