"""What a customer brings in a period."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain


@formula(
    title="Customer value",
    formula="average purchase value x purchase frequency, per period",
    caveat="Revenue, not profit; and the product of two means is the mean only where both come from the same period.",
)
def customer_value(*, average_purchase_value: Quantity, purchase_frequency: Quantity) -> Quantity:
    """Return what a customer brings in a period, in revenue.

    Parameters
    ----------
    average_purchase_value : float or array
        Money a purchase, at least 0.
    purchase_frequency : float or array
        Purchases a customer in the period, at least 0.

    Returns
    -------
    float or array
        Money a customer, per period.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    A guest who comes twice a month and spends 150, over a year:

    >>> customer_value(average_purchase_value=150, purchase_frequency=2 * 12)
    3600.0
    """
    purchase = not_negative("average_purchase_value", average_purchase_value, "it is money taken")
    return plain(purchase * not_negative("purchase_frequency", purchase_frequency, "it is a count"))
