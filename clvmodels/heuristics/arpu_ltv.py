"""ARPU x gross margin / churn."""

from __future__ import annotations

from typing import final

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.heuristics.base import AbstractPooledRule
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.formula import Quantity, formula, not_negative, plain, positive_share, share
from clvmodels.records.period import DAYS_PER_YEAR

_FORMULA = "ARPU x gross margin / churn"
_CAVEAT = (
    "ARPU and churn must have one period and one idea of who is a customer. Where people leave without a word, it is "
    "past revenue over the number given up, and follows the silence that is allowed."
)


@formula(title="LTV from ARPU", formula=_FORMULA, caveat=_CAVEAT)
def arpu_ltv(*, arpu: Quantity, margin: Quantity, churn: Quantity) -> Quantity:
    """Return the lifetime value from revenue a period, margin and churn.

    Parameters
    ----------
    arpu : float or array
        Revenue a customer and period, at least 0.
    margin : float or array
        Share of revenue that stays, in [0, 1].
    churn : float or array
        Share of customers that leaves per period, in (0, 1]; the period is that of ``arpu``.

    Returns
    -------
    float or array
        Margin a customer, not discounted; for other costs see `net_ltv`.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> arpu_ltv(arpu=30, margin=0.5, churn=0.02)
    750.0
    """
    revenue = not_negative("arpu", arpu, "it is money taken")
    kept = share("margin", margin, "it is the share of revenue that stays")
    return plain(
        revenue * kept / positive_share("churn", churn, "it is the share of customers that leaves in a period")
    )


@final
class ArpuLtv(AbstractPooledRule):
    """ARPU over churn, with one clock for both.

    Revenue and losses are both compared with the time until a customer is declared gone, so that over a whole life it
    comes to revenue so far / customers counted as churned so far, whatever that time is. Over a horizon shorter than
    the life 1 / horizon stands for churn.
    """

    name = "arpu_ltv"
    title = "LTV from ARPU: ARPU x margin / churn"
    formula = _FORMULA
    requires = "frequency, recency, T; total_spend for money; gone_after"
    caveat = _CAVEAT
    aggregates = ("arpu_per_year", "member_purchases_per_year", "churn_per_year", "lifespan_years")

    def lifespan(self, aggregates: BaseAggregates) -> FloatArray:
        """Return 1 / churn."""
        return aggregates.lifespan_years

    def rate(self, aggregates: BaseAggregates) -> Quantity:
        """Return purchases a year of membership."""
        return aggregates.member_purchases_per_year

    def spend(self, aggregates: BaseAggregates, years: FloatArray) -> Quantity:
        """Return the quotient before margin, by the day: nobody is given up within one, so churn is a share."""
        ends = np.isfinite(years)
        churn = np.minimum(1 / (np.where(ends, years, 1.0) * DAYS_PER_YEAR), 1.0)  # 1 / 1 day may round to above 1
        worth = arpu_ltv(arpu=aggregates.arpu_per_year / DAYS_PER_YEAR, margin=1.0, churn=churn)
        return np.where(ends, worth, np.inf)
