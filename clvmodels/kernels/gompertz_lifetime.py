r"""Lifetimes whose hazard grows exponentially, with levels that follow a gamma distribution: the gamma-Gompertz
distribution.

Survival is :math:`S(t) = e^{-s v(t)}` with :math:`v(t) = \ln[1 + (e^{bt} - 1) / \beta]`, the hazard
:math:`s b \, q(t)` with :math:`q(t) = e^{bt} / (\beta + e^{bt} - 1)`. Integrals over time are cut at the bend where
:math:`e^{bt}` passes beta and where nothing is left, and taken on each panel along ln(c + t).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.kernels.purchase_time import AbstractClock, time_alive
from clvmodels.kernels.quadrature import gauss_legendre

_CUT = 40.0  # e^-40 = 4e-18: what is worth less is left out
_BEFORE, _AFTER = 4.0, 6.0  # e-folds of the hazard around its bend that make a panel of their own
_RULES = np.array([12, 16, 20, 28, 40, 56])  # nodes of a panel
_CELLS = 20_000  # nodes x rows that are worked on at once
_OVERFLOW = 600.0  # of an exponent


def log_gompertz_integral(  # noqa: PLR0913 - as many as the integral has
    A: AnyArray,
    alpha: AnyArray,
    s: AnyArray,
    beta: AnyArray,
    b: AnyArray,
    lower: AnyArray,
    upper: AnyArray,
    *,
    slopes: bool = False,
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    r"""Return :math:`\ln \int_{lower}^{upper} (\alpha+y)^{-A} s b \, q(y) e^{-s v(y)} \, dy`, and its slopes if asked.

    Slopes are by A, alpha, s, beta, b. Inputs broadcast; -inf where upper doesn't exceed lower.
    """
    inputs = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (A, alpha, s, beta, b, lower, upper)))
    shape = inputs[0].shape
    rows = [v.ravel() for v in inputs]
    edges = _edges(*rows)
    n_rows = len(rows[0])
    height = np.full(n_rows, -np.inf)
    total = np.zeros(n_rows)
    moments = np.zeros((5, n_rows))
    for start, stop in pairwise(edges):
        some = np.flatnonzero(stop > start)
        needed = _nodes_of_rows([v[some] for v in rows], start[some], stop[some])
        for n in np.unique(needed):
            found = some[needed == n]
            size = _CELLS // n
            for part in (found[i : i + size] for i in range(0, len(found), size)):
                peak, mass, means = _panel([v[part] for v in rows], start[part], stop[part], n, slopes=slopes)
                top = np.maximum(height[part], peak)
                before, now = np.exp(height[part] - top), np.exp(peak - top)
                total[part] = total[part] * before + mass * now
                moments[:, part] = moments[:, part] * before + means * now
                height[part] = top
    with np.errstate(divide="ignore"):
        value = (np.log(total) + height).reshape(shape)
    if not slopes:
        return value, ()
    share = moments / np.where(total > 0, total, 1.0)
    return value, tuple(v.reshape(shape) for v in share)


def _edges(
    A: FloatArray,
    alpha: FloatArray,
    s: FloatArray,
    beta: FloatArray,
    b: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """Return where panels begin and end, along u = ln((c + y) / (c + lower)), shape (edge, row)."""
    c = _origin(alpha, beta, b) + lower
    left = _when(_growth(lower, beta, b) + (_CUT + np.log(np.maximum(beta, 1))) / s, beta, b)
    end = np.maximum(np.minimum(upper, left), lower)
    length = np.log1p((end - lower) / c)

    def steepness(y: FloatArray) -> FloatArray:
        q = _share(y, beta, b)
        slope: FloatArray = 1 + (_origin(alpha, beta, b) + y) * (b * (1 - q) - s * b * q - A / (alpha + y))
        return np.maximum(np.abs(slope), 1e-300)

    steep = [np.minimum(length, _CUT / steepness(lower)), np.maximum(0.0, length - _CUT / steepness(end))]
    bend = [np.log1p((np.clip(y, lower, end) - lower) / c) for y in _bend(beta, b)]
    return np.sort([np.zeros_like(length), *steep, *bend, length], axis=0)


def _nodes_of_rows(rows: list[FloatArray], start: FloatArray, stop: FloatArray) -> FloatArray:
    """Return the rule that each row's panel takes: more the longer it is and the more the integrand changes on it."""
    A, alpha, s, beta, b, lower, _ = rows
    origin = _origin(alpha, beta, b) + lower
    y, end = lower + origin * np.expm1(start), lower + origin * np.expm1(stop)
    fall = A * np.log1p((end - y) / (alpha + y)) + s * (_growth(end, beta, b) - _growth(y, beta, b)) + b * (end - y)
    needed = _nodes(np.minimum(fall, _CUT), stop - start, np.minimum(b * (end - y), _BEFORE + _AFTER))
    return _RULES[np.minimum(np.searchsorted(_RULES, needed), len(_RULES) - 1)]


def _nodes(fall: FloatArray, length: FloatArray, growth: FloatArray) -> FloatArray:
    """Return how many nodes it takes; the nearest singularity, pi e-folds off the line, sets the pace of the error."""
    return 8 + np.maximum(2.6 * np.sqrt(fall) + 1.8 * length, 17 / np.arcsinh(2 * np.pi / np.maximum(growth, 1e-9)))


def _panel(
    rows: list[FloatArray], start: FloatArray, stop: FloatArray, n: int, *, slopes: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ln of the highest integrand of a panel, the integral in units of it, and the integrals of the slopes."""
    A, alpha, s, beta, b, lower, _ = rows
    points, weights = gauss_legendre(n)
    half = (stop - start) / 2
    u = start + half * (points[:, None] + 1)
    origin = _origin(alpha, beta, b)
    y = lower + (origin + lower) * np.expm1(u)
    q, v, log_rate = _share(y, beta, b), _growth(y, beta, b), np.log(alpha + y)
    log_height = np.log(s * b * q * (origin + y)) - s * v - A * log_rate
    peak = log_height.max(axis=0)
    mass = np.exp(log_height - peak) * weights[:, None] * half
    if not slopes:
        return peak, mass.sum(axis=0), np.zeros((5, len(s)))
    fading = np.exp(-b * y)
    terms = (
        -log_rate,
        -A / (alpha + y),
        1 / s - v,
        (-q * fading) + s * -np.expm1(-b * y) * q / beta,
        1 / b + y * (1 - q) - s * y * q,
    )
    return peak, mass.sum(axis=0), np.array([np.einsum("kr,kr->r", mass, term) for term in terms])


@final
@dataclass(frozen=True, eq=False)
class GompertzClock(AbstractClock):
    """Customers whose hazard grows at a pace b from a level ~ Gamma(s, rate beta), shape (row,)."""

    s: FloatArray
    beta: FloatArray
    b: FloatArray

    @property
    def laws(self) -> tuple[FloatArray, ...]:
        """Shape and rate of the level, and the pace."""
        return self.s, self.beta, self.b

    def like(self, *laws: FloatArray) -> GompertzClock:
        """Return a clock of the same kind with other parameters."""
        return GompertzClock(*laws)

    @property
    def scale(self) -> FloatArray:
        """The shortest time on which survival or the hazard changes."""
        return np.minimum(np.minimum(self.beta, 1.0), self.beta / self.s) / self.b

    @property
    def bends(self) -> tuple[FloatArray, ...]:
        """The times from which on customers are lost fast, and at which the hazard has stopped growing."""
        low, high = _bend(self.beta, self.b)
        return np.asarray(low - np.log(np.maximum(self.s, 1)) / self.b), high

    def exponent(self, y: FloatArray) -> FloatArray:
        """Return minus the logarithm of the chance to be there at y."""
        return self.s * _growth(y, self.beta, self.b)

    def hazard(self, y: FloatArray) -> FloatArray:
        """Return the chance to leave at y, per time, of those still there."""
        return self.s * self.b * _share(y, self.beta, self.b)

    def growth(self, start: FloatArray, stop: FloatArray) -> FloatArray:
        """Return by how many e-folds the hazard changes on its bend."""
        low, high = self.bends
        folds: FloatArray = self.b * np.maximum(np.minimum(stop, high) - np.maximum(start, low), 0.0)
        return folds

    def reach(self, exponent: float) -> FloatArray:
        """Return when the exponent gets there."""
        return _when(exponent / self.s, self.beta, self.b)


def mean_time_alive(s: AnyArray, beta: AnyArray, b: AnyArray, t: AnyArray) -> FloatArray:
    """Return the expected time alive within t, the integral of survival."""
    inputs = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (s, beta, b, t)))
    *laws, ends = (v.ravel() for v in inputs)
    return time_alive(GompertzClock(*laws), ends).reshape(inputs[0].shape)


def log_growth(
    t: AnyArray, beta: AnyArray, b: AnyArray, *, slopes: bool = False
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return v(t), for any b t, and where asked its slopes by t, beta and b."""
    v = _growth(t, beta, b)
    if not slopes:
        return v, ()
    q = _share(t, beta, b)
    return v, (b * q, np.expm1(-b * t) * q / beta, t * q)


def _growth(t: AnyArray, beta: AnyArray, b: AnyArray) -> FloatArray:
    grown = b * t
    early = np.log1p(np.expm1(np.minimum(grown, _OVERFLOW)) / beta)
    v: FloatArray = np.where(grown > _OVERFLOW, grown - np.log(beta), early)
    return v


def _share(y: AnyArray, beta: AnyArray, b: AnyArray) -> FloatArray:
    """Return q(y), written so that nothing cancels for small b y and beta."""
    q: FloatArray = 1 / (beta * np.exp(-b * y) - np.expm1(-b * y))
    return q


def _when(v: AnyArray, beta: AnyArray, b: AnyArray) -> FloatArray:
    """Return the time at which v is reached."""
    early = np.log1p(beta * np.expm1(np.minimum(v, _OVERFLOW))) / b
    t: FloatArray = np.where(v > _OVERFLOW, (v + np.log(beta)) / b, early)
    return t


def _origin(alpha: AnyArray, beta: AnyArray, b: AnyArray) -> FloatArray:
    """Return c of ln(c + y): the smallest scale on which anything changes, of buying, hazard or its growth."""
    c: FloatArray = np.minimum(alpha, np.minimum(beta, 1.0) / b)
    return c


def _bend(beta: AnyArray, b: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return the times around which the hazard stops growing."""
    bend = np.log(np.maximum(beta, 1))
    return (bend - _BEFORE) / b, (bend + _AFTER) / b
