"""Purchases of a customer who may leave after each one: the sums behind the models with a coin.

A customer buys at rate lambda ~ Gamma(r, rate alpha) and leaves after a purchase with probability p ~ Beta(a, b).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels import negative_binomial, purchase_time
from clvmodels.kernels.discrete_survival import log_survival
from clvmodels.kernels.special import betaln
from clvmodels.kernels.timing import Timing, every_kth, with_one_at

# The integrand bends where the beta distribution peaks and where p r y passes 1. The farther these lie apart (as a
# difference
# of logarithms), the more nodes a relative error below 1e-10 takes; each pair is (distance, nodes up to it), checked
# against mpmath.
_NODES = ((1.0, 81), (6.0, 193), (16.0, 385), (np.inf, 769))
TINY = 1e-300  # below it p cancels: (1 - (1 + p y)^-r) / p -> r y
_CELLS = 20_000  # nodes x rows that are worked on at once: ten such arrays stay in a processor's cache


def expected_purchases(r: AnyArray, y: AnyArray, a: AnyArray, b: AnyArray) -> FloatArray:
    r"""Return the expected number of purchases in a time of y = t / alpha, for inputs that broadcast.

    .. math:: \int_0^1 \frac{1 - (1 + p y)^{-r}}{p} \, \mathrm{Beta}(p; a, b) \, dp

    The textbook form :math:`\frac{a+b-1}{a-1}[1 - \ldots\,_2F_1]` is 0/0 at a = 1, loses digits near it and overflows
    for many purchases. The integrand here is positive everywhere, so nothing cancels.

    Where y has one axis more, in front, than the other inputs (many times for the same customers), all its times
    share nodes.
    """
    times, (r, a, b), shape = flattened(y, r, a, b)
    ends = times.max(axis=0, initial=0.0)
    out = np.where(np.isinf(ends), lifetime_purchases(a, b), np.zeros(times.shape))
    within = np.flatnonzero((ends > 0) & np.isfinite(ends))
    for rows, nodes in batches(within, r, ends, a, b):
        p, _, weight = dropout_nodes(r[rows], ends[rows], a[rows], b[rows], nodes)
        for t, found in zip(times[:, rows], out, strict=True):
            found[rows] = -np.einsum("kr,kr->r", weight, np.expm1(-r[rows] * np.log1p(p * t)))
    return out.reshape(shape)


def flattened(y: AnyArray, *inputs: AnyArray) -> tuple[FloatArray, tuple[FloatArray, ...], tuple[int, ...]]:
    """Return times as (time, row), the other inputs as (row,), and the shape in which they broadcast.

    There is more than one time a row where y has one axis more, in front, than the others.
    """
    others = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in inputs))
    times = np.asarray(y, dtype=np.float64)
    shape = np.broadcast_shapes(others[0].shape, times.shape)
    shared = len(shape) > others[0].ndim > 0
    rows = shape[1:] if shared else shape
    flat = np.broadcast_to(times, shape).reshape(shape[0] if shared else 1, -1)
    return flat, tuple(np.broadcast_to(v, rows).ravel() for v in others), shape


def lifetime_purchases(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return E[1 / p], the expected purchases without end of time; inf for a <= 1."""
    return np.where(a > 1, (a + b - 1) / np.where(a > 1, a - 1, 1.0), np.inf)


def batches(
    rows: IntArray, r: FloatArray, y: FloatArray, a: FloatArray, b: FloatArray
) -> Iterator[tuple[IntArray, int]]:
    """Cut rows into parts that take the same number of nodes and fit into the processor's cache."""
    distance = np.log(np.maximum(a, 1) / np.maximum(b, 1)) + np.log(np.maximum(r, 1)) + np.log(np.maximum(y, TINY))
    nearest = -np.inf
    for farthest, nodes in _NODES:
        found = rows[(distance[rows] > nearest) & (distance[rows] <= farthest)]
        size = max(1, _CELLS // nodes)
        for start in range(0, len(found), size):
            yield found[start : start + size], nodes
        nearest = farthest


def dropout_nodes(
    r: FloatArray, y: FloatArray, a: FloatArray, b: FloatArray, nodes: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return p, ln(1 - p) and weights, shape (node, row), that integrate f(p) / p over the beta distribution of
    dropout.

    Here f is to behave as 1 - (1 + p y)^-r. On the log-odds of p the integrand decays on both sides, and the
    trapezoidal rule after a sinh substitution converges exponentially (Takahasi & Mori 1974).
    """
    a_1, b_1 = np.maximum(a, 1), np.maximum(b, 1)
    beta_bend, width = np.log(a_1 / b_1), np.sqrt(1 / a_1 + 1 / b_1)
    buying_bend = -np.log(np.maximum(r, 1)) - np.log(y)
    centre = np.where(a < 1, np.minimum(beta_bend, buying_bend), beta_bend)
    width = np.where(centre < beta_bend, np.sqrt(2.0), width)
    # Tails are cut where the integrand has fallen by e^-34 = 2e-15: it falls like p^a left of both bends, p^(a-1)
    # between them, and (1-p)^b on the right; within 10 widths it is at least as small for a peaked beta.
    gap = np.maximum(0.0, centre - buying_bend)
    left = np.maximum(10 * width, np.minimum(gap + 34 / a, 34 / np.maximum(a - 1, 1e-9)))
    # A beta distribution with a large b falls like e^(-b p) from its bend on, which takes ln 34 instead of 34 / b.
    none_stays = 34 / b + np.log(-np.expm1(-34 / b))  # the log-odds of p where (1-p)^b = e^-34
    right = np.maximum(10 * width, np.maximum(beta_bend + 34 / b, none_stays) - centre)
    start, stop = -np.arcsinh(left / width), np.arcsinh(right / width)
    step = (stop - start) / (nodes - 1)
    e = np.exp(start + step * np.arange(nodes)[:, None])
    back = 1 / e
    logit = (e - back) * (width / 2) + centre
    beyond = np.maximum(logit, 0)
    log_both = np.log1p(np.exp(logit - 2 * beyond))  # ln(1 + e^-|logit|)
    log_p, log_q = np.minimum(logit, 0) - log_both, -(beyond + log_both)
    p = np.maximum(np.exp(log_p), TINY)
    weight = np.exp(a * log_p + (b * log_q + (np.log(step * width / 2) - betaln(a, b)))) * (e + back) / p
    return p, log_q, weight


def purchase_pmf(r: AnyArray, y: AnyArray, a: AnyArray, b: AnyArray, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1, in a time of y = t / alpha; shape (n + 1,
    *broadcast)."""
    r, y, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (r, y, a, b)))
    return until_gone(*negative_binomial.counts(r, y, n), a, b)


def until_gone(bought: FloatArray, beyond: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the pmf of purchases of customers who may leave, from that of customers who would stay.

    All terms are positive; the tail grows downwards by adding, so that nothing is lost to 1 - sum.

    Parameters
    ----------
    bought : array, shape (n, ...)
        P(X = 0), ..., P(X = n - 1) of who never leaves.
    beyond : array
        Their P(X >= n).
    a, b : array
        The beta distribution of dropout.
    """
    n = len(bought)
    before = np.arange(n - 1.0).reshape(-1, *(1,) * beyond.ndim)  # coins that were thrown before the k-th
    thrown = (a + b) + before
    alive = np.ones((n, *beyond.shape))  # B(a, b + k) / B(a, b)
    np.divide(b + before, thrown, out=alive[1:])
    np.cumprod(alive, axis=0, out=alive)
    out = np.empty((n + 1, *beyond.shape))
    np.multiply(alive, bought, out=out[:n])
    out[n] = beyond * alive[-1]
    tails = np.cumsum(bought[:0:-1], axis=0)[::-1]
    tails += beyond
    tails *= alive[:-1]
    tails *= a / thrown
    out[1:n] += tails
    return out


def at_least(beyond: FloatArray, a: AnyArray, b: AnyArray, n: AnyArray) -> FloatArray:
    """Return P(X >= n), n at least 1, from that of customers who never leave: n - 1 coins let the customer stay."""
    reached: FloatArray = beyond * np.exp(log_survival(a, b, 1.0, 0.0, np.asarray(n) - 1.0))
    return reached


def timing(  # noqa: PLR0913
    r: AnyArray,
    alpha: AnyArray,
    a: AnyArray,
    b: AnyArray,
    t: AnyArray,
    n: AnyArray,
    delta: float,
    *,
    events: int = 1,
    phase: AnyArray | float = 0.0,
) -> Timing:
    """Return what a discount leaves of n purchases, n at least 1, for inputs that broadcast.

    The customer has left after the n-th purchase, and the others lie before, or is still there at t.

    Parameters
    ----------
    r, alpha : array
        Shape and rate of the rates of events.
    a, b : array
        The beta distribution of dropout.
    t, n : array
        The time, the number of purchases.
    delta : float > 0
        Force of interest a period.
    events : int
        How many events make a purchase.
    phase : array
        Events since the last purchase.
    """
    inputs = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (r, alpha, a, b, t, n, phase)))
    r, alpha, a, b, t, n, phase = (v.ravel() for v in inputs)
    last = events * n - phase
    total, mass = np.zeros((3, len(n))), np.zeros(len(n))
    for j in range(events):  # who has stayed has seen so many events since the last purchase
        here = (b + n - 1) / a * np.exp(negative_binomial.log_pmf(r, t / alpha, last + j))
        total += here * every_kth(t, n, last + j, events, phase, delta)
        mass += here
    for part, y, weight in purchase_time.nodes(r, alpha, purchase_time.NoClock(), t, last):
        before = every_kth(y, n[part] - 1, last[part] - 1, events, phase[part], delta)
        total[:, part] += np.einsum("jr,mjr->mr", weight, with_one_at(y, before, delta))
        mass[part] += weight.sum(axis=0)
    evenly = every_kth(t, n, last, events, phase, delta)
    return Timing.averaged(total, mass, evenly).reshaped(inputs[0].shape)


def past_first_coin(params: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the chance that the coin of the first purchase lets a new customer stay, and the parameters of who did.

    A customer whose first coin lies behind has ``coin`` 0.
    """
    a, b, coin = params["a"], params["b"], params.get("coin", 1.0)
    return 1.0 - coin * a / (a + b), {**params, "b": b + coin}


def simulate_purchases(
    params: Mapping[str, float], T: FloatArray, rng: np.random.Generator, *, coins_before: int, events: int = 1
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
    events : int
        How many events of the Poisson process make a purchase.
    """
    rate = rng.gamma(params["r"], 1 / params["alpha"], len(T))
    p = rng.beta(params["a"], params["b"], len(T))
    customer, time, nth = negative_binomial.purchase_times(rate, T, rng)
    last = rng.geometric(np.maximum(p, np.finfo(float).tiny))  # the coin that ends it
    stays = ((nth + 1) % events == 0) & (nth // events + coins_before < last[customer])
    return customer[stays], time[stays]
