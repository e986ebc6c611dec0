"""Nobody ever comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from clvmodels.heuristics.base import AbstractOwnRule, Ahead
from clvmodels.heuristics.customers import Customers


@final
class AllZero(AbstractOwnRule):
    """The baseline that any forecast must beat, and by absolute error often doesn't."""

    name = "all_zero"
    title = "Nobody comes back"
    formula = "0 purchases for everybody"
    requires = "nothing"
    caveat = "Most customers of most bases don't come back, so its absolute error is small, and useless."

    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return nothing beyond what all rules tell."""
        return {}

    def own(self, customers: Customers, days: float) -> Ahead:
        """Return zeros."""
        nothing = np.zeros(len(customers))
        return Ahead(nothing, None if customers.repeat_spend is None else nothing, nothing)
