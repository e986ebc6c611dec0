"""Purchases at random times at gamma-distributed rates: the part that all models of buying share."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.special import betaln


def log_buying(xp: Namespace, r: Any, alpha: Any, x: Any, until: Any) -> Any:
    """Return ln of the density of x purchases at known times by a customer observed buying until then.

    ``alpha ** r`` is carried inside ``log1p``, so that large r and alpha don't cancel.
    """
    return xp.gammaln(r + x) - xp.gammaln(r) - r * xp.log1p(until / alpha) - x * xp.log(alpha + until)


def counts(r: AnyArray, y: AnyArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return P(X = 0), ..., P(X = n - 1), shape (n, *broadcast), and P(X >= n), in a time of y = t / alpha."""
    r, y = np.broadcast_arrays(np.asarray(r, dtype=np.float64), np.asarray(y, dtype=np.float64))
    k = np.arange(1, n).reshape(-1, *(1,) * r.ndim)
    steps = np.empty((n, *r.shape))
    with np.errstate(divide="ignore"):
        steps[0] = -r * np.log1p(y)
        np.log((r + (k - 1)) / k, out=steps[1:])
        steps[1:] += np.log(_share(y))
    np.cumsum(steps, axis=0, out=steps)
    return np.exp(steps, out=steps), at_least(r, y, np.asarray(n))


def at_least(r: AnyArray, y: AnyArray, n: AnyArray) -> FloatArray:
    """Return P(X >= n), n at least 1, in a time of y = t / alpha, for inputs that broadcast."""
    tail: FloatArray = special.betainc(n, r, _share(y))
    return tail


def log_pmf(r: AnyArray, y: AnyArray, n: AnyArray) -> FloatArray:
    """Return ln P(X = n) in a time of y = t / alpha, for inputs that broadcast."""
    with np.errstate(divide="ignore"):
        return np.asarray(-betaln(r, n + 1.0) - np.log(r + n) - r * np.log1p(y) + n * np.log(_share(y)))


def _share(y: AnyArray) -> FloatArray:
    """Return y / (1 + y), for y = 0 and y = inf too."""
    return 1 / (1 + 1 / np.maximum(y, np.finfo(float).tiny))


def purchase_times(rate: FloatArray, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray, IntArray]:
    """Draw purchases of customers who buy at constant rates until T, by customer and time.

    Returns
    -------
    customer, time, nth : array, shape (purchase,)
        Whose, when, and how many the customer had made before.
    """
    customer = np.repeat(np.arange(len(T)), rng.poisson(rate * T))
    time = rng.random(len(customer)) * T[customer]
    order = np.lexsort((time, customer))
    customer, time = customer[order], time[order]
    return customer, time, np.arange(len(customer)) - np.searchsorted(customer, customer)
