"""The cumulative probability of the logarithm of a beta-prime variable, at a point and around it."""

from __future__ import annotations

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray
from clvmodels.kernels.special import betaln

_FAR = 3.0  # log-odds of 95%; 1 less such a share has lost four bits of its 53


def log_cdf_at(a: FloatArray, b: FloatArray, v: FloatArray) -> FloatArray:
    """Return P(Y <= e^v), Y ~ BetaPrime(a, b), for arrays of one shape; where it is nearly 1, from what is missing,
    which holds its digits."""
    far = v > _FAR
    if not far.any():
        return np.asarray(special.betainc(a, b, special.expit(v)))
    found, near = np.empty(v.shape), ~far
    found[near] = special.betainc(a[near], b[near], special.expit(v[near]))
    found[far] = special.betaincc(b[far], a[far], special.expit(-v[far]))
    return found


def expansion(a: FloatArray, b: FloatArray, v: FloatArray, degree: int) -> FloatArray:
    """Return the Taylor coefficients of v -> P(Y <= e^v), shape (power, *shape of the arguments)."""
    shape = np.broadcast_shapes(np.shape(a), np.shape(b), np.shape(v))
    out = np.empty((degree + 1, *shape))
    out[0] = log_cdf_at(*(np.broadcast_to(values, shape) for values in (a, b, v)))
    out[1:] = slope_series(a, b, v, degree)
    return out


def slope_series(a: FloatArray, b: FloatArray, v: FloatArray, degree: int) -> FloatArray:
    """Return the Taylor coefficients of powers 1, 2, ..., ``degree`` of v -> P(Y <= e^v), shape (power, ...).

    The logarithm of the density rises by a - (a + b) expit(v), and the series of expit is known from its own equation,
    s' = s (1 - s); so each power follows from those before.
    """
    share = _expit_series(v, degree)
    found = [np.exp(-a * np.logaddexp(0.0, -v) - b * np.logaddexp(0.0, v) - betaln(a, b))]
    rises = [a * special.expit(-v) - b * share[0], *(-(a + b) * s for s in share[1:])]
    for m in range(degree - 1):
        found.append(_folded(rises, found, m) / (m + 1))
    return np.stack([values / (m + 1) for m, values in enumerate(found)])


def _expit_series(v: FloatArray, degree: int) -> list[FloatArray]:
    series = [special.expit(v)]
    for m in range(degree - 1):
        series.append((series[m] - _folded(series, series, m)) / (m + 1))
    return series


def _folded(one: list[FloatArray], two: list[FloatArray], m: int) -> FloatArray:
    """Return the coefficient of the m-th power of a product of two series."""
    total = one[0] * two[m]
    for i in range(1, m + 1):
        total += one[i] * two[m - i]
    return total
