"""Each customer's recent rate, carried on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import InputError
from clvmodels.heuristics.base import AbstractOwnRule, Ahead, carried_on
from clvmodels.heuristics.customers import Customers
from clvmodels.records.period import DAYS_PER_YEAR


@final
class RecentRunRate(AbstractOwnRule):
    """What a customer did in the recent window goes on at that pace; who was silent in it does nothing more.

    A first purchase that falls into the window counts, and the whole window is the time of everybody.
    """

    name = "recent_run_rate"
    title = "Recent run rate carried on"
    formula = "purchases in the recent window / its length x horizon, customer by customer"
    requires = "recent_purchases, recent_window; recent_spend for money; a finite horizon"
    caveat = "A pause is taken for the end and a busy spell for the rule; a season in the window is repeated for good."

    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return the two parts of the rate."""
        counts, window = _recent(customers)
        return {"recent_purchases": float(counts.sum()), "recent_years": window / DAYS_PER_YEAR}

    def own(self, customers: Customers, days: float) -> Ahead:
        """Return the recent rate times the horizon."""
        counts, window = _recent(customers)
        money = customers.recent_spend
        return Ahead(
            carried_on(counts, window, days),
            None if money is None else carried_on(money, window, days),
            np.full(len(customers), days / DAYS_PER_YEAR),
        )


def _recent(customers: Customers) -> tuple[FloatArray, float]:
    if customers.recent_purchases is None or customers.recent_days is None:
        raise InputError(
            "The summary has no recent_purchases, so nothing is known of the recent window; make the summary from "
            "the log."
        )
    return customers.recent_purchases, customers.recent_days
