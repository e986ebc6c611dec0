"""When a customer has paid for being won."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive, positive_share


@formula(
    title="Payback time",
    formula="CAC / (ARPU x gross margin)",
    caveat="It lets nobody leave before the cost is paid back; compare it with the lifespan.",
)
def payback_periods(*, cac: Quantity, arpu: Quantity, margin: Quantity = 1.0) -> Quantity:
    """Return the time until a customer's margin has paid for being won.

    Parameters
    ----------
    cac : float or array
        Money spent to win a customer, at least 0.
    arpu : float or array
        Revenue a customer and period, above 0.
    margin : float or array
        Share of revenue that stays, in (0, 1].

    Returns
    -------
    float or array
        In the period of ``arpu``.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> payback_periods(cac=100, arpu=50, margin=0.4)
    5.0
    """
    earned = positive("arpu", arpu, "nothing would ever pay the cost back")
    kept = positive_share("margin", margin, "it is the share of revenue that pays the cost back")
    return plain(not_negative("cac", cac, "it is money paid") / (earned * kept))
