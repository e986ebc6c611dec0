"""What a discount leaves of purchases whose number is known, and whose times are not.

Until some end, the purchases of a customer who buys at random are spread evenly, whatever the rate. So the sum of their
discount factors, given their number, has moments that are known for each end; for a distribution of ends they are
averages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.kernels.quadrature import gauss_legendre

_AT_ONCE = 8  # purchases that are summed one by one


@dataclass(frozen=True, eq=False)
class Timing:
    """Moments of the discount factors of a number of purchases.

    Attributes
    ----------
    mean : array
        Of their sum.
    squares : array
        The mean of the sum of their squares.
    second : array
        The mean of the square of their sum.
    """

    mean: FloatArray
    squares: FloatArray
    second: FloatArray

    @classmethod
    def averaged(cls, total: FloatArray, mass: FloatArray, otherwise: FloatArray) -> Timing:
        """Return total / mass, moments by the first axis; something else where there is no mass."""
        some = mass > 0
        return cls(*np.where(some, total / np.where(some, mass, 1.0), otherwise))

    @property
    def variance(self) -> FloatArray:
        """Of the sum."""
        spread: FloatArray = np.maximum(self.second - np.square(self.mean), 0.0)
        return spread

    def reshaped(self, shape: tuple[int, ...]) -> Timing:
        """Return the same in another shape."""
        return Timing(self.mean.reshape(shape), self.squares.reshape(shape), self.second.reshape(shape))


def spread_over(y: AnyArray, n: AnyArray, delta: float) -> FloatArray:
    """Return the three moments of n purchases that are spread over a time y, shape (3, *broadcast).

    Parameters
    ----------
    y, n : array
        The end, and the number; they broadcast.
    delta : float > 0
        Force of interest a period.
    """
    one, two = _mean_factor(delta * y), _mean_factor(2 * delta * y)
    return _moments(n * one, n * two, n * np.maximum(two - one * one, 0.0))


def every_kth(y: AnyArray, n: AnyArray, events: AnyArray, k: int, phase: AnyArray, delta: float) -> FloatArray:
    """Return the three moments of n purchases that are every k-th of some events spread over a time y.

    The m-th of so many events comes at y times a beta variable. Its discount factor is taken to second order in its
    spread, and the variance of the sum as one k-th of that of purchases at random.

    Parameters
    ----------
    y, n, events : array
        The end, the number of purchases, and of events; they broadcast with ``phase``.
    k : int
        How many events make a purchase.
    phase : array
        Events that had been waited for before; the first purchase takes so many fewer.
    delta : float > 0
        Force of interest a period.
    """
    if k == 1:
        return spread_over(y, n, delta)
    one, two = (_summed_factors(force * y, n, events, k, phase) for force in (delta, 2 * delta))
    even = spread_over(y, n, delta)
    return _moments(one, two, (even[2] - np.square(even[0])) / k)


def with_one_at(end: AnyArray, others: FloatArray, delta: float) -> FloatArray:
    """Return the three moments of some purchases and one more, at the end."""
    last = np.exp(-delta * end)
    mean, squares, second = others
    return _moments(mean + last, squares + last * last, second - mean * mean)


def _summed_factors(x: AnyArray, n: AnyArray, events: AnyArray, k: int, phase: AnyArray) -> FloatArray:
    """Return the sum of the mean discount factors of every k-th event, x being the force times the end.

    Few are summed one by one, many as an integral over their number.
    """
    points, weights = gauss_legendre(_AT_ONCE)
    total = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(n), np.shape(events), np.shape(phase)))
    for j, (point, weight) in enumerate(zip(points, weights, strict=True), start=1):
        few = n <= _AT_ONCE
        nth = np.where(few, j, 0.5 + n * (point + 1) / 2)
        place = np.clip((k * nth - phase) / (events + 1), 0.0, 1.0)
        factor = np.exp(-x * place + np.square(x) * place * (1 - place) / (events + 2) / 2)
        total += np.where(few, j <= n, n * weight / 2) * np.minimum(factor, 1.0)
    return total


def _moments(mean: AnyArray, squares: AnyArray, variance: AnyArray) -> FloatArray:
    return np.stack(np.broadcast_arrays(mean, squares, variance + mean * mean))


def at_every_step(n: AnyArray, delta: float) -> Timing:
    """Return the moments of purchases at the ends of the first n periods."""

    def summed(force: float) -> FloatArray:
        total: FloatArray = -np.expm1(-force * n) / np.expm1(force)
        return total

    mean = summed(delta)
    return Timing(mean, summed(2 * delta), mean * mean)


def _mean_factor(x: AnyArray) -> FloatArray:
    """Return (1 - e^-x) / x, 1 at x = 0."""
    some = x > 0
    return np.where(some, -np.expm1(-x) / np.where(some, x, 1.0), 1.0)
