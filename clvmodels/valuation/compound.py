"""The distribution of money: a random number of purchases of random value, without simulation."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.special import betaln
from clvmodels.records import Members
from clvmodels.valuation.inversion import smallest_reaching

_ALONE = 32  # counts up to here stand alone
_GROWTH = 1.05  # beyond, counts within 5% share a term: their sums of spend differ by less than one purchase's spread
_NEGLIGIBLE = 1e-9  # probability of a count that is left out
_RARE = 1e-5  # probability of a count that an outline does without; a row has some ten of them
_TERMS = 20_000  # x 8 bytes = 160 KB: the arrays of a block stay in a processor's cache
_FEW = 2_000  # terms that are not worth a second thread: half a millisecond


@dataclass(frozen=True, eq=False)
class Compound:
    """The sum of a random number of purchases; k of them sum to scale * BetaPrime(p k, q).

    What isn't known of the spend makes it a mixture: each draw of its parameters has laws of its own, and all draws are
    equally likely.

    Attributes
    ----------
    none : array, shape (row,)
        Probability of no purchase.
    row, count, mass : array, shape (term,)
        The other terms: whose, how many purchases, with which probability; rows ascend.
    scale, p, q : array, shape (draw, row)
        Of the beta-prime laws.
    """

    none: FloatArray
    row: IntArray
    count: FloatArray
    mass: FloatArray
    scale: FloatArray
    p: FloatArray
    q: FloatArray

    @classmethod
    def of(cls, pmf: FloatArray, scale: FloatArray, p: FloatArray, q: FloatArray) -> Compound:
        """Join a pmf of purchases, shape (row, n + 1), with the spend of each row, shape (row,) or (draw, row)."""
        counts, masses = _terms(pmf)
        rows, terms = np.nonzero(masses > _NEGLIGIBLE)
        kept = masses[rows, terms]
        total = np.bincount(rows, kept, len(pmf))
        share = np.divide(1 - pmf[:, 0], total, out=np.zeros(len(pmf)), where=total > 0)
        laws = (np.atleast_2d(values) for values in (scale, p, q))
        return cls(pmf[:, 0], rows, counts[rows, terms], kept * share[rows], *laws)

    def __len__(self) -> int:
        return len(self.none)

    @cached_property
    def centre(self) -> Compound:
        """The law of the draw in the middle, each parameter at its geometric mean."""
        middle = (np.exp(np.log(values).mean(axis=0, keepdims=True)) for values in (self.scale, self.p, self.q))
        return self if len(self.scale) == 1 else Compound(self.none, self.row, self.count, self.mass, *middle)

    @cached_property
    def outline(self) -> Compound:
        """The law of the centre without counts rarer than 1e-5: good to 1e-4."""
        kept = self.mass > _RARE
        mass, row, count = self.mass[kept], self.row[kept], self.count[kept]
        share = (1 - self.none) / np.maximum(np.bincount(row, mass, len(self)), _NEGLIGIBLE)
        middle = self.centre
        return Compound(self.none, row, count, mass * share[row], middle.scale, middle.p, middle.q)

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row; 0 below 0."""
        some = self.in_blocks(lambda part, rows: part.positive(_log(np.maximum(amount[rows], 0.0))))
        return np.where(amount < 0, 0.0, self.none + some)

    def density(self, amount: FloatArray) -> FloatArray:
        """Return the density of each row's sum at a positive amount."""
        return self.in_blocks(lambda part, rows: part.slope(_log(amount[rows]))) / amount

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest amount whose cumulative probability reaches ``probability``, to 1e-10 of it."""
        return self.in_blocks(lambda part, _: part._quantile(probability))

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row; inf where they don't exist under some draw."""
        mean, variance = self.moments_by_draw()
        overall = mean.mean(axis=0)
        with np.errstate(invalid="ignore"):
            between = np.square(mean - overall).mean(axis=0)
        return overall, np.where(np.isfinite(overall), variance.mean(axis=0) + between, np.inf)

    def moments_by_draw(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row under each draw, shape (draw, row); inf where they don't exist."""
        one = np.bincount(self.row, self.mass * self.count, len(self))
        two = np.bincount(self.row, self.mass * np.square(self.count), len(self))
        p, q = self.p, self.q
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(q > 1, self.scale * p * one / (q - 1), np.inf)
            square = np.square(self.scale) * (p * p * two + p * one) / ((q - 1) * (q - 2))
            return mean, np.where(q > 2, np.maximum(square - np.square(mean), 0.0), np.inf)

    def take(self, rows: IntArray) -> Compound:
        """Return some rows, in any order and as often as they are named."""
        terms, place = self._members.within(rows)
        laws = (values[:, rows] for values in (self.scale, self.p, self.q))
        return Compound(self.none[rows], place, self.count[terms], self.mass[terms], *laws)

    def in_blocks(self, quantity: Callable[[Compound, slice], FloatArray]) -> FloatArray:
        """Return a quantity of each row, computed for blocks of rows on all processors."""
        if len(self._blocks) == 1:
            return quantity(self, slice(0, len(self)))
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # SciPy lets go of the interpreter while it computes
            return np.concatenate([np.empty(0), *pool.map(lambda block: quantity(*block), self._blocks)])

    def positive(self, log_amount: FloatArray) -> FloatArray:
        """Return the probability that each row's sum is positive and at most e^log_amount."""
        total = np.zeros(len(self.row))
        for scale, p, q in zip(self.scale, self.p, self.q, strict=True):
            share = special.expit(log_amount - np.log(scale))
            total += special.betainc(p[self.row] * self.count, q[self.row], share[self.row])
        return self._summed(total)

    def slope(self, log_amount: FloatArray) -> FloatArray:
        """Return the derivative of that probability by log_amount."""
        total = np.zeros(len(self.row))
        for scale, p, q, log_beta in zip(self.scale, self.p, self.q, self._log_beta, strict=True):
            v = log_amount - np.log(scale)
            log_share, log_rest = -np.logaddexp(0, -v), -np.logaddexp(0, v)
            total += np.exp((p * log_share)[self.row] * self.count + (q * log_rest)[self.row] - log_beta)
        return self._summed(total)

    def _summed(self, terms: FloatArray) -> FloatArray:
        return np.bincount(self.row, self.mass * terms, len(self)) / len(self.scale)

    @cached_property
    def _blocks(self) -> list[tuple[Compound, slice]]:
        """Rows side by side that have few terms together, and where they stand; a block keeps what it computes once."""
        ends = np.searchsorted(self.row, np.arange(len(self) + 1))
        n = _n_blocks(len(self.row))
        starts = np.flatnonzero(np.diff(ends[:-1] * n // max(len(self.row), 1), prepend=-1))
        return [(self._part(start, end, ends), slice(start, end)) for start, end in pairwise([*starts, len(self)])]

    def _part(self, start: int, end: int, ends: IntArray) -> Compound:
        terms = slice(ends[start], ends[end])
        laws = (values[:, start:end] for values in (self.scale, self.p, self.q))
        return Compound(self.none[start:end], self.row[terms] - start, self.count[terms], self.mass[terms], *laws)

    @cached_property
    def _log_beta(self) -> FloatArray:
        """The normalising constant of each term under each draw, shape (draw, term)."""
        found: FloatArray = betaln(self.p[:, self.row] * self.count, self.q[:, self.row])
        return found

    @cached_property
    def _members(self) -> Members:
        return Members.of(self.row, len(self))

    def _quantile(self, probability: float) -> FloatArray:
        out = np.zeros(len(self))
        open_ = np.flatnonzero(self.none < probability)
        if len(open_):
            rows = self.take(open_)
            wanted = (probability - rows.none) / (1 - rows.none)
            near = rows.typical(special.ndtri(wanted))
            if len(self.scale) > 1:  # most of the way on a single draw
                near = smallest_reaching(rows.centre._given_some, wanted, near, roughly=True)
            out[open_] = np.exp(smallest_reaching(rows._given_some, wanted, near))
        return out

    def _given_some(self, log_amount: FloatArray, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the cumulative probability given a purchase, and its slope, of some rows."""
        part = self if len(rows) == len(self) else self.take(rows)
        some = 1 - part.none
        return part.positive(log_amount) / some, part.slope(log_amount) / some

    def typical(self, deviations: FloatArray) -> FloatArray:
        """Return the logarithm of an amount so many standard deviations from the middle of what comes if anything does,
        roughly."""
        p, q = self.p.mean(axis=0), self.q.mean(axis=0)
        shape = p[self.row] * self.count
        some = np.maximum(1 - self.none, _NEGLIGIBLE)
        one = np.bincount(self.row, self.mass * np.log(shape), len(self)) / some
        two = np.bincount(self.row, self.mass * (np.square(np.log(shape)) + 1 / shape), len(self)) / some
        spread = np.sqrt(np.maximum(two - np.square(one), 0.0) + 1 / q)
        return np.log(self.scale).mean(axis=0) + one - np.log(q) + deviations * spread


def _n_blocks(n_terms: int) -> int:
    """Return into how many blocks terms are cut: as many for each processor."""
    processors = os.cpu_count() or 1
    return 1 if n_terms <= _FEW else -(-n_terms // (_TERMS * processors)) * processors


def _log(amount: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # every thread has settings of its own
        return np.log(amount)


def _terms(pmf: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return counts and masses of each row, large counts joined in blocks that keep their mass and mean."""
    n = pmf.shape[1] - 1
    edges = list(range(1, min(_ALONE, n) + 1))
    while edges[-1] < n:
        edges.append(min(n, max(edges[-1] + 1, int(edges[-1] * _GROWTH))))
    starts = np.array(edges)
    k = np.arange(n + 1)
    masses = np.add.reduceat(pmf, starts, axis=1)
    counts = np.divide(np.add.reduceat(pmf * k, starts, axis=1), masses, out=np.ones_like(masses), where=masses > 0)
    return counts, masses
