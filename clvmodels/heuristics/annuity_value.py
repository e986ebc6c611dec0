"""Value of a payment for a fixed number of periods."""

from __future__ import annotations

import numpy as np

from clvmodels.heuristics.formula import Quantity, formula, not_negative, number, plain


@formula(
    title="Value as an annuity",
    formula="margin x (1 - (1 + discount rate)^-periods) / discount rate",
    caveat="With 1 / churn as the number of periods nobody leaves before the mean life is over: 360 where 250 is "
    "right at 20% churn and 12% discount.",
)
def annuity_value(*, margin: Quantity, periods: Quantity, discount_rate: Quantity) -> Quantity:
    """Return the discounted margin of a customer who is sure to stay for a fixed time.

    Parameters
    ----------
    margin : float or array
        Money a customer and period, paid at the end of each.
    periods : float or array
        How many, at least 0.
    discount_rate : float or array
        Per period, at least 0.

    Returns
    -------
    float or array
        Money a customer; with ``periods = 1 / churn`` too much, see `retention_value`.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    A life of 1 / churn used as an annuity, against the constant retention that it came from:

    >>> as_annuity = annuity_value(margin=100, periods=1 / 0.2, discount_rate=0.12)
    >>> round(as_annuity, 1), round(as_annuity / 250 - 1, 2)
    (360.5, 0.44)
    """
    rate = not_negative("discount_rate", discount_rate, "money later is not worth more than money now")
    count = not_negative("periods", periods, "it is a length of time")
    growth = np.where(rate > 0, rate, 1.0)
    factor = np.where(rate > 0, -np.expm1(-count * np.log1p(growth)) / growth, count)
    return plain(number("margin", margin) * factor)
