"""Numbers of purchases whose values are summed: how likely, how many, and how much of each a discount leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.kernels.timing import Timing
from clvmodels.prediction.count_distribution import CountDistribution

_ALONE = 32  # counts up to here stand alone
_GROWTH = 1.04  # beyond, counts within 4% share a term, which keeps their mean and variance
_ROUNDING = 1e-12  # of an amount: a multiple of a price that misses it by rounding has been reached


@dataclass(frozen=True, eq=False)
class PurchaseSums:
    """Cells of purchases, shape (row, cell) unless said.

    Attributes
    ----------
    none : array, shape (row,)
        Probability of no purchase.
    mass : array
        Probability of each other cell.
    number : array
        The expected number of purchases in a cell, each counted at its discount factor.
    alone : array
        The expected sum of the squared factors over the square of the number: 1 / number without discount. It is what
        purchases of values of their own add to the relative variance of a sum.
    apart : array
        The relative variance of the number itself.
    """

    none: FloatArray
    mass: FloatArray
    number: FloatArray
    alone: FloatArray
    apart: FloatArray

    @classmethod
    def of(cls, counts: CountDistribution) -> PurchaseSums:
        """Return the purchases of some customers, undiscounted."""
        return cls.joined(counts.pmf, *counts.cells, _starts(counts.begins))

    @classmethod
    def of_pmf(cls, pmf: FloatArray) -> PurchaseSums:
        """Return purchases from the probabilities of 0, 1, 2, ..., shape (row, count)."""
        k = np.arange(float(pmf.shape[1]))
        return cls.joined(pmf, np.tile(k, (len(pmf), 1)), np.zeros_like(pmf), _starts(k))

    @classmethod
    def joined(cls, pmf: FloatArray, centre: FloatArray, within: FloatArray, starts: IntArray) -> PurchaseSums:
        """Join cells of counts into wider ones, that keep their mass, mean and variance.

        Parameters
        ----------
        pmf, centre, within : array, shape (row, cell)
            Probability, mean count, and variance around it; the first cell is that of no purchase.
        starts : array of int
            The cells that a wider one begins with, the first of them 1.
        """
        first = centre[:, starts]
        off = centre[:, 1:] - np.repeat(first, np.diff(np.append(starts, pmf.shape[1])), axis=1)
        some = pmf[:, 1:]
        mass = np.add.reduceat(some, starts - 1, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = np.add.reduceat(some * off, starts - 1, axis=1) / mass
            square = np.add.reduceat(some * (off * off + within[:, 1:]), starts - 1, axis=1) / mass
        ahead, square = np.where(mass > 0, ahead, 0.0), np.where(mass > 0, square, 0.0)
        number = first + ahead
        return cls(pmf[:, 0], mass, number, 1 / number, np.maximum(square - ahead * ahead, 0.0) / (number * number))

    def discounted(self, timing: Timing) -> PurchaseSums:
        """Return the purchases at what a discount leaves of them, given the moments for the number in each cell."""
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.diff(timing.mean, axis=1) / np.diff(self.number, axis=1)
        slope = np.where(np.isfinite(steps), steps, 0.0)
        slope = np.pad(slope, ((0, 0), (0, 1)), mode="edge") if slope.size else np.ones_like(self.number)
        square = np.square(timing.mean)
        moved = self.apart * np.square(self.number * slope)  # the spread of the number within a cell
        return PurchaseSums(
            self.none, self.mass, timing.mean, timing.squares / square, (timing.variance + moved) / square
        )

    def without(self, rows: BoolArray) -> PurchaseSums:
        """Return the same where nothing is bought in some rows, shape (row,)."""
        if not rows.any():
            return self
        mass = np.where(rows[:, None], 0.0, self.mass)
        return PurchaseSums(np.where(rows, 1.0, self.none), mass, self.number, self.alone, self.apart)

    def take(self, rows: IntArray) -> PurchaseSums:
        """Return some rows, in any order and as often as they are named."""
        cells = (values[rows] for values in (self.mass, self.number, self.alone, self.apart))
        return PurchaseSums(self.none[rows], *cells)


@dataclass(frozen=True, eq=False)
class Priced:
    """Sums of purchases at a price of each row, shape (row,), at least 0: multiples of it, as likely as the count."""

    counts: CountDistribution
    price: FloatArray

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest sum whose cumulative probability reaches ``probability``."""
        return self.price * self.counts.quantile(probability)

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row."""
        return self.counts.cdf(self._purchases(amount) * (1 + _ROUNDING))

    def exactly(self, amount: FloatArray) -> FloatArray:
        """Return the probability of exactly an amount of each row."""
        purchases = self._purchases(amount)
        count = np.round(np.where(np.isfinite(purchases), purchases, -1.0))
        with np.errstate(invalid="ignore"):  # amounts that nobody pays
            exact = np.abs(purchases - count) <= _ROUNDING * np.maximum(count, 1.0)
        found = np.where(exact, self.counts.prob(count), 0.0)
        return np.where(self.price > 0, found, (amount == 0).astype(np.float64))

    def _purchases(self, amount: FloatArray) -> FloatArray:
        """Return how many purchases bring an amount; without end where nothing is paid."""
        with np.errstate(divide="ignore", invalid="ignore"):
            paid: FloatArray = amount / self.price
        return np.where(self.price > 0, paid, np.where(amount < 0, -np.inf, np.inf))

    def cdf_at(self, amounts: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of every row at each of some amounts, shape (row, amount)."""
        rows, places = np.divmod(np.arange(len(self.counts) * len(amounts)), len(amounts))
        return self.take(rows).cdf(amounts[places]).reshape(len(self.counts), len(amounts))

    def take(self, rows: IntArray) -> Priced:
        """Return some rows, in any order and as often as they are named."""
        return Priced(self.counts.take(rows), self.price[rows])


def _starts(begins: FloatArray) -> IntArray:
    """Return which cells of counts others are joined to: none where cells grow already."""
    if np.any(np.diff(begins) > 1):
        return np.arange(1, len(begins))
    starts = list(range(1, min(_ALONE + 1, len(begins))))
    while (following := int(np.ceil(begins[starts[-1]] * _GROWTH))) < len(begins):
        starts.append(max(following, starts[-1] + 1))
    return np.array(starts)
