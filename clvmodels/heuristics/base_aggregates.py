"""The figures that enter the formulas, from sums over a customer base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import InputError
from clvmodels.heuristics.arpu import arpu
from clvmodels.heuristics.average_purchase_value import average_purchase_value
from clvmodels.heuristics.churn_rate import churn_rate
from clvmodels.heuristics.customers import Customers
from clvmodels.heuristics.formula import Quantity
from clvmodels.heuristics.lifespan_from_churn import lifespan_from_churn
from clvmodels.heuristics.purchase_frequency import purchase_frequency
from clvmodels.records.period import DAYS_PER_YEAR


@dataclass(frozen=True, eq=False)
class BaseAggregates:
    """Sums over a base and the figures made of them, one entry a base: the observed one, then drawn ones.

    Two clocks run in a base, and each figure says which one it uses: *observed time* goes on to the end of observation
    for everybody, *membership* ends when somebody is declared gone.

    Attributes
    ----------
    customers : int
        Number of customers, the same in each base.
    purchases, observed_days, member_days, gone : array, shape (base,)
        Summed over customers, as `Customers` has them.
    spend : array, shape (base,), or None
        Summed over customers; None without amounts.
    """

    customers: int
    purchases: FloatArray
    observed_days: FloatArray
    member_days: FloatArray
    gone: FloatArray
    spend: FloatArray | None = None

    @staticmethod
    def columns(customers: Customers) -> Columns:
        """Return what is to be summed, one column a figure."""
        names = ["purchases", "observed_days", "member_days", "gone"]
        return {name: getattr(customers, name) for name in names + ["spend"] * (customers.spend is not None)}

    @classmethod
    def of(cls, customers: Customers) -> BaseAggregates:
        """Return the figures of the base as it is, shape (1,)."""
        columns = cls.columns(customers)
        return cls(len(customers), **{name: np.array([values.sum()]) for name, values in columns.items()})

    @property
    def money(self) -> FloatArray:
        """Money spent, first purchases included."""
        if self.spend is None:
            raise InputError("The summary has no amounts, so nothing can be said about money; give amount= to the log.")
        return self.spend

    @property
    def average_purchase_value(self) -> Quantity:
        """Money a purchase: the average ticket of a day, since a customer's purchases are counted by day."""
        return average_purchase_value(revenue=self.money, purchases=self.purchases)

    @property
    def purchases_per_year(self) -> Quantity:
        """Purchases a customer and year of observed time."""
        return purchase_frequency(purchases=self.purchases, customers=self.observed_days / DAYS_PER_YEAR)

    @property
    def member_purchases_per_year(self) -> Quantity:
        """Purchases a customer and year of membership."""
        return purchase_frequency(purchases=self.purchases, customers=self.member_days / DAYS_PER_YEAR)

    @property
    def arpu_per_year(self) -> Quantity:
        """Revenue a customer and year of membership."""
        return arpu(revenue=self.money, customers=self.member_days / DAYS_PER_YEAR)

    @property
    def churn_per_day(self) -> Quantity:
        """Share of members declared gone, a day: a member counts at the start of each day of membership."""
        return churn_rate(lost=self.gone, at_start=self.member_days)

    @property
    def churn_per_year(self) -> Quantity:
        """Members declared gone per year of membership: a rate, above 1 where most leave within the year."""
        return self.churn_per_day * DAYS_PER_YEAR

    @property
    def lifespan_years(self) -> FloatArray:
        """Years from the first purchase until declared gone, by 1 / churn; ``inf`` where nobody is."""
        some = self.gone > 0
        days = lifespan_from_churn(np.where(some, self.churn_per_day, 1.0))
        return np.where(some, days, np.inf) / DAYS_PER_YEAR

    @property
    def observed_lifespan_years(self) -> FloatArray:
        """Years of membership seen so far, the mean over customers."""
        return self.member_days / self.customers / DAYS_PER_YEAR
