"""Average ticket x purchases a year x lifespan."""

from __future__ import annotations

from typing import final

from clvmodels.arrays import FloatArray
from clvmodels.heuristics.base import AbstractPooledRule
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain

_FORMULA = "average ticket x purchases a year x lifespan in years"
_CAVEAT = (
    "The life is a guess where customers leave silently, one mean hides a skewed base, nothing is discounted, and "
    "everybody gets the same."
)


@formula(title="LTV", formula=_FORMULA, caveat=_CAVEAT)
def ltv(*, average_ticket: Quantity, purchases_per_year: Quantity, lifespan_years: Quantity) -> Quantity:
    """Return the lifetime value as a product of ticket, frequency and lifespan.

    Parameters
    ----------
    average_ticket : float or array
        Money a purchase, at least 0.
    purchases_per_year : float or array
        Purchases a customer and year, at least 0.
    lifespan_years : float or array
        Years that a customer stays one, at least 0.

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
    >>> ltv(average_ticket=500, purchases_per_year=12, lifespan_years=3)
    18000.0
    """
    ticket = not_negative("average_ticket", average_ticket, "it is money taken")
    frequency = not_negative("purchases_per_year", purchases_per_year, "it is a count")
    return plain(ticket * frequency * not_negative("lifespan_years", lifespan_years, "it is a length of time"))


@final
class Ltv(AbstractPooledRule):
    """LTV from what the till knows: tickets, all customers ever seen, and 1 / churn.

    The ticket is that of a day, so that it holds one purchase. Purchases a year are taken over observed time, which
    also runs for those who left, while the lifespan ends when they are given up: together they say less than
    `arpu_ltv`, which lets both end at once.
    """

    name = "ltv"
    title = "LTV: ticket x frequency x lifespan"
    formula = f"{_FORMULA}, the lifespan being 1 / churn"
    requires = "frequency, recency, T; total_spend for money; gone_after"
    caveat = _CAVEAT
    aggregates = ("average_purchase_value", "purchases_per_year", "churn_per_year", "lifespan_years")

    def lifespan(self, aggregates: BaseAggregates) -> FloatArray:
        """Return 1 / churn."""
        return aggregates.lifespan_years

    def rate(self, aggregates: BaseAggregates) -> Quantity:
        """Return purchases a year of observed time."""
        return aggregates.purchases_per_year

    def spend(self, aggregates: BaseAggregates, years: FloatArray) -> Quantity:
        """Return the product."""
        return ltv(
            average_ticket=aggregates.average_purchase_value,
            purchases_per_year=aggregates.purchases_per_year,
            lifespan_years=years,
        )
