r"""Customers who fall asleep after a purchase and wake with the next: what their gaps say, by quadrature.

A customer buys at a rate :math:`\lambda` while awake and at :math:`\delta \lambda` while asleep; after each purchase
sleep begins with probability p. Given both, a gap g between purchases has the density
:math:`(1-p) \lambda e^{-\lambda g} + p \delta \lambda e^{-\delta \lambda g}`. Given the rate, the likelihood of x gaps
and the silence after them is a polynomial of degree x + 1 in p, so that Gauss's rule for the beta law is exact with
(x + 2) / 2 nodes. Along the logarithm of the rate the trapezoidal rule converges as for a gamma law of shape r + x: on
the ray :math:`\lambda e^{iy}` no factor is larger than on the real line at :math:`\lambda \cos y`.

Rules are chosen by classes of x and T, so that what a customer gets doesn't depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import Any

import numpy as np
from scipy import linalg, special
from scipy.sparse import csr_array

from clvmodels.arrays import AnyArray, FloatArray, IntArray, Ragged

type Law = tuple[float, float, float, float, float]
"""r, alpha, a, b, delta."""

_TOPS = np.array([0, *(2**k for k in range(1, 17))])  # largest x of a class: a rule each
_STEPS = np.log(16.0)  # of ln(1 + T / alpha): a class of T
_CUT = 28.0  # e^-28 = 7e-13 of a law is left out
_DIGITS = 18.0  # -ln of the error bound of a trapezoidal rule; the error itself is about its square
_FLAT = 4.0  # gamma shapes below have a long tail towards rate 0, along which nodes may lie ever farther apart
_BELOW = 3.0  # e-folds below the slowest rate that a history tells from 0: there the tail begins
_NEVER = -600.0  # ln of a rate that is as good as 0
_EXACT = 66  # nodes along p up to which the rule is exact; then as many as the width of a binomial likelihood needs
_CELLS = 1_000_000  # rows x nodes at a time: 8 MB an array
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


@dataclass(frozen=True, eq=False)
class Part:
    """Some histories under one law and one rule.

    ``log_density`` is ln of mass x density of the gaps, shape (row, rate, p); what the silence adds isn't in it.
    """

    rows: IntArray
    law: Law
    rule: Rule
    silence: FloatArray
    log_density: FloatArray

    def shares(self) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Return ln of a scale, shape (row,), and in units of it what is awake and asleep, shape (row, rate, p)."""
        top, awake, asleep = self.waiting()
        return top, (awake * self.rule.chances.q, asleep * self.rule.chances.p)

    def waiting(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ln of a scale, and in units of it what the silence leaves of who is awake, and of who is asleep."""
        delta = self.law[4]
        waited = self.silence[:, None] * self.rule.rate
        joint = self.log_density - (delta * waited)[..., None]
        top = joint.max(axis=(1, 2))
        joint -= top[:, None, None]
        np.exp(joint, out=joint)
        return top, joint * np.exp((delta - 1) * waited)[..., None], joint


def log_awake(*inputs: Any, slopes: bool = False) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln P(history, awake at T), given r, alpha, a, b, delta, the silence and the gaps; and its slopes."""
    return _in_states(inputs, slopes).of(0)


def log_asleep(*inputs: Any, slopes: bool = False) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln P(history, asleep at T); as ``log_awake``."""
    return _in_states(inputs, slopes).of(1)


@dataclass(frozen=True, eq=False)
class _Answer:
    """What was asked last, and ln P(history, state), shape (state, flat row), with slopes, (state, law, flat row)."""

    question: tuple[Any, ...]
    with_slopes: bool
    shape: tuple[int, ...]
    value: FloatArray
    slopes: FloatArray

    def of(self, state: int) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        """Return value and slopes of one state."""
        slopes = tuple(v.reshape(self.shape) for v in self.slopes[state]) if self.with_slopes else ()
        return self.value[state].reshape(self.shape), slopes

    def answers(self, question: tuple[Any, ...], slopes: bool) -> bool:
        """Return whether it is the same question."""
        *numbers, gaps = question
        *known, mine = self.question
        same = gaps is mine and (self.with_slopes or not slopes)
        return same and all(np.array_equal(one, other) for one, other in zip(numbers, known, strict=True))


class _Last(local):
    """The last answer of a thread: who asks for one state asks for the other next, and both come of one sum."""

    answer: _Answer | None = None


_LAST = _Last()


def _in_states(question: tuple[Any, ...], slopes: bool) -> _Answer:
    if _LAST.answer is not None and _LAST.answer.answers(question, slopes):
        found, _LAST.answer = _LAST.answer, None
        return found
    *laws, silence, gaps = question
    shape = np.broadcast_shapes(*(np.shape(v) for v in (*laws, silence)), (len(gaps),))
    size = int(np.prod(shape))
    value, by = np.empty((2, size)), np.empty((2, 5, size if slopes else 0))
    for part in parts(laws, silence, gaps, shape):
        top, shares = part.shares()
        mass = np.array([share.sum(axis=(1, 2)) for share in shares])
        with np.errstate(divide="ignore"):
            value[:, part.rows] = np.log(mass) + top
        if slopes:
            by[:, :, part.rows] = _slopes(part, shares, np.where(mass > 0, mass, 1.0), gaps)
    _LAST.answer = _Answer(question, slopes, shape, value, by)
    return _LAST.answer


def parts(
    laws: tuple[AnyArray, ...] | list[AnyArray],
    silence: AnyArray,
    gaps: Ragged,
    shape: tuple[int, ...],
    more: int = 0,
    finer: int = 0,
) -> Iterator[Part]:
    """Give all histories with their densities at the nodes, some at a time, places in the flat shape.

    Parameters
    ----------
    laws : r, alpha, a, b, delta
        They broadcast to the shape.
    silence : array
        Since the last purchase; it broadcasts too.
    gaps : Ragged
        Between purchases, of the rows along the last axis.
    shape : tuple of int
        Of what is asked for.
    more : int
        Purchases ahead that the rule is to follow too.
    finer : int
        Nodes along p beyond those that gaps need.
    """
    n_rows = len(gaps)
    flat = np.stack([np.broadcast_to(np.asarray(v, dtype=np.float64), shape).ravel() for v in laws])
    quiet = np.broadcast_to(np.asarray(silence, dtype=np.float64), shape).ravel()
    x = gaps.sizes
    last = np.concatenate([[0.0], np.cumsum(gaps.values)])
    recency = last[gaps.begins[1:]] - last[gaps.begins[:-1]]
    tops = np.searchsorted(_TOPS, x)
    for law, members in _by_law(flat, n_rows):
        row = members % n_rows
        reach = np.ceil(np.log1p((recency[row] + quiet[members]) / law[1]) / _STEPS).astype(np.int64)
        kind = tops[row] * 1_000 + np.maximum(reach, 1)
        for code in np.unique(kind):
            top, far = divmod(int(code), 1_000)
            rule = _rule(law, top, far, more, finer)
            alike = members[kind == code]
            size = max(1, _CELLS // (rule.shape[0] * rule.shape[1]))
            for some in (alike[i : i + size] for i in range(0, len(alike), size)):
                mine = gaps[some % n_rows]
                density = rule.log_mass[:, None] + rule.chances.log_weight + _log_gaps(law, rule, mine)
                yield Part(some, law, rule, quiet[some], density)


def _by_law(flat: FloatArray, n_rows: int) -> Iterator[tuple[Law, IntArray]]:
    """Give each distinct law with its members."""
    by_draw = flat.reshape(5, -1, n_rows)
    if np.array_equal(by_draw, np.broadcast_to(by_draw[:, :, :1], by_draw.shape)):
        for i, law in enumerate(by_draw[:, :, 0].T.tolist()):
            yield tuple(law), np.arange(i * n_rows, (i + 1) * n_rows)
        return
    laws, code = np.unique(flat, axis=1, return_inverse=True)
    for i, law in enumerate(laws.T.tolist()):
        yield tuple(law), np.flatnonzero(code.ravel() == i)


def _log_gaps(law: Law, rule: Rule, gaps: Ragged) -> FloatArray:
    """Return ln of the density of the gaps of each row, shape (row, rate, p)."""
    levels, _ = gaps.levels
    x = gaps.sizes.astype(np.float64)
    out = (x[:, None] * np.log(rule.rate))[..., None] + np.zeros(len(rule.chances.p))
    with np.errstate(divide="ignore"):
        awake, asleep = np.log(rule.chances.q), np.log(law[4]) + np.log(rule.chances.p)
    times = _times(gaps)
    for some in _rates(len(levels), rule):
        waited = levels[:, None] * rule.rate[some]
        each = np.logaddexp(awake - waited[..., None], asleep - law[4] * waited[..., None])
        out[:, some] += _summed(times, each)
    return out


def _slopes(part: Part, shares: tuple[FloatArray, FloatArray], mass: FloatArray, gaps: Ragged) -> FloatArray:
    """Return the derivatives of both states by the law, shape (state, law, row), given the share of each node."""
    r, alpha, a, b, _ = part.law
    rule, chances = part.rule, part.rule.chances
    by_p, by_delta = _gap_slopes(part.law, rule, gaps[part.rows % len(gaps)])
    out = np.empty((2, 5, len(part.rows)))
    for state, (found, share, by_silence) in enumerate(zip(out, shares, (-1 / chances.q, 1 / chances.p), strict=True)):
        of_rate, of_p = share.sum(axis=2), share.sum(axis=1)
        moved = np.einsum("rkp,rkp->rp", share, by_p) + of_p * by_silence
        found[0] = of_rate @ np.log(rule.rate)
        found[1] = -of_rate @ rule.rate
        for i, (node, weight) in enumerate(_moves(a, b, len(chances.p))):
            found[2 + i] = moved @ node + of_p @ weight
        found[4] = np.einsum("rkp,rkp->r", share, by_delta) + (part.silence * found[1] if state else 0.0)
        found /= mass[state]
    out[:, 0] += np.log(alpha) - special.digamma(r)
    out[:, 1] += r / alpha
    return out


def _gap_slopes(law: Law, rule: Rule, gaps: Ragged) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of ln of the density of the gaps by p and by delta, shape (row, rate, p)."""
    delta, p, q = law[4], rule.chances.p, rule.chances.q
    levels, _ = gaps.levels
    times = _times(gaps)
    out = np.zeros((2, len(gaps), *rule.shape))
    for some in _rates(2 * len(levels), rule):
        waited = (levels[:, None] * rule.rate[some])[..., None]
        longer = np.exp(-(1 - delta) * waited)  # of who is awake, over who is asleep: at most 1
        either = q * longer + delta * p
        for found, each in zip(out, ((delta - longer) / either, p * (1 - delta * waited) / either), strict=True):
            found[:, some] += _summed(times, each)
    return out[0], out[1]


def _times(gaps: Ragged) -> csr_array:
    """Return how often each distinct gap occurs in each row."""
    levels, codes = gaps.levels
    return csr_array((np.ones(len(codes)), codes, gaps.begins), shape=(len(gaps), len(levels)))


def _summed(times: csr_array, each: FloatArray) -> FloatArray:
    """Return sums over the gaps of each row of what each distinct gap has, shape (row, rate, p)."""
    found: FloatArray = (times @ each.reshape(len(each), each[0].size)).reshape(-1, *each.shape[1:])
    return found


def _rates(levels: int, rule: Rule) -> Iterator[slice]:
    """Cut the rates so that tables stay small; there are none without a gap."""
    if not levels:
        return
    size = max(1, 4 * _CELLS // (levels * len(rule.chances.p)))
    yield from (slice(i, i + size) for i in range(0, len(rule.rate), size))


@lru_cache(maxsize=2_048)
def _rule(law: Law, top: int, far: int, more: int, finer: int) -> Rule:
    """Return the nodes for a class of histories."""
    r, alpha, a, b, delta = law
    least = 0 if top == 0 else int(_TOPS[top - 1]) + 1
    most = int(_TOPS[top]) + more
    nearest, farthest = alpha * np.exp(_STEPS * (far - 1)), alpha * np.exp(_STEPS * far)
    slow = alpha + delta * (nearest - alpha)
    rate, log_mass = _rate_nodes(r, alpha, (r + least, r + most + 1), (slow, farthest))
    exact = (most + 3) // 2
    n = exact if exact <= _EXACT else _EXACT + int(2.5 * np.sqrt(exact - _EXACT))
    return Rule(rate, log_mass, beta_rule(a, b, min(n, exact) + finer))


def _rate_nodes(
    r: float, alpha: float, shapes: tuple[float, float], rates: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return rates and the logarithms of their masses, for histories whose rates have laws between two gamma laws."""
    low_shape, high_shape = shapes
    slow, fast = rates
    step = 2 * np.pi / _frequency(high_shape)
    high = max(np.log(high_shape / slow) + _above(_CUT / high_shape), np.log(low_shape / fast))
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
    low, high = 1.0, 100.0 + 20 * np.sqrt(shape)
    for _ in range(60):
        w = (low + high) / 2
        fall = w * np.arctan(w / shape) - shape / 2 * np.log1p((w / shape) ** 2)
        low, high = (w, high) if fall < _DIGITS else (low, w)
    return float(high)


def _below(fall: float) -> float:
    """Return ln z < 0 at which ln z + 1 - z is minus a fall."""
    z = -(1 + fall)
    for _ in range(60):
        z -= (z - np.exp(z) + 1 + fall) / -np.expm1(z)
    return float(z)


def _above(fall: float) -> float:
    """Return ln z > 0 at which ln z + 1 - z is minus a fall."""
    z = float(np.log(1 + fall + 2 * np.sqrt(fall) + 1))
    for _ in range(60):
        z -= (z - np.exp(z) + 1 + fall) / -np.expm1(z)
    return float(z)


@lru_cache(maxsize=4_096)
def beta_rule(a: float, b: float, n: int) -> Chances:
    """Return Gauss's rule with n nodes for a beta law (Golub & Welsch 1969), weights by Christoffel's sums, which keep
    their digits where they are tiny."""
    if a > b:
        other = beta_rule(b, a, n)
        return Chances(other.q[::-1], other.p[::-1], other.log_weight[::-1])
    k, s = np.arange(1.0, n), a + b - 2
    diagonal = np.append((a - b) / (a + b), (a - b) * s / ((2 * k + s) * (2 * k + s + 2)))
    squares = 4 * k * (k + b - 1) * (k + a - 1) * (k + s) / ((2 * k + s) ** 2 * (2 * k + s + 1) * (2 * k + s - 1))
    if n > 1:
        squares[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    diagonal, off = (1 + diagonal) / 2, np.sqrt(squares) / 2
    p = linalg.eigh_tridiagonal(diagonal, off, eigvals_only=True) if n > 1 else diagonal
    p = np.clip(p, np.finfo(float).tiny, 1 - 1e-16)
    before, now, total = np.zeros(n), np.ones(n), np.ones(n)
    for i in range(n - 1):
        past = off[i - 1] * before if i else 0.0
        before, now = now, ((p - diagonal[i]) * now - past) / off[i]
        total += now * now
    return Chances(p, 1 - p, -np.log(total) - np.log(np.sum(1 / total)))


@lru_cache(maxsize=256)
def _moves(a: float, b: float, n: int) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return how nodes and logarithms of weights move with a and with b."""

    def away(by_a: float, by_b: float) -> FloatArray:
        rule = beta_rule(a * np.exp(by_a), b * np.exp(by_b), n)
        return np.stack([rule.p, rule.log_weight])

    found = []
    for value, one, other in ((a, 1.0, 0.0), (b, 0.0, 1.0)):
        coarse, fine = (
            (away(step * one, step * other) - away(-step * one, -step * other)) / (2 * step)
            for step in (_SHIFT, _SHIFT / 2)
        )
        node, weight = (4 * fine - coarse) / 3 / value
        found.append((node, weight))
    return tuple(found)
