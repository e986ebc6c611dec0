"""Average revenue per user."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive


@formula(
    title="ARPU",
    formula="revenue of a period / customers in it",
    caveat="Who counts as a customer decides it: dividing by those who bought gives more than by those not yet given "
    "up.",
)
def arpu(*, revenue: Quantity, customers: Quantity) -> Quantity:
    """Return the average revenue per user (customer) of a period.

    Parameters
    ----------
    revenue : float or array
        Money taken in the period, at least 0.
    customers : float or array
        Customers in the period, whether they bought or not, above 0; customer-years give revenue a year.

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
    >>> arpu(revenue=12_000, customers=400)
    30.0
    """
    users = positive("customers", customers, "revenue is divided by it")
    return plain(not_negative("revenue", revenue, "it is money taken") / users)
