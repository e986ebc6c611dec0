"""What stays of a value after its costs."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, number, plain


@formula(
    title="Net value",
    formula="value - acquisition cost - promotion cost - service cost",
    caveat="Costs must cover the same time as the value. Acquisition cost that is taken off here must not be "
    "compared with the result once more.",
)
def net_ltv(
    value: Quantity,
    *,
    acquisition_cost: Quantity = 0.0,
    promotion_cost: Quantity = 0.0,
    service_cost: Quantity = 0.0,
) -> Quantity:
    """Return what stays of a customer's value after acquisition, promotion and service.

    Parameters
    ----------
    value : float or array
        Value of a customer before these costs; from `ltv`, `clv` or `arpu_ltv`.
    acquisition_cost : float or array
        Money spent to win the customer, at least 0.
    promotion_cost, service_cost : float or array
        Money spent on offers and on serving (goods, staff) over the time of the value, at least 0.

    Returns
    -------
    float or array
        Money a customer; below 0 where the costs are higher.

    Raises
    ------
    ArgumentError
        When a figure is missing or a cost is negative.

    Examples
    --------
    A guest who brings 3,600 a year, less offers and goods of that year:

    >>> net_ltv(3_600, promotion_cost=200, service_cost=2_100)
    1300.0
    """
    why = "a cost is taken off, so a negative one would be counted as income"
    costs = (
        not_negative("acquisition_cost", acquisition_cost, why)
        + not_negative("promotion_cost", promotion_cost, why)
        + not_negative("service_cost", service_cost, why)
    )
    return plain(number("value", value) - costs)
