"""The outcome of each customer as a probability distribution: the question that a forecast answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, Self

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.records.histories import Histories


class RowDistributions(Protocol):
    """The predictive distributions of some rows."""

    def __len__(self) -> int:
        """How many rows."""
        ...

    @property
    def size(self) -> int:
        """How many numbers tell them."""
        ...

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest outcome of each row whose cumulative probability reaches ``probability``."""
        ...

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return the probability of at most an amount, shape (row,)."""
        ...

    def sf(self, amount: FloatArray) -> FloatArray:
        """Return the probability of more than an amount, shape (row,)."""
        ...

    def prob(self, amount: FloatArray) -> FloatArray:
        """Return the probability of an amount, or the density where each has none, shape (row,)."""
        ...

    def crps(self, actual: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of an outcome, shape (row,)."""
        ...

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...


class Distribution(Protocol):
    """The outcome of each customer of a base, parameters and chance together.

    It is made when it is asked first, a part of the base at a time, and kept where it is small.
    """

    @property
    def rows(self) -> Histories:
        """The customers who differ; ``rows.index`` leads there from all."""
        ...

    def parts(self) -> Iterable[tuple[IntArray, Any]]:
        """Give rows and their distributions, some at a time."""
        ...

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest outcome whose cumulative probability reaches ``probability``, shape (customer,)."""
        ...

    def quantiles(self, probabilities: Sequence[float]) -> FloatArray:
        """Return several quantiles, all from one look at the distribution, shape (probability, customer)."""
        ...

    def cdf(self, amount: float | FloatArray) -> FloatArray:
        """Return the probability of at most an amount, one for all or for each, shape (customer,)."""
        ...

    def sf(self, amount: float | FloatArray) -> FloatArray:
        """Return the probability of more than an amount, one for all or for each, shape (customer,)."""
        ...

    def log_prob(self, amount: float | FloatArray) -> FloatArray:
        """Return the logarithm of the probability of an amount, or of the density where each has none; -inf where it
        can't be; shape (customer,)."""
        ...

    def crps(self, actual: float | FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of an outcome, one for all or for each, shape (customer,)."""
        ...

    def mean(self) -> FloatArray:
        """Return the mean, shape (customer,)."""
        ...

    def variance(self) -> FloatArray:
        """Return the variance, shape (customer,)."""
        ...
