"""Purchases per customer who bought."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive


@formula(
    title="Purchase frequency",
    formula="purchases of a period / distinct customers who bought in it",
    caveat="Whoever did not buy in the period is not in it, so it is the frequency of buyers, not of customers.",
)
def purchase_frequency(*, purchases: Quantity, customers: Quantity) -> Quantity:
    """Return the purchases of a period per distinct customer who bought in it.

    Some call it the repeat purchase rate; for the share of customers who came back see `repeat_rate`.

    Parameters
    ----------
    purchases : float or array
        Purchases in the period, at least 0.
    customers : float or array
        Distinct customers who bought in it, above 0.

    Returns
    -------
    float or array
        Purchases a customer, per period.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> purchase_frequency(purchases=2_400, customers=100)
    24.0
    """
    buyers = positive("customers", customers, "purchases are divided by it")
    return plain(not_negative("purchases", purchases, "it is a count") / buyers)
