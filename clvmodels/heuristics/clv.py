"""Customer value x lifespan."""

from __future__ import annotations

from typing import final

from clvmodels.arrays import FloatArray
from clvmodels.heuristics.base import AbstractPooledRule
from clvmodels.heuristics.customer_value import customer_value as value_of_a_year
from clvmodels.heuristics.figures import Figures
from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain

_STATES = "customer value x lifespan"
_MISLEADS = (
    "An observed lifespan can't be longer than the observation, so a young base looks poor; nothing is discounted, and "
    "everybody gets the same."
)


@formula(title="CLV", states=_STATES, misleads=_MISLEADS)
def clv(*, customer_value: Quantity, lifespan: Quantity) -> Quantity:
    """Return the lifetime value as customer value times lifespan.

    Parameters
    ----------
    customer_value : float or array
        Money a customer and period, at least 0; see `customer_value`.
    lifespan : float or array
        Periods that a customer stays one, at least 0.

    Returns
    -------
    float or array
        Revenue a customer, neither discounted nor net of cost; see `net_ltv`.

    Raises
    ------
    ArgumentError
        When a figure is missing or negative.

    Examples
    --------
    >>> clv(customer_value=3_600, lifespan=3)
    10800.0
    """
    value = not_negative("customer_value", customer_value, "it is money taken")
    return plain(value * not_negative("lifespan", lifespan, "it is a length of time"))


@final
class Clv(AbstractPooledRule):
    """CLV with the lifespan as it was observed.

    The lifespan is the mean time from the first purchase until a customer was declared gone; that of those who are
    still there is cut off by the end of observation.
    """

    name = "clv"
    title = "CLV: customer value x observed lifespan"
    states = f"{_STATES}, the lifespan being the mean of those observed so far"
    needs = "frequency, recency, T; total_spend for money; gone_after"
    misleads = _MISLEADS
    figures = ("average_purchase_value", "purchases_per_year", "observed_lifespan_years")

    def lifespan(self, figures: Figures) -> FloatArray:
        """Return the mean membership so far."""
        return figures.observed_lifespan_years

    def rate(self, figures: Figures) -> Quantity:
        """Return purchases a year of observed time."""
        return figures.purchases_per_year

    def spend(self, figures: Figures, years: FloatArray) -> Quantity:
        """Return the product."""
        yearly = value_of_a_year(
            average_purchase_value=figures.average_purchase_value, purchase_frequency=figures.purchases_per_year
        )
        return clv(customer_value=yearly, lifespan=years)
