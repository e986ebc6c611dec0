"""What comes from a customer, as a probability law: purchases, or value after margin and cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import Futures
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.records import Histories, Prediction, Terms, Valuation
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.predictive import compounds

_MOST = 10_000  # counts that stand alone at most where somebody asks for them; beyond lies nothing that is measured


class Law(Protocol):
    """The predictive law of some rows."""

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest outcome whose cumulative probability reaches ``probability``."""
        ...

    def above(self, amount: FloatArray) -> FloatArray:
        """Return the probability of more than an amount, shape (row,)."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...


@dataclass(frozen=True, eq=False)
class ValueLaw:
    """Value: the margin of a sum of purchases, less a cost."""

    revenue: Compound
    terms: Terms

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest value whose cumulative probability reaches ``probability``."""
        return self.terms.margin * self.revenue.quantile(probability) - (self.terms.acquisition_cost or 0.0)

    def above(self, amount: FloatArray) -> FloatArray:
        """Return the probability of more value than an amount, shape (row,)."""
        gross = amount + (self.terms.acquisition_cost or 0.0)
        if self.terms.margin == 0:
            return np.where(gross < 0, 1.0, 0.0)
        return 1 - self.revenue.cdf(gross / self.terms.margin)

    def take(self, rows: IntArray) -> ValueLaw:
        """Return some rows, in any order and as often as they are named."""
        return ValueLaw(self.revenue.take(rows), self.terms)


def laws(forecast: Prediction | Valuation, *, up_to: float = 0.0) -> tuple[Histories, Iterator[tuple[IntArray, Law]]]:
    """Return the distinct rows of a forecast, and what comes from each of them, a part at a time.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of purchases, or of value.
    up_to : float
        Counts of purchases that have to stand alone.
    """
    if isinstance(forecast, Valuation):
        base = customers_of(forecast)
        parts = compounds(base, forecast.prediction, forecast.spend)
        return base.rows, ((rows, ValueLaw(revenue, forecast.terms)) for rows, revenue in parts)
    futures = Futures.of(forecast.estimate, forecast.summary, forecast.newcomers)
    at_least = int(min(max(up_to + 2, 16), _MOST))
    pmfs = purchase_pmfs(futures, forecast.estimate, forecast.horizon, at_least=at_least)
    return futures.histories, ((part.rows, part) for part in pmfs)


def customers_of(valuation: Valuation) -> Customers:
    """Return the distinct customers of a valuation."""
    period = valuation.prediction.estimate.period
    assert period is not None  # every estimate of a model of buying has one
    return Customers.of(valuation.prediction, valuation.spend, valuation.terms.force_of_interest(period))
