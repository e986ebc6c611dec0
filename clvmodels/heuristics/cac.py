"""What a new customer costs."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive


@formula(
    title="CAC",
    formula="acquisition spend / customers won by it",
    caveat="Customers who would have come anyway make it look cheap; salaries and tools left out, cheaper still.",
)
def cac(*, spend: Quantity, new_customers: Quantity) -> Quantity:
    """Return the customer acquisition cost.

    Parameters
    ----------
    spend : float or array
        Money spent to win customers in a period, at least 0.
    new_customers : float or array
        Customers won by it, above 0.

    Returns
    -------
    float or array
        Money a new customer.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> cac(spend=1_000, new_customers=10)
    100.0
    """
    won = positive("new_customers", new_customers, "the spend is divided by it")
    return plain(not_negative("spend", spend, "it is money paid") / won)
