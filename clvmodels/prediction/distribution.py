"""Distributions that are made once, a part of the base at a time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from clvmodels.abstract_or_final import AbstractOrFinal
from clvmodels.arrays import FloatArray, IntArray
from clvmodels.records import Histories
from clvmodels.records.distribution import RowDistributions

_KEPT = 2_000_000  # numbers of all distributions that are kept; with what they compute once, some 100 MB


class AbstractDistribution[L: RowDistributions](AbstractOrFinal):
    """The outcome of each customer: whoever asks again gets what was made, where the base is small."""

    _kept: list[list[tuple[IntArray, L]]]  # empty, or all parts as its only entry: a frozen record fills it later

    @property
    @abstractmethod
    def rows(self) -> Histories:
        """The customers who differ; ``rows.index`` leads there from all."""

    @abstractmethod
    def made(self) -> Iterator[tuple[IntArray, L]]:
        """Make the distributions of all rows, some at a time."""

    def parts(self) -> Iterator[tuple[IntArray, L]]:
        """Give rows and their distributions, some at a time."""
        if self._kept:
            yield from self._kept[0]
            return
        found: list[tuple[IntArray, L]] = []
        size = 0
        for rows, law in self.made():
            size += law.size
            found.append((rows, law))
            if size > _KEPT:
                found.clear()
            yield rows, law
        if size <= _KEPT and not self._kept:
            self._kept.append(found)

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest outcome whose cumulative probability reaches ``probability``, shape (customer,)."""
        return self._of_rows(lambda law: law.quantile(probability))

    def quantiles(self, probabilities: Sequence[float]) -> FloatArray:
        """Return several quantiles, all from one look at the distributions, shape (probability, customer)."""
        out = np.empty((len(probabilities), len(self.rows)))
        for rows, law in self.parts():
            for i, probability in enumerate(probabilities):
                out[i, rows] = law.quantile(probability)
        return out[:, self.rows.index]

    def cdf(self, amount: float | FloatArray) -> FloatArray:
        """Return the probability of at most an amount, one for all or for each, shape (customer,)."""
        return self._at(lambda law, at: law.cdf(at), amount)

    def sf(self, amount: float | FloatArray) -> FloatArray:
        """Return the probability of more than an amount, one for all or for each, shape (customer,)."""
        return self._at(lambda law, at: law.sf(at), amount)

    def log_prob(self, amount: float | FloatArray) -> FloatArray:
        """Return the logarithm of the probability of an amount, or of the density where each has none; -inf where it
        can't be; shape (customer,)."""
        with np.errstate(divide="ignore"):
            return np.log(self._at(lambda law, at: law.prob(at), amount))

    def crps(self, actual: float | FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of an outcome, one for all or for each, shape (customer,)."""
        return self._at(lambda law, at: law.crps(at), actual)

    def mean(self) -> FloatArray:
        """Return the mean, shape (customer,)."""
        return self._of_rows(lambda law: law.moments()[0])

    def variance(self) -> FloatArray:
        """Return the variance, shape (customer,)."""
        return self._of_rows(lambda law: law.moments()[1])

    def by_customer(self) -> Iterator[tuple[IntArray, IntArray, L]]:
        """Give customers, the place of each among some rows, and the distributions of these."""
        for rows, law in self.parts():
            customers, place = self.rows.members.within(rows)
            yield customers, place, law

    def _of_rows(self, quantity: Callable[[L], FloatArray]) -> FloatArray:
        out = np.empty(len(self.rows))
        for rows, law in self.parts():
            out[rows] = quantity(law)
        return out[self.rows.index]

    def _at(self, quantity: Callable[[L, FloatArray], FloatArray], amount: float | FloatArray) -> FloatArray:
        asked = np.asarray(amount, dtype=np.float64)
        if asked.ndim == 0:
            return self._of_rows(lambda law: quantity(law, np.full(len(law), float(asked))))
        out = np.empty(len(asked))
        for customers, place, law in self.by_customer():
            out[customers] = quantity(law.take(place), asked[customers])
        return out
