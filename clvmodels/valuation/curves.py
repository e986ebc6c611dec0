"""The cumulative probabilities of sums at many amounts, from a few: cubics through values and slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from clvmodels.arrays import FloatArray, IntArray

_FAR = 8.0  # standard deviations from the middle at which a curve ends
_ERROR = 1e-4  # of a probability, that a cubic may be off between two places
_BEND = 280.0  # a cubic through values and slopes h apart misses a normal of deviation s by (h / s)^4 / 280
_FEWEST, _MOST = 16, 1_024  # places; more than a grid of sums has cells would be lost


class Sums(Protocol):
    """The distributions of sums that curves are made from."""

    @property
    def none(self) -> FloatArray:
        """Probability of no purchase, shape (row,)."""
        ...

    def typical(self, deviations: FloatArray) -> FloatArray:
        """Return the logarithm of an amount so many standard deviations from the middle, roughly."""
        ...

    def narrowness(self) -> FloatArray:
        """Return the mean of 1 / deviation^4 over the terms of each row, on the logarithm of money."""
        ...

    def reached(self, log_amount: FloatArray) -> FloatArray:
        """Return P(sum is positive and at most e^log_amount), its slope, and the slope of that, shape (3, row)."""
        ...


@dataclass(frozen=True, eq=False)
class Curves:
    """Cumulative probabilities of some rows, to about 1e-4.

    Attributes
    ----------
    none : array, shape (row,)
        Probability of no purchase.
    low, step : array, shape (row,)
        The logarithm of the first amount, and how far apart places are.
    value, rise : array, shape (row, place)
        P(sum is positive and at most so much), and its slope, a step being 1.
    """

    none: FloatArray
    low: FloatArray
    step: FloatArray
    value: FloatArray
    rise: FloatArray

    @classmethod
    def of(cls, law: Sums) -> Curves:
        """Evaluate distributions at equal steps of the logarithm of money."""
        low, high = law.typical(np.array(-_FAR)), law.typical(np.array(_FAR))
        with np.errstate(divide="ignore"):  # who buys nothing has a straight curve
            apart = (_ERROR * _BEND / law.narrowness()) ** 0.25
        n = int(np.clip(np.max((high - low) / apart, initial=0.0) + 2, _FEWEST, _MOST))
        step = (high - low) / (n - 1)
        value, slope = np.stack([law.reached(low + i * step)[:2] for i in range(n)], axis=-1)
        return cls(law.none, low, step, value, slope * step[:, None])

    def take(self, rows: IntArray) -> Curves:
        """Return some rows, in any order and as often as they are named."""
        return Curves(self.none[rows], self.low[rows], self.step[rows], self.value[rows], self.rise[rows])

    def cdf_at(self, amounts: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of every row at each of some amounts from 0 on, shape (row, amount)."""
        last = self.value.shape[1] - 1
        with np.errstate(divide="ignore"):
            place = np.clip((np.log(amounts) - self.low[:, None]) / self.step[:, None], 0.0, last)
        left = np.minimum(place.astype(np.int64), last - 1)
        t = place - left
        start, end, rise, fall = (
            np.take_along_axis(values, left + i, axis=1) for values in (self.value, self.rise) for i in (0, 1)
        )
        rest = end - start
        curve = start + t * (rise + t * (3 * rest - 2 * rise - fall + t * (rise + fall - 2 * rest)))
        reached: FloatArray = self.none[:, None] + np.where(amounts > 0, np.maximum(curve, 0.0), 0.0)
        return reached
