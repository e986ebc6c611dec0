"""Value of a customer who stays with a constant probability."""

from __future__ import annotations

from clvmodels.errors import ArgumentError
from clvmodels.heuristics.formula import Quantity, formula, not_negative, number, plain, share


@formula(
    title="Value at constant retention",
    formula="margin x retention / (1 + discount rate - retention)",
    caveat="One retention rate for all undervalues an existing base, because those who stayed are the loyal ones.",
)
def retention_value(*, margin: Quantity, retention: Quantity, discount_rate: Quantity) -> Quantity:
    """Return the discounted margin of a customer who renews with one constant probability, for ever.

    The sum of ``margin * (retention / (1 + discount_rate)) ** t`` over t = 1, 2, ...: the first margin comes one period
    from now, if the customer renews.

    Parameters
    ----------
    margin : float or array
        Money a customer and period.
    retention : float or array
        Probability to renew, in [0, 1].
    discount_rate : float or array
        Per period, at least 0; above 0 where retention is 1.

    Returns
    -------
    float or array
        Money a customer.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range, or the sum has no end.

    References
    ----------
    Gupta, S., Lehmann, D. R. & Stuart, J. A. (2004). Valuing Customers. Journal of Marketing Research 41(1), 7-18.

    Examples
    --------
    >>> round(retention_value(margin=100, retention=0.8, discount_rate=0.12), 2)
    250.0
    """
    stays = share("retention", retention, "it is a probability")
    rate = not_negative("discount_rate", discount_rate, "money later is not worth more than money now")
    if ((rate == 0) & (stays == 1)).any():
        raise ArgumentError("retention is 1 and discount_rate 0, so the customer pays for ever and the sum has no end.")
    return plain(number("margin", margin) * stays / (1 + rate - stays))
