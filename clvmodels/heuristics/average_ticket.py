"""Sales per customer who bought."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive


@formula(
    title="Average ticket",
    formula="sales of a period / customers who bought in it",
    caveat="Over a period in which people buy more than once it holds several purchases: times purchases a year, it "
    "counts them twice. One large customer moves it.",
)
def average_ticket(*, sales: Quantity, customers: Quantity) -> Quantity:
    """Return the sales of a period per customer who bought in it.

    Parameters
    ----------
    sales : float or array
        Money taken in the period, at least 0.
    customers : float or array
        Distinct customers who bought in it, above 0.

    Returns
    -------
    float or array
        Money a customer, in the shape of the arguments broadcast together.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> average_ticket(sales=50_000, customers=100)
    500.0
    """
    buyers = positive("customers", customers, "sales are divided by it")
    return plain(not_negative("sales", sales, "it is money taken") / buyers)
