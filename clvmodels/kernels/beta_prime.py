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
    found: FloatArray = special.betainc(a, b, special.expit(v))
    far = v > _FAR
    if far.any():
        found[far] = special.betaincc(b[far], a[far], special.expit(-v[far]))
    return found


def expansion(a: FloatArray, b: FloatArray, v: FloatArray, degree: int) -> FloatArray:
    """Return the Taylor coefficients of v -> P(Y <= e^v), shape (power, *shape of the arguments)."""
    shape = np.broadcast_shapes(np.shape(a), np.shape(b), np.shape(v))
    out = np.empty((degree + 1, *shape))
    a, b, v = (np.broadcast_to(values, shape) for values in (a, b, v))
    out[0] = log_cdf_at(a, b, v)
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
        found.append(sum((rises[i] * found[m - i] for i in range(1, m + 1)), rises[0] * found[m]) / (m + 1))
    return np.stack([values / (m + 1) for m, values in enumerate(found)])


def _expit_series(v: FloatArray, degree: int) -> list[FloatArray]:
    series = [special.expit(v)]
    for m in range(degree - 1):
        squared = sum((series[i] * series[m - i] for i in range(1, m + 1)), series[0] * series[m])
        series.append((series[m] - squared) / (m + 1))
    return series
