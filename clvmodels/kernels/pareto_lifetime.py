"""Lifetimes that are exponential for each customer, with rates that follow a gamma law: the Pareto (Lomax) law."""

from __future__ import annotations

import numpy as np
from scipy import special

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.kernels.leaving import Times, nodes_for
from clvmodels.kernels.quadrature import on_panels

_LONGEST = 600.0  # e^600 times a scale is as good as for ever, and far from what a float can hold
_CUT = 40.0  # e^-40 = 4e-18 of the customers are left out, and e^-2 as many for every purchase that is counted
_EVEN = 6.0  # e^6 beyond all scales everything is a plain power of time


def mean_time_alive(s: AnyArray, beta: AnyArray, t: AnyArray) -> FloatArray:
    """Return the expected time alive within t: beta / (s - 1) [1 - (beta / (beta + t))^(s - 1)], for s = 1 too."""
    length = np.log1p(np.asarray(t, dtype=np.float64) / beta)
    s = np.asarray(s, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        within = length * special.exprel(-(s - 1) * length)
    endless: FloatArray = np.where(s > 1, 1 / np.where(s > 1, s - 1, 1.0), np.inf)
    return beta * np.where(np.isinf(length), endless, within)


def leaving_times(s: AnyArray, beta: AnyArray, t: AnyArray, alpha: AnyArray, n: int) -> Times:
    """Return nodes until t that follow leaving and the probabilities of up to n purchases at scale alpha."""
    s, beta, t, alpha = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (s, beta, t, alpha)))
    end = np.minimum(t, beta * np.expm1(np.minimum((_CUT + 2 * n) / s, _LONGEST)))
    near, far = np.minimum(alpha, beta), np.maximum(alpha, beta)
    length = np.log1p(end / near)
    even = np.minimum(length, np.log(far / near * (1 + n)) + _EVEN)
    fall = np.log1p(even) + (s + 1) * np.log1p(near * np.expm1(even) / beta)
    size = 8 + int(np.ceil(np.max(2.6 * np.sqrt(np.minimum(fall, _CUT + 2 * n)) + 1.8 * even, initial=0.0)))
    edges = [np.zeros_like(even), even, length] if np.any(length > even) else [np.zeros_like(even), even]
    u, weight = on_panels(edges, size + nodes_for(n))
    y = near * np.expm1(u)
    return Times(
        y=y,
        width=weight * (near + y),
        survival=np.exp(-s * np.log1p(y / beta)),
        hazard=s / (beta + y),
        end=end,
        stays=np.exp(-s * np.log1p(end / beta)),
    )
