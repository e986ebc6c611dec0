"""Purchases of a customer who may leave after each one: the sums behind BG/NBD and MBG/NBD.

A customer buys at rate lambda ~ Gamma(r, rate alpha) and leaves after a purchase with probability p ~ Beta(a, b).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels import negative_binomial
from clvmodels.kernels.special import betaln

# The integrand bends where the beta law peaks and where p r y passes 1. The farther these lie apart (as a difference
# of logarithms), the more nodes a relative error below 1e-10 takes; each pair is (distance, nodes up to it), checked
# against mpmath.
_NODES = ((1.0, 81), (6.0, 193), (np.inf, 385))
_CELLS = 40_000  # nodes x rows that are worked on at once: 0.3 MB an array stays in the processor's cache


def expected_purchases(r: AnyArray, y: AnyArray, a: AnyArray, b: AnyArray) -> FloatArray:
    r"""Return the expected number of purchases in a time of y = t / alpha, for inputs that broadcast.

    .. math:: \int_0^1 \frac{1 - (1 + p y)^{-r}}{p} \, \mathrm{Beta}(p; a, b) \, dp

    The textbook form :math:`\frac{a+b-1}{a-1}[1 - \ldots\,_2F_1]` is 0/0 at a = 1, loses digits near it and overflows
    for many purchases. The integrand here is positive everywhere, so nothing cancels, and on the log-odds of p it
    decays on both sides: the trapezoidal rule after a sinh substitution converges exponentially (Takahasi & Mori 1974).

    Where y has one axis more, in front, than the other inputs (many times for the same customers), all its times
    share nodes.
    """
    r, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (r, a, b)))
    times = np.asarray(y, dtype=np.float64)
    shape = np.broadcast_shapes(r.shape, times.shape)
    shared = len(shape) > r.ndim and r.ndim > 0
    rows = shape[1:] if shared else shape
    flat = np.broadcast_to(times, shape).reshape(shape[0] if shared else 1, -1)
    r, a, b = (np.broadcast_to(v, rows).ravel() for v in (r, a, b))
    out = np.zeros(flat.shape)
    ends = flat.max(axis=0, initial=0.0)
    endless = np.isinf(ends)
    out[:, endless] = _lifetime_purchases(a[endless], b[endless])
    with np.errstate(divide="ignore"):
        distance = np.log(np.maximum(a, 1) / np.maximum(b, 1)) + np.log(np.maximum(r, 1)) + np.log(ends)
    nearest = -np.inf
    for farthest, nodes in _NODES:
        found = np.flatnonzero((ends > 0) & ~endless & (distance > nearest) & (distance <= farthest))
        size = max(1, _CELLS // nodes)
        for part in (found[i : i + size] for i in range(0, len(found), size)):
            out[:, part] = _integral(r[part], flat[:, part], a[part], b[part], nodes)
        nearest = farthest
    return out.reshape(shape)


def _lifetime_purchases(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return E[1 / p], the expected purchases without end of time; inf for a <= 1."""
    return np.where(a > 1, (a + b - 1) / np.where(a > 1, a - 1, 1.0), np.inf)


def _integral(r: FloatArray, y: FloatArray, a: FloatArray, b: FloatArray, nodes: int) -> FloatArray:
    """Return the integral of each row for several times; y has shape (time, row), the others (row,)."""
    a_1, b_1 = np.maximum(a, 1), np.maximum(b, 1)
    beta_bend, width = np.log(a_1 / b_1), np.sqrt(1 / a_1 + 1 / b_1)
    buying_bend = -np.log(np.maximum(r, 1)) - np.log(y.max(axis=0))
    centre = np.where(a < 1, np.minimum(beta_bend, buying_bend), beta_bend)
    width = np.where(centre < beta_bend, np.sqrt(2.0), width)
    # Tails are cut where the integrand has fallen by e^-34 = 2e-15: it falls like p^a left of both bends, p^(a-1)
    # between them, and (1-p)^b on the right; within 10 widths it is at least as small for a peaked beta.
    gap = np.maximum(0.0, centre - buying_bend)
    left = np.maximum(10 * width, np.minimum(gap + 34 / a, 34 / np.maximum(a - 1, 1e-9)))
    right = np.maximum(10 * width, beta_bend - centre + 34 / b)
    start, stop = -np.arcsinh(left / width), np.arcsinh(right / width)
    step = (stop - start) / (nodes - 1)
    e = np.exp(start + step * np.arange(nodes)[:, None])  # shape (node, row)
    logit = centre + width * (e - 1 / e) / 2
    z = np.exp(-np.abs(logit))
    log_both = np.log1p(z)
    log_p, log_q = np.minimum(logit, 0) - log_both, -np.maximum(logit, 0) - log_both
    p = np.maximum(np.where(logit > 0, 1.0, z) / (1 + z), 1e-300)  # below it p cancels: (1 - (1 + p y)^-r) / p -> r y
    weight = step * np.exp(a * log_p + b * log_q - betaln(a, b)) * width * (e + 1 / e) / (2 * p)
    return np.array([-np.einsum("kr,kr->r", weight, np.expm1(-r * np.log1p(p * times))) for times in y])


def purchase_pmf(r: AnyArray, y: AnyArray, a: AnyArray, b: AnyArray, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1, in a time of y = t / alpha; shape (n + 1,
    *broadcast).

    All terms are positive; the tail of the negative binomial comes from the incomplete beta function at n and grows
    downwards by adding, so that nothing is lost to 1 - sum.
    """
    r, y, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (r, y, a, b)))
    bought, beyond = negative_binomial.counts(r, y, n)
    k = np.arange(n).reshape(-1, *(1,) * r.ndim)
    with np.errstate(divide="ignore", invalid="ignore"):
        stays = np.cumsum(np.where(k > 0, np.log((b + k - 1) / (a + b + k - 1)), 0.0), axis=0)
    alive = np.exp(stays)  # B(a, b+k) / B(a, b)
    tails = beyond + np.cumsum(bought[::-1], axis=0)[::-1]  # P(NB >= k)
    out = np.empty((n + 1, *r.shape))
    out[:n] = alive * bought
    leaves = alive[:-1] * a / (a + b + k[1:] - 1)
    out[1:n] += leaves * tails[1:]
    out[n] = beyond * alive[-1]
    return out


def simulate_purchases(
    params: Mapping[str, float], T: FloatArray, rng: np.random.Generator, *, coins_before: int
) -> tuple[IntArray, FloatArray]:
    """Draw repeat purchases (customer, time) of customers who may leave after each purchase.

    Parameters
    ----------
    params : mapping
        ``r, alpha, a, b``.
    T : array, shape (customer,)
        How long each is followed.
    rng : Generator
        Source of chance.
    coins_before : int
        Coins that are thrown before the first repeat purchase: 1 where the first purchase may be the last.
    """
    rate = rng.gamma(params["r"], 1 / params["alpha"], len(T))
    p = rng.beta(params["a"], params["b"], len(T))
    customer, time, nth = negative_binomial.purchase_times(rate, T, rng)
    last = rng.geometric(np.maximum(p, np.finfo(float).tiny))  # the coin that ends it
    stays = nth + coins_before < last[customer]
    return customer[stays], time[stays]
