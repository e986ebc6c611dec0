"""What each customer of a base will be worth, as a distribution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.distribution import AbstractDistribution
from clvmodels.records import AnyForecast, BusinessTerms, Estimate, Histories, Prediction, Valuation
from clvmodels.records.distribution import Distribution
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.predictive import compounds


@dataclass(frozen=True, eq=False)
class ValueDistributions:
    """Value: the margin of a sum of purchases, less a cost."""

    revenue: Compound
    terms: BusinessTerms

    def __len__(self) -> int:
        return len(self.revenue)

    @property
    def size(self) -> int:
        """How many numbers tell them."""
        return self.revenue.size

    @property
    def _cost(self) -> float:
        return self.terms.acquisition_cost or 0.0

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest value whose cumulative probability reaches ``probability``."""
        return self.terms.margin * self.revenue.quantile(probability) - self._cost

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return the probability of at most so much value, shape (row,)."""
        gross = amount + self._cost
        if self.terms.margin == 0:
            return np.where(gross < 0, 0.0, 1.0)
        return self.revenue.cdf(gross / self.terms.margin)

    def sf(self, amount: FloatArray) -> FloatArray:
        """Return the probability of more value than an amount, shape (row,)."""
        return 1 - self.cdf(amount)

    def prob(self, amount: FloatArray) -> FloatArray:
        """Return the probability of no purchase where the value is that of none, else the density, shape (row,)."""
        gross = amount + self._cost
        if self.terms.margin == 0:
            return np.where(gross == 0, 1.0, 0.0)
        found = self.revenue.prob(np.maximum(gross, 0.0) / self.terms.margin)
        return np.where(gross > 0, found / self.terms.margin, np.where(gross == 0, found, 0.0))

    def crps(self, actual: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of a value, shape (row,)."""
        gross = actual + self._cost
        if self.terms.margin == 0:
            return np.abs(gross)
        reached = self.revenue.crps(np.maximum(gross, 0.0) / self.terms.margin)
        return self.terms.margin * reached + np.maximum(-gross, 0.0)

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row; inf where they don't exist under some draw."""
        mean, variance = self.revenue.moments()
        return self.terms.margin * mean - self._cost, self.terms.margin**2 * variance

    def take(self, rows: IntArray) -> ValueDistributions:
        """Return some rows, in any order and as often as they are named."""
        return ValueDistributions(self.revenue.take(rows), self.terms)


@dataclass(frozen=True, eq=False)
class Money(AbstractDistribution[ValueDistributions]):
    """The value of a base within a horizon.

    Attributes
    ----------
    base : Customers
        The distinct customers.
    prediction : Prediction
        Their purchases.
    spend : Estimate
        Of the spend model.
    terms : BusinessTerms
        Of the valuation.
    """

    base: Customers
    prediction: Prediction
    spend: Estimate
    terms: BusinessTerms
    _kept: list[list[tuple[IntArray, ValueDistributions]]] = field(default_factory=list, init=False, repr=False)

    @property
    def rows(self) -> Histories:
        """The distinct pairs of a history of buying and one of spend."""
        return self.base.rows

    def made(self) -> Iterator[tuple[IntArray, ValueDistributions]]:
        """Make the distributions of all rows, some at a time."""
        for rows, revenue in compounds(self.base, self.prediction, self.spend):
            yield rows, ValueDistributions(revenue, self.terms)

    def on(self, terms: BusinessTerms) -> Money:
        """Return the same on other terms with the same discount rate; what was made is not made again."""
        other = replace(self, terms=terms)
        other._kept.extend([(rows, ValueDistributions(law.revenue, terms)) for rows, law in one] for one in self._kept)
        return other

    def revenues(self) -> Iterator[tuple[IntArray, Compound]]:
        """Give rows and the distributions of their revenue, before margin and cost."""
        for rows, law in self.parts():
            yield rows, law.revenue


def money_of(valuation: Valuation) -> Money:
    """Return the value that a valuation speaks of."""
    found = valuation.distribution
    if isinstance(found, Money):
        return found
    delta = valuation.terms.force_of_interest(valuation.prediction.estimate.time_unit)
    base = Customers.of(valuation.prediction, valuation.spend, delta)
    return Money(base, valuation.prediction, valuation.spend, valuation.terms)


def distribution_of(forecast: AnyForecast) -> Distribution:
    """Return the outcome of each customer: purchases, or value after margin and cost."""
    return counts_of(forecast.prediction) if forecast.valuation is None else money_of(forecast.valuation)
