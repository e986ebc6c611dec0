"""Sums over a few customers, exactly: the distribution of each on a grid, and their convolution.

A sum of many customers is normal around each parameter draw. A few customers, of whom most buy nothing and one may buy
a lot, are far from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray

FEW = 60  # customers up to which a sum is convolved; the skew of more is small beside what parameters leave open
_CELLS = 1_024  # of a grid; a quantile then errs by a hundredth of a standard deviation
_FAR = 12.0  # standard deviations beyond the expectation at which a grid ends
_LARGEST = 1e-9  # of a sum: what rounding of a Fourier transform may leave


@dataclass(frozen=True, eq=False)
class GridSum:
    """The distribution of a sum on a grid.

    Attributes
    ----------
    totals, masses : array, shape (cell,)
        Amounts in rising order, the first of them 0, and their probabilities.
    whole : bool
        Whether only these amounts are possible (whole numbers of purchases); else a mass is spread evenly around its
        amount, but for that at 0.
    variance : float
        Of the sum; a grid ends somewhere.
    """

    totals: FloatArray
    masses: FloatArray
    whole: bool
    variance: float

    @classmethod
    def of(
        cls,
        cdf: Callable[[FloatArray], FloatArray],
        n_customers: FloatArray,
        expected: float,
        variance: float,
        *,
        whole: bool,
    ) -> GridSum:
        """Convolve the distributions of some rows, each of so many customers.

        Parameters
        ----------
        cdf : callable
            Takes amounts, shape (amount,), gives P(at most so much) of each row, shape (row, amount).
        n_customers : array, shape (row,)
            Customers of each row.
        expected, variance : float
            Of the sum.
        whole : bool
            Whether amounts are whole numbers.
        """
        end = expected + _FAR * float(np.sqrt(variance))
        step = max(float(np.ceil(end / _CELLS)), 1.0) if whole else end / _CELLS
        totals: FloatArray = np.arange(float(_CELLS)) * step
        reached = cdf(totals + (step - 1 if whole else step / 2))
        masses: FloatArray = np.diff(reached, axis=1, prepend=0.0)
        none = cdf(np.zeros(1))[:, 0]
        if not whole:  # what lies near nothing isn't nothing: it counts as the first amount
            masses[:, 1] += masses[:, 0] - none
            masses[:, 0] = none
        masses[:, -1] += 1 - masses.sum(axis=1)
        spectrum = np.prod(np.fft.rfft(masses, 2 * _CELLS, axis=1) ** n_customers[:, None], axis=0)
        summed = np.fft.irfft(spectrum, 2 * _CELLS)
        kept = np.where(summed < _LARGEST / _CELLS, 0.0, summed)[:_CELLS]
        kept[-1] += max(1 - kept.sum(), 0.0)
        return cls(totals, kept / kept.sum(), whole and step == 1, variance)

    def times(self, factor: float) -> GridSum:
        """Return the distribution of a multiple of the sum."""
        return GridSum(factor * self.totals, self.masses, self.whole, factor**2 * self.variance)

    def quantile(self, probability: float) -> float:
        """Return the smallest amount whose cumulative probability reaches ``probability``."""
        below = np.cumsum(self.masses)
        cell = min(int(np.searchsorted(below, probability - _LARGEST)), len(below) - 1)
        if self.whole or cell == 0:
            return float(self.totals[cell])
        share = (probability - below[cell - 1]) / self.masses[cell]
        return float(self.totals[cell] + (share - 0.5) * self.totals[1])


class Rows(Protocol):
    """What is known of some rows."""

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...


class Distributions(Protocol):
    """Distributions of some rows."""

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...

    def cdf_at(self, amounts: FloatArray) -> FloatArray:
        """Return P(at most an amount) of every row, shape (row, amount)."""
        ...


def taken_from[R: Rows](parts: Iterable[tuple[IntArray, R]], wanted: IntArray) -> Iterator[tuple[IntArray, R]]:
    """Give what is known of the wanted rows only."""
    for rows, found in parts:
        mine = np.flatnonzero(np.isin(rows, wanted))
        if len(mine):
            yield rows[mine], found.take(mine)


def few_sum(
    parts: Iterable[tuple[IntArray, Distributions]],
    n_customers: AnyArray,
    expected: float,
    variance: float,
    *,
    whole: bool,
) -> GridSum | None:
    """Return the distribution of the sum over some customers; None where they are many, or it has no variance.

    Parameters
    ----------
    parts : iterable of (rows, distributions)
        Which rows, and theirs.
    n_customers : array, shape (row,)
        Customers of each row.
    expected, variance : float
        Of the sum, customers knowing nothing of each other.
    whole : bool
        Whether amounts are whole numbers.
    """
    counted = 0 < n_customers.sum() <= FEW and not np.any(n_customers < 0) and not np.any(n_customers % 1)
    if not counted or not np.isfinite(expected) or not 0 < variance < np.inf:
        return None
    mine = list(taken_from(parts, np.flatnonzero(n_customers)))

    def cdf(amounts: FloatArray) -> FloatArray:
        return np.concatenate([found.cdf_at(amounts) for _, found in mine])

    customers = np.concatenate([n_customers[rows] for rows, _ in mine])
    return GridSum.of(cdf, customers, expected, variance, whole=whole)
