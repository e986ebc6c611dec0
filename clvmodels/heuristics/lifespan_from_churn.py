"""How long customers stay when a constant share leaves."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, plain, positive_share


@formula(
    title="Lifespan from churn",
    formula="1 / churn rate, in churn's period",
    caveat="True only if all leave at one constant rate. Where customers leave silently churn is a guess, and the "
    "lifespan is one over the guess.",
)
def lifespan_from_churn(churn: Quantity) -> Quantity:
    """Return the expected lifespan when a constant share of customers leaves each period.

    Parameters
    ----------
    churn : float or array
        Share that leaves per period, in (0, 1].

    Returns
    -------
    float or array
        In churn's period: 1% a month is 100 months.

    Raises
    ------
    ArgumentError
        When churn is missing or outside (0, 1].

    Examples
    --------
    >>> lifespan_from_churn(0.01)
    100.0
    """
    return plain(1 / positive_share("churn", churn, "it is the share of customers that leaves in a period"))
