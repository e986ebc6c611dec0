"""What a business rule states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from clvmodels.abstract_or_final import AbstractOrFinal
from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.customers import Customers
from clvmodels.heuristics.formula import Quantity
from clvmodels.records.period import DAYS_PER_YEAR


@dataclass(frozen=True, eq=False)
class Ahead:
    """What a rule says of the time ahead.

    Attributes
    ----------
    purchases : array
        Purchases.
    spend : array or None
        Money before margin and cost; None without amounts.
    years : array
        Years the rule counts somebody as a customer, for costs that are paid by the year.
    """

    purchases: FloatArray
    spend: FloatArray | None
    years: FloatArray


class AbstractHeuristic(AbstractOrFinal, ABC):
    """A business rule on a customer base.

    Attributes
    ----------
    name, title : str
        The registered name, and how people call it.
    formula, requires, caveat : str
        The rule in words, what it takes from the summary, and when it says something else than people think.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    formula: ClassVar[str]
    requires: ClassVar[str]
    caveat: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("Abstract"):
            RULES[cls.name] = cls()

    @abstractmethod
    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return the figures of a base that enter, by name."""


class AbstractRankingRule(AbstractHeuristic):
    """A rule that says who is better, not what anybody will do."""

    @abstractmethod
    def score(self, customers: Customers) -> FloatArray:
        """Return what to rank by, high is good, shape (customer,)."""


class AbstractForecastingRule(AbstractHeuristic):
    """A rule that is a function of sums over customers.

    Its interval comes from the sums of bases drawn with replacement (`columns`, then `average`), and its forecast of
    each customer (`each`) adds up to the same total.
    """

    @abstractmethod
    def columns(self, customers: Customers, days: float) -> Columns:
        """Return what to sum over customers, each of shape (customer,)."""

    @abstractmethod
    def average(self, n_customers: int, sums: Columns, days: float) -> Ahead:
        """Return the mean customer of each base from its sums, shape (base,)."""

    @abstractmethod
    def each(self, customers: Customers, mean: Ahead, days: float) -> Ahead:
        """Return each customer, shape (customer,); ``mean`` is what `average` says, the observed base first."""


class AbstractPooledRule(AbstractForecastingRule):
    """One number for everybody: a yearly rate times the shorter of lifespan and horizon.

    Businesses give the same value to each customer, also to one who has been silent for long or has most of the life
    behind. The rules here do as they do; by group, each group has its own figures.
    """

    aggregates: ClassVar[tuple[str, ...]]

    def ingredients(self, customers: Customers) -> Mapping[str, float]:
        """Return the figures that the rule names; those of money are left out where there are no amounts."""
        aggregates = BaseAggregates.of(customers)
        names = [name for name in self.aggregates if aggregates.spend is not None or name not in MONEY_FIGURES]
        return {name: float(np.asarray(getattr(aggregates, name))[0]) for name in names}

    def columns(self, customers: Customers, days: float) -> Columns:
        """Return what the figures are made of."""
        return BaseAggregates.columns(customers)

    def average(self, n_customers: int, sums: Columns, days: float) -> Ahead:
        """Return rate times years."""
        aggregates = BaseAggregates(n_customers, **sums)
        years = np.minimum(self.lifespan(aggregates), days / DAYS_PER_YEAR)
        spend = None if aggregates.spend is None else np.asarray(self.spend(aggregates, years))
        return Ahead(np.asarray(self.rate(aggregates) * years), spend, years)

    def each(self, customers: Customers, mean: Ahead, days: float) -> Ahead:
        """Return the mean customer for everybody."""
        n = len(customers)
        spend = None if mean.spend is None else np.full(n, mean.spend[0])
        return Ahead(np.full(n, mean.purchases[0]), spend, np.full(n, mean.years[0]))

    @abstractmethod
    def lifespan(self, aggregates: BaseAggregates) -> FloatArray:
        """Return the years that a customer is one, shape (base,)."""

    @abstractmethod
    def rate(self, aggregates: BaseAggregates) -> Quantity:
        """Return purchases a customer and year, shape (base,)."""

    @abstractmethod
    def spend(self, aggregates: BaseAggregates, years: FloatArray) -> Quantity:
        """Return the formula's money a customer over these years, shape (base,)."""


class AbstractOwnRule(AbstractForecastingRule):
    """Each customer's own past decides."""

    def columns(self, customers: Customers, days: float) -> Columns:
        """Return what is forecast for each customer."""
        ahead = self.own(customers, days)
        columns = {"purchases": ahead.purchases, "years": ahead.years}
        return columns if ahead.spend is None else columns | {"spend": ahead.spend}

    def average(self, n_customers: int, sums: Columns, days: float) -> Ahead:
        """Return the mean of what is forecast."""
        spend = sums["spend"] / n_customers if "spend" in sums else None
        return Ahead(sums["purchases"] / n_customers, spend, sums["years"] / n_customers)

    def each(self, customers: Customers, mean: Ahead, days: float) -> Ahead:
        """Return what is forecast."""
        return self.own(customers, days)

    @abstractmethod
    def own(self, customers: Customers, days: float) -> Ahead:
        """Return each customer's forecast, shape (customer,)."""


RULES: dict[str, AbstractHeuristic] = {}
MONEY_FIGURES = ("average_purchase_value", "arpu_per_year")


def carried_on(counts: FloatArray, time: FloatArray | float, days: float) -> FloatArray:
    """Return what was counted in a past time carried forward over days.

    Raises
    ------
    ArgumentError
        When the horizon has no end: a rate carried on for ever is infinite.
    """
    if not np.isfinite(days):
        raise ArgumentError("horizon is inf, but a rate that is carried on for ever has no end; give a finite horizon.")
    return counts * (days / time)
