"""Rank customers by what they have spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from clvmodels.arrays import FloatArray
from clvmodels.errors import InputError
from clvmodels.heuristics.base import AbstractRankingRule
from clvmodels.heuristics.customers import Customers


@final
class PastSpend(AbstractRankingRule):
    """Who has spent most is best: no parameter, and often hard to beat."""

    name = "past_spend"
    title = "Past spend, ranking only"
    formula = "all money spent so far"
    requires = "total_spend"
    caveat = "Who spent much and left is still on top, and a new customer can't be; it says nothing of amounts ahead."

    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return nothing beyond what all rules tell."""
        return {}

    def score(self, customers: Customers) -> FloatArray:
        """Return total spend."""
        if customers.spend is None:
            raise InputError(
                "The summary has no amounts, so there is no past spend to rank by; give amount= to the log."
            )
        return customers.spend
