"""Purchases of a customer who leaves at a time of their own, whatever they buy: the sums behind Pareto/NBD and its kin.

A customer buys at rate lambda ~ Gamma(r, rate alpha) until they leave or the time is over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels import negative_binomial


@dataclass(frozen=True, eq=False)
class Times:
    """Nodes that stand for all times from 0 to an end at which a customer may leave.

    Attributes
    ----------
    y, width : array, shape (node, *broadcast)
        The times, and their weights in an integral over time.
    survival, hazard : array, shape (node, *broadcast)
        P(still there at y), and the chance to leave then, per time, of those still there.
    end, stays : array, shape (*broadcast,)
        Where they end, and P(still there then); the end comes before the horizon where nobody is left to see it.
    """

    y: FloatArray
    width: FloatArray
    survival: FloatArray
    hazard: FloatArray
    end: FloatArray
    stays: FloatArray


def purchase_pmf(r: AnyArray, alpha: AnyArray, times: Times, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1; shape (n + 1, *broadcast).

    A customer who leaves at y has bought as often as one observed until y. The n-th purchase comes at some time y at
    which the customer is still there, which gives the tail without a difference.
    """
    leaves = times.width * times.survival * times.hazard
    term, step = _none_and_ratio(r, times.y / alpha)
    at_end, step_at_end = _none_and_ratio(r, times.end / alpha)
    out = np.empty((n + 1, *times.stays.shape))
    for k in range(n):
        out[k] = np.einsum("j...,j...->...", leaves, term) + times.stays * at_end
        if k == n - 1:
            buys = times.width * times.survival * (r + k) / (alpha + times.y)
            out[n] = np.einsum("j...,j...->...", buys, term)
        ratio = (r + k) / (k + 1)
        term *= ratio * step
        at_end *= ratio * step_at_end
    return out


def nodes_for(n: int) -> int:
    """Return how many more nodes it takes until the probabilities of up to n purchases are followed along time."""
    return int(min(n / 2, 4 * np.sqrt(n)))


def _none_and_ratio(r: AnyArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return P(no purchase) in a time of y = t / alpha, and y / (1 + y), which multiplies with every purchase."""
    return np.exp(-r * np.log1p(y)), y / (1 + y)


def simulate_purchases(
    rate: FloatArray, leaves: FloatArray, T: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw repeat purchases (customer, time) of customers with these rates who leave at these times."""
    customer, time, _ = negative_binomial.purchase_times(rate, np.minimum(leaves, T), rng)
    return customer, time
