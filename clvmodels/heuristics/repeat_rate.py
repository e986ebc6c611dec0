"""The share of customers that came back."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, part_of, plain, positive


@formula(
    title="Repeat rate",
    formula="customers with two purchases or more / customers",
    caveat="New customers have not had the time to come back, so it falls when the base grows.",
)
def repeat_rate(*, repeaters: Quantity, customers: Quantity) -> Quantity:
    """Return the share of customers that bought again.

    Parameters
    ----------
    repeaters : float or array
        Customers with two purchases or more, in [0, customers].
    customers : float or array
        All customers, above 0.

    Returns
    -------
    float or array
        Share in [0, 1].

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> repeat_rate(repeaters=40, customers=100)
    0.4
    """
    everybody = positive("customers", customers, "the repeaters are divided by it")
    return plain(part_of("repeaters", repeaters, "customers", everybody) / everybody)
