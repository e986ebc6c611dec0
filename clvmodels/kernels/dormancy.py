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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import atan, exp, expm1, log, log1p, sqrt
from threading import local
from typing import Any

import numpy as np
from scipy import special
from scipy.sparse import csr_array

from clvmodels.arrays import AnyArray, FloatArray, IntArray, Ragged
from clvmodels.kernels import gap_subsets

type Law = tuple[float, float, float, float, float]
"""r, alpha, a, b, delta."""

_TOPS = np.array([0, *(2**k for k in range(1, 17))])  # largest x of a class: a rule each
_STEPS = log(4.0)  # of ln T: a class of T
_SHORTEST = 1e-9  # T, of which shorter ones are as good
_CUT = 28.0  # e^-28 = 7e-13 of a law is left out
_DIGITS = 18.0  # -ln of the error bound of a trapezoidal rule; the error itself is about its square
_FLAT = 4.0  # gamma shapes below have a long tail towards rate 0, along which nodes may lie ever farther apart
_BELOW = 3.0  # e-folds below the slowest rate that a history tells from 0: there the tail begins
_NEVER = -600.0  # ln of a rate that is as good as 0
_EXACT = 66  # nodes along p up to which the rule is exact; then as many as the width of a binomial likelihood needs
_CELLS = 1_000_000  # rows x nodes at a time: 8 MB an array
_HALVINGS = 24  # of an interval: nodes may lie a hair closer or farther out than asked
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

    draw: int
    rows: IntArray
    law: Law
    rule: Rule
    silence: FloatArray
    gaps: Ragged
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
    value, by = np.empty((2, *_flat(shape))), np.empty((2, 5, *(_flat(shape) if slopes else (0, 0))))
    short = gap_subsets.Laws(*(by_draw(v, shape) for v in laws))
    for draws, rows, found, moved in gap_subsets.log_in_states(short, by_draw(silence, shape), gaps, slopes):
        value[:, draws, rows] = found
        if slopes:
            by[:, :, draws, rows] = moved
    if "long" not in gaps.known:
        rows = np.flatnonzero(gaps.sizes > gap_subsets.LONGEST)
        gaps.known["long"] = rows, gaps[rows]
    rows, long = gaps.known["long"]
    of_long = [by_draw(v, shape) for v in (*laws, silence)]
    of_long = [v if v.shape[1] == 1 else v[:, rows] for v in of_long]
    for part in parts(of_long[:5], of_long[5], long) if len(rows) else ():
        place = part.draw, rows[part.rows]
        top, shares = part.shares()
        mass = np.array([share.sum(axis=(1, 2)) for share in shares])
        with np.errstate(divide="ignore"):
            value[:, *place] = np.log(mass) + top
        if slopes:
            by[:, :, *place] = _slopes(part, shares, np.where(mass > 0, mass, 1.0))
    size = int(np.prod(shape))
    _LAST.answer = _Answer(question, slopes, shape, value.reshape(2, size), by.reshape(2, 5, -1))
    return _LAST.answer


def _flat(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the shape with all draws along one axis."""
    return int(np.prod(shape[:-1])), shape[-1]


def by_draw(values: AnyArray, shape: tuple[int, ...]) -> FloatArray:
    """Return values of shape (draw, row), or (draw, 1) where all rows share them."""
    wide = np.ndim(values) > 0 and np.shape(values)[-1] > 1
    whole = np.broadcast_to(np.asarray(values, dtype=np.float64), (*shape[:-1], shape[-1] if wide else 1))
    return whole.reshape(_flat(whole.shape))


@dataclass(frozen=True, eq=False)
class _Class:
    """Histories that share a rule: which of ``_TOPS`` holds x, and which class of T they are in."""

    rows: IntArray
    silence: FloatArray
    gaps: Ragged
    top: int
    far: int


def parts(
    laws: Sequence[FloatArray], silence: FloatArray, gaps: Ragged, more: int = 0, finer: int = 0
) -> Iterator[Part]:
    """Give all histories under all draws with their densities at the nodes, some at a time.

    Parameters
    ----------
    laws : r, alpha, a, b, delta
        Of shape (draw, row), or (draw, 1) where all rows share them.
    silence : array, shape (draw or 1, row)
        Since the last purchase.
    gaps : Ragged
        Between purchases of each row.
    more : int
        Purchases ahead that the rule is to follow too.
    finer : int
        Nodes along p beyond those that gaps need.
    """
    shared = all(v.shape[1] == 1 for v in laws)
    rules: dict[int, tuple[FloatArray, ...]] = {}  # for all draws at once, which is quicker than draw by draw
    for draw in range(len(laws[0])):
        quiet = np.broadcast_to(silence[draw if len(silence) > 1 else 0], len(gaps))
        if shared:
            classes = _classes(gaps, quiet)
            for n in {_nodes(alike.top, more) + finer for alike in classes} - set(rules):
                rules[n] = _beta_rules(laws[2][:, 0], laws[3][:, 0], n)
            chances = {n: Chances(*(v[draw] for v in rule)) for n, rule in rules.items()}
            r, alpha, a, b, delta = (float(v[draw, 0]) for v in laws)
            yield from _under_law(draw, (r, alpha, a, b, delta), classes, chances, (more, finer))
            continue
        each = np.stack([np.broadcast_to(v[draw], len(gaps)) for v in laws])
        distinct, code = np.unique(each, axis=1, return_inverse=True)
        for i, law in enumerate(distinct.T.tolist()):
            rows = np.flatnonzero(code.ravel() == i)
            classes = _classes(gaps[rows], quiet[rows])
            needed = {_nodes(alike.top, more) + finer for alike in classes}
            chances = {n: beta_rule(law[2], law[3], n) for n in needed}
            for part in _under_law(draw, tuple(law), classes, chances, (more, finer)):
                yield replace(part, rows=rows[part.rows])


def _under_law(
    draw: int, law: Law, classes: Sequence[_Class], chances: Mapping[int, Chances], ahead: tuple[int, int]
) -> Iterator[Part]:
    more, finer = ahead
    for alike in classes:
        rule = _rule(law, alike, more, chances[_nodes(alike.top, more) + finer])
        size = max(1, _CELLS // (rule.shape[0] * rule.shape[1]))
        for i in range(0, len(alike.rows), size):
            some = alike.gaps if size >= len(alike.rows) else alike.gaps[slice(i, i + size)]
            density = rule.log_mass[:, None] + rule.chances.log_weight + _log_gaps(law, rule, some)
            within = slice(i, i + size)
            yield Part(draw, alike.rows[within], law, rule, alike.silence[within], some, density)


def _classes(gaps: Ragged, silence: FloatArray) -> list[_Class]:
    """Return the histories by classes of x and T, from what is remembered where they were asked for before."""
    key = silence.tobytes()
    if key not in gaps.known:
        last = np.concatenate([[0.0], np.cumsum(gaps.values)])
        time = last[gaps.begins[1:]] - last[gaps.begins[:-1]] + silence
        far = np.ceil(np.log(np.maximum(time, _SHORTEST)) / _STEPS).astype(np.int64)
        kinds = np.stack([np.searchsorted(_TOPS, gaps.sizes), far])
        found = []
        for top, reach in np.unique(kinds, axis=1).T.tolist():
            rows = np.flatnonzero((kinds[0] == top) & (kinds[1] == reach))
            found.append(_Class(rows, silence[rows], gaps[rows], top, reach))
        gaps.known[key] = found
    classes: list[_Class] = gaps.known[key]
    return classes


def _log_gaps(law: Law, rule: Rule, gaps: Ragged) -> FloatArray:
    """Return ln of the density of the gaps of each row, shape (row, rate, p)."""
    levels, _ = gaps.levels
    x = gaps.sizes.astype(np.float64)
    delta, chances = law[4], rule.chances
    last = np.concatenate([[0.0], np.cumsum(gaps.values)])
    recency = last[gaps.begins[1:]] - last[gaps.begins[:-1]]
    quiet = x[:, None] * np.log(rule.rate) - (delta * recency)[:, None] * rule.rate
    out = quiet[..., None] + np.zeros(len(chances.p))
    times = _times(gaps)
    for some in _rates(len(levels), rule):
        awake = np.exp((delta - 1) * levels[:, None] * rule.rate[some])[..., None]  # over who is asleep: at most 1
        either = awake * chances.q
        either += delta * chances.p
        out[:, some] += _summed(times, np.log(either, out=either))
    return out


def _slopes(part: Part, shares: tuple[FloatArray, FloatArray], mass: FloatArray) -> FloatArray:
    """Return the derivatives of both states by the law, shape (state, law, row), given the share of each node."""
    r, alpha, a, b, _ = part.law
    rule, chances = part.rule, part.rule.chances
    by_p, by_delta = _gap_slopes(part.law, rule, part.gaps)
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
    if "times" not in gaps.known:
        levels, codes = gaps.levels
        shape = len(gaps), len(levels)
        gaps.known["times"] = csr_array((np.ones(len(codes)), codes, gaps.begins), shape=shape)
    times: csr_array = gaps.known["times"]
    return times


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


def _nodes(top: int, more: int) -> int:
    """Return how many nodes along p a class of histories takes."""
    exact = (int(_TOPS[top]) + more + 3) // 2
    return min(exact, exact if exact <= _EXACT else _EXACT + int(2.5 * sqrt(exact - _EXACT)))


def _rule(law: Law, alike: _Class, more: int, chances: Chances) -> Rule:
    """Return the nodes for a class of histories."""
    r, alpha, _, _, delta = law
    least = 0 if alike.top == 0 else int(_TOPS[alike.top - 1]) + 1
    most = int(_TOPS[alike.top]) + more
    nearest, farthest = exp(_STEPS * (alike.far - 1)), exp(_STEPS * alike.far)
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
    p, q, log_weight = _beta_rules(np.array([a]), np.array([b]), n)
    return Chances(p[0], q[0], log_weight[0])


def _beta_rules(a: FloatArray, b: FloatArray, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
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
    for i in range(n - 1):
        past = off[:, i - 1 : i] * before if i else 0.0
        before, now = now, ((p - diagonal[:, i : i + 1]) * now - past) / off[:, i : i + 1]
        total += now * now
    log_weight = -np.log(total) - np.log(np.sum(1 / total, axis=1, keepdims=True))
    flipped = turned[:, None]
    nodes = np.where(flipped, 1 - p[:, ::-1], p), np.where(flipped, p[:, ::-1], 1 - p)
    return *nodes, np.where(flipped, log_weight[:, ::-1], log_weight)


@lru_cache(maxsize=256)
def _moves(a: float, b: float, n: int) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return how nodes and logarithms of weights move with a and with b."""
    steps = np.array([_SHIFT, -_SHIFT, _SHIFT / 2, -_SHIFT / 2])
    near, still = np.exp(steps), np.ones(4)
    p, _, log_weight = _beta_rules(a * np.append(near, still), b * np.append(still, near), n)
    found = []
    for value, first in ((a, 0), (b, 4)):
        moved = []
        for seen in (p[first : first + 4], log_weight[first : first + 4]):
            coarse, fine = (seen[0] - seen[1]) / (2 * _SHIFT), (seen[2] - seen[3]) / _SHIFT
            moved.append((4 * fine - coarse) / 3 / value)
        found.append((moved[0], moved[1]))
    return tuple(found)
