"""Revenue per purchase."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive


@formula(
    title="Average purchase value",
    formula="revenue of a period / number of purchases in it",
    caveat="A mean: where a few customers buy far more than the rest, hardly anybody spends it.",
)
def average_purchase_value(*, revenue: Quantity, purchases: Quantity) -> Quantity:
    """Return the revenue of a period per purchase, also called average order value.

    Parameters
    ----------
    revenue : float or array
        Money taken in the period, at least 0.
    purchases : float or array
        Purchases in the period, above 0.

    Returns
    -------
    float or array
        Money a purchase.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> average_purchase_value(revenue=30_000, purchases=200)
    150.0
    """
    count = positive("purchases", purchases, "revenue is divided by it")
    return plain(not_negative("revenue", revenue, "it is money taken") / count)
