"""Purchases of a customer who leaves at a time of their own, whatever they buy: the sums behind Pareto/NBD and its kin.

A customer buys at rate lambda ~ Gamma(r, rate alpha) until they leave or the time is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels import negative_binomial, purchase_time
from clvmodels.kernels.purchase_time import AbstractClock
from clvmodels.kernels.quadrature import gauss_legendre
from clvmodels.kernels.timing import Timing, spread_over

_NODES = 16  # of a panel: a bell three standard deviations to either side is then integrated to 1e-13
_BELL, _POWER, _FADING = 6.0, 2.5, 6.0  # what a panel may span: of bells, e-folds of time, e-folds of survival
_CUT = 37.0  # e^-37 = 1e-16: of the customers, or of their purchases, are left out
_WIDE = 10.0  # standard deviations beyond which a count has become certain
_HALVINGS = 12  # an edge of a panel is placed to a 4,000th
_LADDER = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512])  # panels a row may have
_CELLS = 20_000  # nodes x rows that are worked on at once: 0.16 MB an array stays in the processor's cache
_DEEPEST = 600.0  # e^-600 is still far from what a float holds


@dataclass(frozen=True, eq=False)
class _Rows:
    """Customers, and until when they are looked at, shape (row,)."""

    r: FloatArray
    alpha: FloatArray
    clock: AbstractClock
    end: FloatArray

    @property
    def scale(self) -> FloatArray:
        """The shortest time on which leaving, or a first purchase, changes."""
        return np.minimum(self.alpha / (1 + self.r), self.clock.scale)

    def bells(self, y: FloatArray) -> FloatArray:
        """Return a time on the scale on which the distribution of counts has a standard deviation of about 1."""
        return 2 * np.sqrt(self.r) * np.arcsinh(np.sqrt(y / self.alpha))

    def panels(self, y: FloatArray) -> FloatArray:
        """Return how many panels it takes until y."""
        wide = self.bells(y) / _BELL + np.log1p(y / np.minimum(self.alpha, self.clock.scale)) / _POWER
        return wide + self.clock.exponent(y) / _FADING + self.clock.growth(np.zeros_like(y), y) / _POWER

    def take(self, rows: IntArray) -> _Rows:
        """Return some rows."""
        return _Rows(self.r[rows], self.alpha[rows], self.clock.take(rows), self.end[rows])


def purchase_pmf(r: AnyArray, alpha: AnyArray, clock: AbstractClock, t: AnyArray, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1; shape (n + 1, *broadcast).

    A customer who leaves at y has bought as often as one observed until y. All counts share nodes, on panels so short
    that the bells of neighbouring counts are followed: absolute error below 1e-12, whatever the row's company.
    """
    clock, (r, alpha, t), shape = _flat(clock, r, alpha, t)
    rows = _Rows(r, alpha, clock, np.minimum(t, _last_look(r, alpha, clock, n)))
    out = np.empty((n + 1, len(r)))
    for part, panels in _parts(rows):
        some = rows.take(part)
        y, width = _nodes(some, panels)
        leaves = width * np.exp(-some.clock.exponent(y)) * some.clock.hazard(y)
        stays = np.exp(-some.clock.exponent(some.end))
        out[:n, part] = _counts(some, np.concatenate([y, some.end[None]]), np.concatenate([leaves, stays[None]]), n)
    out[n] = purchase_time.at_least(r, alpha, clock, t, np.full(len(r), float(n)))
    return out.reshape(n + 1, *shape)


def at_least(r: AnyArray, alpha: AnyArray, clock: AbstractClock, t: AnyArray, n: AnyArray) -> FloatArray:
    """Return P(X >= n), n at least 1, for inputs that broadcast."""
    clock, flat, shape = _flat(clock, r, alpha, t, n)
    r, alpha, t, n = flat
    return purchase_time.at_least(r, alpha, clock, t, n).reshape(shape)


def timing(r: AnyArray, alpha: AnyArray, clock: AbstractClock, t: AnyArray, n: AnyArray, delta: float) -> Timing:
    """Return what a discount leaves of n purchases, n at least 1, for inputs that broadcast."""
    clock, flat, shape = _flat(clock, r, alpha, t, n)
    r, alpha, t, n = flat
    mass = np.exp(-clock.exponent(t) + negative_binomial.log_pmf(r, t / alpha, n))  # of those who stay
    evenly = spread_over(t, n, delta)
    total = mass * evenly
    for part, y, weight in purchase_time.nodes(r, alpha, clock, t, n + 1):
        # Those with n purchases at y who leave then, from those who make one more.
        leaves = weight * clock.take(part).hazard(y) * (alpha[part] + y) / (r + n)[part]
        total[:, part] += np.einsum("jr,mjr->mr", leaves, spread_over(y, n[part], delta))
        mass[part] += leaves.sum(axis=0)
    return Timing.averaged(total, mass, evenly).reshaped(shape)


def _flat(clock: AbstractClock, *inputs: AnyArray) -> tuple[AbstractClock, list[FloatArray], tuple[int, ...]]:
    """Return clock and inputs as rows, and the shape in which they broadcast."""
    every = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (*inputs, *clock.laws)))
    flat = [v.ravel() for v in every]
    return clock.like(*flat[len(inputs) :]), flat[: len(inputs)], every[0].shape


def _last_look(r: FloatArray, alpha: FloatArray, clock: AbstractClock, n: int) -> FloatArray:
    """Return when nobody is left, or nobody who is has bought fewer than n times."""
    with np.errstate(over="ignore"):
        bell = np.arcsinh(np.sqrt(n / r)) + _WIDE / 2 / np.sqrt(r)
        bought = np.maximum(np.square(np.sinh(np.minimum(bell, _DEEPEST / 2))), (1 + n / r) * np.exp(_CUT / r) - 1)
        return np.minimum(clock.reach(_CUT), np.minimum(alpha * bought, 1e300))


def _parts(rows: _Rows) -> Iterator[tuple[IntArray, int]]:
    """Give rows that take the same number of panels, some at a time."""
    place = np.searchsorted(_LADDER, rows.panels(rows.end))
    for i in np.unique(place):
        found, panels = np.flatnonzero(place == i), int(_LADDER[min(i, len(_LADDER) - 1)])
        size = max(1, _CELLS // (panels * _NODES))
        yield from ((found[start : start + size], panels) for start in range(0, len(found), size))


def _nodes(rows: _Rows, panels: int) -> tuple[FloatArray, FloatArray]:
    """Return times in (0, end) and their weights in an integral, shape (node, row)."""
    points, weights = gauss_legendre(_NODES)
    scale = rows.scale
    near, far = np.zeros((panels - 1, len(scale))), np.tile(np.log1p(rows.end / scale), (panels - 1, 1))
    wanted = rows.panels(rows.end) * np.arange(1, panels)[:, None] / panels
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        later = rows.panels(scale * np.expm1(middle)) > wanted
        near, far = np.where(later, near, middle), np.where(later, middle, far)
    u = np.concatenate([np.zeros((1, len(scale))), near, np.log1p(rows.end / scale)[None]])
    half = np.diff(u, axis=0)[:, None] / 2  # shape (panel, 1, row)
    u = (u[:-1, None] + half * (points[:, None] + 1)).reshape(-1, len(scale))
    y = scale * np.expm1(u)
    return y, (half * weights[:, None]).reshape(u.shape) * (scale + y)


def _counts(rows: _Rows, y: FloatArray, weight: FloatArray, n: int) -> FloatArray:
    """Return the weighted sum of P(0), ..., P(n - 1) in a time y, shape (n, row)."""
    out = np.empty((n, len(rows.r)))
    share = y / (rows.alpha + y)
    log_none = -rows.r * np.log1p(y / rows.alpha)
    deep = np.flatnonzero(log_none.min(axis=0) < -_DEEPEST)
    term = weight * np.exp(log_none)
    for k in range(n):
        out[k] = np.einsum("jr->r", term)
        term *= share * ((rows.r + k) / (k + 1))
    if len(deep):  # no purchase is so unlikely there that it isn't a number any more
        r, log_share, log_term = rows.r[deep], np.log(share[:, deep]), log_none[:, deep]
        for k in range(n):
            out[k, deep] = np.einsum("jr,jr->r", weight[:, deep], np.exp(log_term))
            log_term = log_term + log_share + np.log((r + k) / (k + 1))
    return out


def simulate_purchases(
    rate: FloatArray, leaves: FloatArray, T: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw repeat purchases (customer, time) of customers with these rates who leave at these times."""
    customer, time, _ = negative_binomial.purchase_times(rate, np.minimum(leaves, T), rng)
    return customer, time
