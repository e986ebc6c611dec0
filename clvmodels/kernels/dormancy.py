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
from threading import local
from typing import Any

import numpy as np
from scipy import special
from scipy.sparse import csr_array

from clvmodels.arrays import AnyArray, FloatArray, IntArray, Ragged
from clvmodels.kernels import gap_subsets
from clvmodels.kernels.dormancy_rules import (
    Chances,
    Law,
    Rule,
    beta_rule,
    beta_rules,
    kinds_of,
    moves,
    n_chances,
    rule_of,
)

_CELLS = 1_000_000  # rows x nodes at a time: 8 MB an array


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
    for draws, mine, terms, slope in gap_subsets.log_in_states(short, by_draw(silence, shape), gaps, slopes):
        value[:, draws, mine] = terms
        if slopes:
            by[:, :, draws, mine] = slope
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
    """Histories that share a rule: the class of x and that of T."""

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
            for n in {n_chances(alike.top, more) + finer for alike in classes} - set(rules):
                rules[n] = beta_rules(laws[2][:, 0], laws[3][:, 0], n)
            chances = {n: Chances(*(v[draw] for v in rule)) for n, rule in rules.items()}
            r, alpha, a, b, delta = (float(v[draw, 0]) for v in laws)
            yield from _under_law(draw, (r, alpha, a, b, delta), classes, chances, (more, finer))
            continue
        each = np.stack([np.broadcast_to(v[draw], len(gaps)) for v in laws])
        distinct, code = np.unique(each, axis=1, return_inverse=True)
        for i, law in enumerate(distinct.T.tolist()):
            rows = np.flatnonzero(code.ravel() == i)
            classes = _classes(gaps[rows], quiet[rows])
            needed = {n_chances(alike.top, more) + finer for alike in classes}
            chances = {n: beta_rule(law[2], law[3], n) for n in needed}
            for part in _under_law(draw, tuple(law), classes, chances, (more, finer)):
                yield replace(part, rows=rows[part.rows])


def _under_law(
    draw: int, law: Law, classes: Sequence[_Class], chances: Mapping[int, Chances], ahead: tuple[int, int]
) -> Iterator[Part]:
    more, finer = ahead
    for alike in classes:
        rule = rule_of(law, (alike.top, alike.far), more, chances[n_chances(alike.top, more) + finer])
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
        kinds = kinds_of(gaps.sizes, gaps.sums + silence)
        found = []
        for top, reach in np.unique(kinds, axis=1).T.tolist():
            rows = np.flatnonzero((kinds[0] == top) & (kinds[1] == reach))
            found.append(_Class(rows, silence[rows], gaps[rows], top, reach))
        gaps.known[key] = found
    classes: list[_Class] = gaps.known[key]
    return classes


def _log_gaps(law: Law, rule: Rule, gaps: Ragged) -> FloatArray:
    """Return ln of the density of the gaps of each row, shape (row, rate, p)."""
    levels = gaps.levels
    x = gaps.sizes.astype(np.float64)
    delta, chances = law[4], rule.chances
    quiet = x[:, None] * np.log(rule.rate) - (delta * gaps.sums)[:, None] * rule.rate
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
        for i, (node, weight) in enumerate(moves(a, b, len(chances.p))):
            found[2 + i] = moved @ node + of_p @ weight
        found[4] = np.einsum("rkp,rkp->r", share, by_delta) + (part.silence * found[1] if state else 0.0)
        found /= mass[state]
    out[:, 0] += np.log(alpha) - special.digamma(r)
    out[:, 1] += r / alpha
    return out


def _gap_slopes(law: Law, rule: Rule, gaps: Ragged) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of ln of the density of the gaps by p and by delta, shape (row, rate, p)."""
    delta, p, q = law[4], rule.chances.p, rule.chances.q
    levels = gaps.levels
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
        shape = len(gaps), len(gaps.levels)
        ones, places = np.ones(len(gaps.places)), gaps.places.astype(np.int64)
        gaps.known["times"] = csr_array((ones, places, gaps.begins), shape=shape)
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
