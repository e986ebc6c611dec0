"""The share of customers that leaves."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, part_of, plain, positive


@formula(
    title="Churn rate",
    formula="customers lost in a period / customers at its start",
    caveat="New customers leave faster than old ones, so it follows the age of the base as much as its loyalty.",
)
def churn_rate(*, lost: Quantity, at_start: Quantity) -> Quantity:
    """Return the share of customers that was lost in a period.

    Parameters
    ----------
    lost : float or array
        Customers of the start who were lost in the period, in [0, at_start].
    at_start : float or array
        Customers at the start of the period, above 0.

    Returns
    -------
    float or array
        Share in [0, 1], per period.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> churn_rate(lost=5, at_start=500)
    0.01
    """
    start = positive("at_start", at_start, "the lost are divided by it")
    return plain(part_of("lost", lost, "at_start", start) / start)
