"""Nodes along rates and along chances to fall asleep, for classes of histories of customers who sleep and wake.

Along the logarithm of the rate the trapezoidal rule converges as for a gamma law of shape r + x, along the chance
Gauss's rule for the beta law is exact for as many purchases as a class has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import atan, exp, expm1, log, log1p, sqrt

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray

type Law = tuple[float, float, float, float, float]
"""r, alpha, a, b, delta."""

_TOPS = np.array([0, *(2**k for k in range(1, 17))])  # largest x of a class: a rule each
_STEPS = log(4.0)  # of ln T: a class of T
_SHORTEST = 1e-9  # T, of which shorter ones are as good
_CUT = 28.0  # e^-28 = 7e-13 of a law is left out
_DIGITS = 23.0  # -ln of the error of a trapezoidal rule: 1e-10 of a likelihood
_FLAT = 4.0  # gamma shapes below have a long tail towards rate 0, along which nodes may lie ever farther apart
_BELOW = 3.0  # e-folds below the slowest rate that a history tells from 0: there the tail begins
_NEVER = -600.0  # ln of a rate that is as good as 0
_EXACT = 66  # nodes along p up to which the rule is exact; then as many as the width of a binomial likelihood needs
_HALVINGS = 24  # of an interval: nodes may lie a hair closer or farther out than asked
_LARGEST = 1e300  # of one over a weight
_SHIFT = 1e-3  # of ln a and ln b: differences of nodes, extrapolated, then err by 1e-12


@dataclass(frozen=True, eq=False)
class Chances:
    """Gauss's rule for p: nodes, 1 - p, the logarithms of the weights, shape (node,)."""

    p: FloatArray
    q: FloatArray
    log_weight: FloatArray


@dataclass(frozen=True, eq=False)
class Rule:
    """Nodes for rates and for chances to fall asleep.

    Attributes
    ----------
    rate, log_mass : array, shape (rate,)
        Rates, and the logarithm of the share of customers that each stands for.
    chances : Chances
        Along p.
    """

    rate: FloatArray
    log_mass: FloatArray
    chances: Chances

    @property
    def shape(self) -> tuple[int, int]:
        """Nodes along the rate and along p."""
        return len(self.rate), len(self.chances.p)


def kinds_of(x: IntArray, T: FloatArray) -> IntArray:
    """Return the class of each history, which says its rule: one of x, and one of T, shape (2, row)."""
    far = np.ceil(np.log(np.maximum(T, _SHORTEST)) / _STEPS).astype(np.int64)
    return np.stack([np.searchsorted(_TOPS, x), far])


def n_chances(top: int, more: int) -> int:
    """Return how many nodes along p a class of histories takes."""
    exact = (int(_TOPS[top]) + more + 3) // 2
    return min(exact, exact if exact <= _EXACT else _EXACT + int(2.5 * sqrt(exact - _EXACT)))


def rule_of(law: Law, kind: tuple[int, int], more: int, chances: Chances) -> Rule:
    """Return the nodes for a class of histories."""
    r, alpha, _, _, delta = law
    top, far = kind
    least = 0 if top == 0 else int(_TOPS[top - 1]) + 1
    most = int(_TOPS[top]) + more
    nearest, farthest = exp(_STEPS * (far - 1)), exp(_STEPS * far)
    rate, log_mass = _rate_nodes(r, alpha, (r + least, r + most + 1), (alpha + delta * nearest, alpha + farthest))
    return Rule(rate, log_mass, chances)


def _rate_nodes(
    r: float, alpha: float, shapes: tuple[float, float], rates: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return rates and the logarithms of their masses, for histories whose rates have laws between two gamma laws."""
    low_shape, high_shape = shapes
    slow, fast = rates
    step = 2 * np.pi / _frequency(high_shape)
    high = max(log(high_shape / slow) + _above(_CUT / high_shape), log(low_shape / fast))
    if low_shape >= _FLAT:
        u = np.arange(np.log(low_shape / fast) + _below(_CUT / low_shape), high + step, step)
        log_slope = np.zeros(len(u))
    else:
        middle = -np.log(fast) - _BELOW
        v = np.arange(-np.log(_CUT / low_shape), max(high - middle, 8.0) + step, 0.8 * step)
        u, log_slope, step = middle + v - np.exp(-v), np.log1p(np.exp(-v)), 0.8 * step
    log_mass = r * (u + np.log(alpha)) - alpha * np.exp(u) - special.gammaln(r) + log_slope + np.log(step)
    return np.exp(np.maximum(u, _NEVER)), log_mass


def _frequency(shape: float) -> float:
    """Return the frequency at which the Fourier transform of a gamma law along ln(rate) has fallen off."""
    low, high = 1.0, 100.0 + 20 * sqrt(shape)
    for _ in range(_HALVINGS):
        w = (low + high) / 2
        fall = w * atan(w / shape) - shape / 2 * log1p((w / shape) ** 2)
        low, high = (w, high) if fall < _DIGITS else (low, w)
    return high


def _below(fall: float) -> float:
    """Return ln z < 0 at which ln z + 1 - z is minus a fall."""
    z = -(1 + fall)
    for _ in range(_HALVINGS):
        z -= (z - exp(z) + 1 + fall) / -expm1(z)
    return z


def _above(fall: float) -> float:
    """Return ln z > 0 at which ln z + 1 - z is minus a fall."""
    z = log(1 + fall + 2 * sqrt(fall) + 1)
    for _ in range(_HALVINGS):
        z -= (z - exp(z) + 1 + fall) / -expm1(z)
    return z


@lru_cache(maxsize=4_096)
def beta_rule(a: float, b: float, n: int) -> Chances:
    """Return Gauss's rule with n nodes for a beta law."""
    p, q, log_weight = beta_rules(np.array([a]), np.array([b]), n)
    return Chances(p[0], q[0], log_weight[0])


def beta_rules(a: FloatArray, b: FloatArray, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Gauss's rules for several beta laws, shape (law, node): p, 1 - p and the logarithms of the weights.

    Nodes are the eigenvalues of Jacobi's matrix (Golub & Welsch 1969), weights Christoffel's sums, which keep their
    digits where they are tiny. The law is turned so that nodes crowd at 0, where they have all their digits.
    """
    turned = a > b
    a, b = np.where(turned, b, a)[:, None], np.where(turned, a, b)[:, None]
    k, s = np.arange(1.0, n), a + b - 2
    diagonal = np.hstack([(a - b) / (a + b), (a - b) * s / ((2 * k + s) * (2 * k + s + 2))])
    squares = 4 * k * (k + b - 1) * (k + a - 1) * (k + s) / ((2 * k + s) ** 2 * (2 * k + s + 1) * (2 * k + s - 1))
    squares[:, :1] = 4 * a[:, : n - 1] * b / ((a + b) ** 2 * (a + b + 1))
    diagonal, off = (1 + diagonal) / 2, np.sqrt(squares) / 2
    matrix = np.zeros((len(a), n, n))
    matrix[:, np.arange(n), np.arange(n)] = diagonal
    matrix[:, np.arange(1, n), np.arange(n - 1)] = off  # the lower half is looked at
    p = np.clip(np.linalg.eigvalsh(matrix), np.finfo(float).tiny, 1 - 1e-16)
    before, now, total = np.zeros_like(p), np.ones_like(p), np.ones_like(p)
    with np.errstate(over="ignore", invalid="ignore"):  # a weight below the smallest number
        for i in range(n - 1):
            past = off[:, i - 1 : i] * before if i else 0.0
            before, now = now, ((p - diagonal[:, i : i + 1]) * now - past) / off[:, i : i + 1]
            total += now * now
    total = np.where(total < _LARGEST, total, _LARGEST)
    log_weight = -np.log(total) - np.log(np.sum(1 / total, axis=1, keepdims=True))
    flipped = turned[:, None]
    nodes = np.where(flipped, 1 - p[:, ::-1], p), np.where(flipped, p[:, ::-1], 1 - p)
    return *nodes, np.where(flipped, log_weight[:, ::-1], log_weight)


@lru_cache(maxsize=256)
def moves(a: float, b: float, n: int) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return how nodes and logarithms of weights move with a and with b."""
    steps = np.array([_SHIFT, -_SHIFT, _SHIFT / 2, -_SHIFT / 2])
    near, still = np.exp(steps), np.ones(4)
    p, _, log_weight = beta_rules(a * np.append(near, still), b * np.append(still, near), n)
    found = []
    for value, first in ((a, 0), (b, 4)):
        moved = []
        for seen in (p[first : first + 4], log_weight[first : first + 4]):
            coarse, fine = (seen[0] - seen[1]) / (2 * _SHIFT), (seen[2] - seen[3]) / _SHIFT
            moved.append((4 * fine - coarse) / 3 / value)
        found.append((moved[0], moved[1]))
    return tuple(found)
