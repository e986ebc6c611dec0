"""Value against the price of winning it."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, number, plain, positive


@formula(
    title="LTV:CAC",
    formula="lifetime value before acquisition cost / CAC",
    caveat="Near or below 1 is a loss. With revenue instead of margin above, or a value that is net of acquisition "
    "already, it says nothing.",
)
def ltv_to_cac(*, ltv: Quantity, cac: Quantity) -> Quantity:
    """Return how many times a customer's value pays for winning the customer.

    Parameters
    ----------
    ltv : float or array
        Lifetime value after margin and before acquisition cost.
    cac : float or array
        Money spent to win a customer, above 0.

    Returns
    -------
    float or array
        A ratio.

    Raises
    ------
    ArgumentError
        When a figure is missing or CAC isn't above 0.

    Examples
    --------
    >>> ltv_to_cac(ltv=300, cac=100)
    3.0
    """
    return plain(number("ltv", ltv) / positive("cac", cac, "the value is divided by it"))
