"""Customers who stay where they are, in files or on a cluster, because there are too many for memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clvmodels.abstract_or_final import AbstractOrFinal
from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError
from clvmodels.records.first_purchase import FirstMoments, FirstPurchase
from clvmodels.records.log_check import shown
from clvmodels.records.note import Note
from clvmodels.records.period import Period
from clvmodels.records.summary import Summary, check_summary


@dataclass(frozen=True, eq=False)
class Spending:
    """The mean purchases m of the customers behind each distinct history.

    Attributes
    ----------
    low, high, first, second : array, shape (row,)
        The smallest and the largest m, their sum, and the sum of their squares.
    kind : array, shape (row,)
        Which purchases were paid for, as in ``first_purchase``.
    counted : FirstPurchase or None
        Whether m counts the first purchase, and at which scale.
    """

    low: FloatArray
    high: FloatArray
    first: FloatArray
    second: FloatArray
    kind: FloatArray
    counted: FirstPurchase | None = None

    def take(self, rows: IntArray) -> Spending:
        """Return what was spent behind some of the histories."""
        low, high, first, second, kind = (
            values[rows] for values in (self.low, self.high, self.first, self.second, self.kind)
        )
        return Spending(low, high, first, second, kind, self.counted)


class AbstractCustomerTable(AbstractOrFinal, ABC):
    """A table with one row a customer that nobody holds in memory.

    ``fit`` takes it like a summary, and ``score`` forecasts its customers where they are. Only distinct histories, with
    how often each occurs, ever leave it.

    Attributes
    ----------
    period : Period
        The unit of recency and T.
    groups : mapping of str to str
        The columns that were carried along, and what they are called in the table.
    observation_end : numpy.datetime64 or None
        The last day of observation.
    notes : tuple of Note
        What the reading of the log touched or noticed.
    """

    period: Period
    groups: Mapping[str, str]
    observation_end: np.datetime64 | None
    notes: tuple[Note, ...]

    @abstractmethod
    def __len__(self) -> int:
        """Return how many customers there are."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""

    @abstractmethod
    def grouped(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> Summary:
        """Return the distinct histories as a summary whose rows stand for several customers.

        Parameters
        ----------
        statistics : sequence of str
            What tells customers apart: some of ``x, t_x, T, litt``; or ``n, m``, where means of purchases that lie
            within a hundredth of each other are replaced by two with the same moments.
        groups : sequence of str
            Columns that tell them apart too.
        first : FirstPurchase, optional
            Counts the first purchase in n and m.
        """

    @abstractmethod
    def spending(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> tuple[Summary, Spending | None]:
        """Return the distinct histories, told apart also by which purchases were paid for, and what the customers of
        each spent; None where the table doesn't tell money."""

    @abstractmethod
    def first_moments(self) -> FirstMoments | None:
        """Return how first purchases compare with later ones; None where the table doesn't tell."""

    @abstractmethod
    def sums(self, names: Sequence[str]) -> dict[str, float]:
        """Return the sums of some columns over all customers."""

    @abstractmethod
    def to_native(self) -> Any:
        """Return the customers as the kind of table they are in."""

    def group_column(self, name: str) -> str:
        """Return what a group is called in the table."""
        if name not in self.groups:
            has = ", ".join(self.groups) or "none"
            raise ArgumentError(
                f"The table has no group column {name!r} (it has: {has}); name it in groups= when the log is read."
            )
        return self.groups[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} customers, by {self.period.name}{shown(self.notes)})"


type Customers = Summary | AbstractCustomerTable


def grouped_for(
    customers: Customers, statistics: Sequence[str], groups: Sequence[str], first: FirstPurchase | None = None
) -> Summary:
    """Return what a fit looks at: a summary as it is, a table as its distinct histories; first purchases counted where
    that is asked."""
    if isinstance(customers, AbstractCustomerTable):
        return customers.grouped(statistics, groups=groups, first=first)
    return check_summary(customers, grouped=True).counting(first)


def first_moments_of(customers: Customers) -> FirstMoments | None:
    """Return how first purchases compare with later ones; None where the customers don't tell."""
    if isinstance(customers, AbstractCustomerTable):
        return customers.first_moments()
    summary = check_summary(customers, grouped=True)
    if summary.monetary_value is None or summary.total_spend is None:
        return None
    return FirstMoments.of(summary.frequency, summary.monetary_value, summary.total_spend, summary.counts)
