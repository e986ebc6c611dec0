"""Regular purchases: every k-th event of a Poisson process, whose customer may leave after each purchase.

Events come at rate lambda ~ Gamma(r, rate alpha), so that the time between purchases is Erlang-k with mean k / lambda.
A customer in phase j has seen j events since the last purchase. For k = 1 every event is a purchase, as in BG/NBD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy import special

from clvmodels.arrays import AnyArray, BoolArray, FloatArray
from clvmodels.kernels import beta_geometric, negative_binomial
from clvmodels.kernels.beta_geometric import TINY
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing

type Params = Mapping[str, Any]

_EVENTS = (64, 256)  # a sum over so many events takes no longer than the integral, and cancels nowhere
_SETTLED = 32.0  # e^-32 = 1e-14 of the expectation may come from events beyond
_CELLS = 20_000  # customers that are summed at once: a few arrays of 0.2 MB stay in the processor's cache
_STRIDE = 16  # events between logarithms: their ratios, below 1e5 each, multiply to no overflow
_STAYS = 1e-4  # a chance to stay below which two terms of the series in it leave 1e-12


def log_buying(xp: Namespace, params: Params, h: Mapping[str, Any], *, until: str, phase: float = 0.0) -> Any:
    """Return ln of the density of x purchases at known times and so many events since, seen until T or t_x.

    Without ``litt`` the factor is left out that all ways to go on from t_x share; P(alive) doesn't see it. Whatever the
    namespace, k and the phase are plain numbers.
    """
    k, x = params["k"], h["x"]
    density = negative_binomial.log_buying(xp, params["r"], params["alpha"], k * x + phase, h[until])
    if phase > 0:
        density = density + phase * xp.log(h["T"] - h["t_x"]) - special.gammaln(phase + 1.0)
    return density + (k - 1.0) * h["litt"] - x * special.gammaln(k) if "litt" in h else density


def expected_purchases(params: Params, t: AnyArray) -> FloatArray:
    r"""Return the expected number of purchases in a time t, of a customer in a ``phase`` (0 where none is given).

    With y = t / alpha and N events ahead, the m-th purchase is event km - j, and the expectation is the sum over m of
    P(N >= km - j) B(a, b+m-1) / B(a, b). Where few events are likely it is added up over N. Elsewhere it is, with
    q = 1 - p and M = floor((N + j) / k), the integral over dropout of (1 - E[q^M]) / p, in which the k-th roots z of q
    pick every k-th event:

    .. math:: \frac{1 - E[q^M]}{p} = \frac{1}{k q} \sum_z \frac{z^{j+1}}{1 - z} (1 - (1 + y (1 - z))^{-r})

    Where t has one axis more, in front, than the parameters, all its times share nodes.
    """
    k, y = int(np.max(params["k"])), t / params["alpha"]
    if k == 1:
        return beta_geometric.expected_purchases(params["r"], y, params["a"], params["b"])
    inputs = (params["r"], params["a"], params["b"], params.get("phase", 0.0))
    times, (r, a, b, phase), shape = beta_geometric.flattened(y, *inputs)
    out = np.where(np.isinf(times), beta_geometric.lifetime_purchases(a, b), 0.0)
    left = (times > 0) & np.isfinite(times)
    for n in _EVENTS:
        few = left & _settled(k, r, times, phase, n)
        time, row = np.nonzero(few)
        for part in (slice(i, i + _CELLS) for i in range(0, len(row), _CELLS)):
            i, j = time[part], row[part]
            out[i, j] = _summed(k, r[j], times[i, j], a[j], b[j], phase[j], n)
        left &= ~few
    ends = times.max(axis=0, initial=0.0) / k
    for rows, nodes in beta_geometric.batches(np.flatnonzero(left.any(axis=0)), r, ends, a, b):
        p, log_q, weight = beta_geometric.dropout_nodes(r[rows], ends[rows], a[rows], b[rows], nodes)
        for time, unsettled, found in zip(times[:, rows], left[:, rows], out, strict=True):
            ahead = np.einsum("kr,kr->r", weight * p, _bought(k, r[rows], time, phase[rows], p, log_q))
            found[rows] = np.where(unsettled, ahead, found[rows])
    return out.reshape(shape)


def _settled(k: int, r: FloatArray, y: FloatArray, phase: FloatArray, n: int) -> BoolArray:
    """Return where n events or more are so rare beside the next purchase that they don't count (Chernoff's bound)."""
    mean, first, most = r * y, k - phase, n - phase
    with np.errstate(all="ignore"):
        beyond = (most + r) * np.log((most + r) / (mean + r)) - most * np.log(most / mean)
        ways = special.gammaln(r + first) - special.gammaln(r) - special.gammaln(first + 1)
        upcoming = ways - r * np.log1p(y) - first * np.log1p(1 / y)
        settled: BoolArray = (mean < most) & (beyond < upcoming - _SETTLED)
    return settled


def _summed(
    k: int, r: FloatArray, y: FloatArray, a: FloatArray, b: FloatArray, phase: FloatArray, n: int
) -> FloatArray:
    """Return expected purchases as a sum over the number of events."""
    total, purchases, stays = np.zeros(r.shape), np.zeros(r.shape), np.ones(r.shape)
    for i, pmf in enumerate(_event_pmf(r, y, phase, n)):
        nth = i // k
        if i > 0 and i % k == 0:
            purchases, stays = purchases + stays, stays * (b + nth - 1) / (a + b + nth - 1)
        if nth > 0:
            total += pmf * purchases
    return total


def _event_pmf(r: FloatArray, y: FloatArray, phase: FloatArray, n: int) -> Iterator[FloatArray]:
    """Give P(N = i - phase) for i = 0 .. n - 1, of the events N in a time of y; 0 where that is below 0."""
    share = 1 / (1 + 1 / np.maximum(y, TINY))
    log_start, since_start = -r * np.log1p(y), np.ones(r.shape)
    start = np.exp(log_start)
    latest = float(phase.max(initial=0.0))
    for i in range(n):
        if i > latest:
            since_start = since_start * ((r + (i - 1 - phase)) / (i - phase) * share)
        else:
            event = i - phase
            since_start = np.where(event > 0, since_start * ((r + (event - 1)) / np.maximum(event, 1) * share), 1.0)
        if i % _STRIDE == _STRIDE - 1:
            with np.errstate(divide="ignore"):
                log_start = log_start + np.log(since_start)
            start, since_start = np.exp(log_start), np.ones(r.shape)
        yield start * since_start if i >= latest else np.where(event < 0, 0.0, start * since_start)


def _bought(k: int, r: FloatArray, y: FloatArray, phase: FloatArray, p: FloatArray, log_q: FloatArray) -> FloatArray:
    """Return (1 - E[q^M]) / p of rows at nodes, shape (node, row)."""
    power = np.exp((phase + 1) * log_q / k)
    total = np.zeros(p.shape)
    for turn in range(k // 2 + 1):  # roots beyond half a turn are conjugates of those before
        real = turn == 0 or 2 * turn == k
        root = (-1.0) ** (turn > 0) if real else np.exp(2j * np.pi * turn / k)
        rest = np.maximum(-np.expm1(log_q / k), TINY) if turn == 0 else 1 - root * np.exp(log_q / k)
        term = power * root ** (phase + 1) / rest * -np.expm1(-r * np.log1p(y * rest))
        total += term if real else 2 * term.real
    q = np.exp(log_q)
    few = q < _STAYS  # there the roots are so small that their terms cancel
    bought: FloatArray = total / (k * np.where(few, 1.0, q))
    if few.any():
        (_, one, two), more = purchase_counts(k, r, y, phase, 3)
        bought = np.where(few, (one * p + two * (1 - q * q) + more) / p, bought)
    return bought


def purchase_counts(k: int, r: AnyArray, y: AnyArray, phase: AnyArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return P(M = 0), ..., P(M = n - 1), shape (n, *broadcast), and P(M >= n), of customers who never leave."""
    r, y, phase = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (r, y, phase)))
    out = np.zeros((n, *r.shape))
    for i, pmf in enumerate(_event_pmf(r, y, phase, k * n)):
        out[i // k] += pmf
    share = 1 / (1 + 1 / np.maximum(y, TINY))
    return out, special.betainc(k * n - phase, r, share)


def purchase_pmf(params: Params, t: AnyArray, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1, in a time t; shape (n + 1, *broadcast)."""
    k, y = int(np.max(params["k"])), t / params["alpha"]
    if k == 1:
        return beta_geometric.purchase_pmf(params["r"], y, params["a"], params["b"], n)
    inputs = (params["r"], y, params["a"], params["b"], params.get("phase", 0.0))
    r, y, a, b, phase = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in inputs))
    return beta_geometric.until_gone(*purchase_counts(k, r, y, phase, n), a, b)


def at_least(params: Params, t: AnyArray, n: AnyArray) -> FloatArray:
    """Return P(X >= n), n at least 1, in a time t, for inputs that broadcast."""
    last = int(np.max(params["k"])) * np.asarray(n) - params.get("phase", 0.0)
    beyond = negative_binomial.at_least(params["r"], t / params["alpha"], last)
    return beta_geometric.at_least(beyond, params["a"], params["b"], n)


def timing(params: Params, t: AnyArray, n: AnyArray, delta: float) -> Timing:
    """Return what a discount leaves of n purchases, n at least 1, for inputs that broadcast."""
    laws = (params["r"], params["alpha"], params["a"], params["b"])
    events = int(np.max(params["k"]))
    return beta_geometric.timing(*laws, t, n, delta, events=events, phase=params.get("phase", 0.0))
