"""Customer value x lifespan."""

from __future__ import annotations

from typing import final

from clvmodels.arrays import FloatArray
from clvmodels.heuristics.base import AbstractPooledRule
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.customer_value import customer_value as value_of_a_year
from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain

_FORMULA = "customer value x lifespan"
_CAVEAT = (
    "An observed lifespan can't be longer than the observation, so a young base looks poor; nothing is discounted, and "
    "everybody gets the same."
)


@formula(title="CLV", formula=_FORMULA, caveat=_CAVEAT)
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
    formula = f"{_FORMULA}, the lifespan being the mean of those observed so far"
    requires = "frequency, recency, T; total_spend for money; gone_after"
    caveat = _CAVEAT
    aggregates = ("average_purchase_value", "purchases_per_year", "observed_lifespan_years")

    def lifespan(self, aggregates: BaseAggregates) -> FloatArray:
        """Return the mean membership so far."""
        return aggregates.observed_lifespan_years

    def rate(self, aggregates: BaseAggregates) -> Quantity:
        """Return purchases a year of observed time."""
        return aggregates.purchases_per_year

    def spend(self, aggregates: BaseAggregates, years: FloatArray) -> Quantity:
        """Return the product."""
        yearly = value_of_a_year(
            average_purchase_value=aggregates.average_purchase_value, purchase_frequency=aggregates.purchases_per_year
        )
        return clv(customer_value=yearly, lifespan=years)
