"""Each customer's past rate, carried on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from clvmodels.heuristics.base import AbstractOwnRule, Ahead, carried_on
from clvmodels.heuristics.customers import Customers
from clvmodels.records.period import DAYS_PER_YEAR


@final
class RunRate(AbstractOwnRule):
    """Repeat purchases a period (x / T) and their money go on as they were, for everybody and for good."""

    name = "run_rate"
    title = "Run rate: x / T carried on"
    formula = "repeat purchases / observed time x horizon, customer by customer"
    requires = "frequency, T; monetary_value for money; a finite horizon"
    caveat = "Nobody ever leaves, so it is too high wherever people do; and who bought once is never seen again."

    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return the two sums of the rate."""
        return {
            "repeat_purchases": float(customers.repeat_purchases.sum()),
            "observed_years": float(customers.observed_days.sum() / DAYS_PER_YEAR),
        }

    def own(self, customers: Customers, days: float) -> Ahead:
        """Return x / T times the horizon."""
        money = customers.repeat_spend
        return Ahead(
            carried_on(customers.repeat_purchases, customers.observed_days, days),
            None if money is None else carried_on(money, customers.observed_days, days),
            np.full(len(customers), days / DAYS_PER_YEAR),
        )
