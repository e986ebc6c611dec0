"""The distribution of money: a random number of purchases of random value, without simulation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
from scipy import special

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.kernels.beta_prime import log_cdf_at
from clvmodels.kernels.special import betaln
from clvmodels.prediction.row_blocks import blocks
from clvmodels.records import Members
from clvmodels.valuation.crps import crps
from clvmodels.valuation.curves import Curves
from clvmodels.valuation.inversion import smallest_reaching
from clvmodels.valuation.purchase_sums import Priced, PurchaseSums
from clvmodels.valuation.shared_distributions import MOST, SharedDistributions

_NEGLIGIBLE = 1e-9  # probability of a number of purchases that is left out
_RARE = 1e-5  # probability of a number that an outline does without; a row has some ten of them
_TERMS = 20_000  # x 8 bytes = 160 KB: the arrays of a block stay in a processor's cache
_FEW = 2_000  # terms that are not worth a second thread: half a millisecond
_SHARING = 32  # rows of one distribution from which on they look together: fewer look by themselves as quickly
_CURVES = 48  # draws x distributions told at once: about a hundred places each, of 32 x 14 x 8 bytes, are 17 MB
_EDGE = 1e-3  # probabilities nearer to 0 or 1 are looked at one by one: shared curves err by rounding of 1
_SURE = 1e-7  # of a logarithm of money: a last step, where one more look costs little
_FLAT = 1e-2  # and where a curve rises less: rounding of 1e-14 is then 1e-12 of an amount


@dataclass(frozen=True, eq=False)
class Compound:
    """The sum of a random number of purchases; k of them sum to scale * BetaPrime(p k, q).

    A term is a number of purchases that may be spread, by a discount or because it stands for several: then the sum is
    the beta-prime with the same mean and variance. What isn't known of the spend makes it a mixture: each draw of its
    parameters has distributions of its own, and all draws are equally likely.

    Attributes
    ----------
    none : array, shape (row,)
        Probability of no purchase.
    row, mass, number, alone, apart : array, shape (term,)
        The other terms: whose, with which probability, and as in ``PurchaseSums``; rows ascend.
    scale, p, q : array, shape (draw, row)
        Of the beta-prime distributions.
    priced : Priced or None
        What the sum is where all purchases are worth one price, undiscounted: no quantile or probability is then taken
        from the terms.
    """

    none: FloatArray
    row: IntArray
    mass: FloatArray
    number: FloatArray
    alone: FloatArray
    apart: FloatArray
    scale: FloatArray
    p: FloatArray
    q: FloatArray
    priced: Priced | None = None

    @classmethod
    def of(
        cls,
        purchases: PurchaseSums,
        scale: FloatArray,
        p: FloatArray,
        q: FloatArray,
        priced: Priced | None = None,
    ) -> Compound:
        """Join purchases with the spend of each row, shape (row,) or (draw, row)."""
        rows, cells = np.nonzero(purchases.mass > _NEGLIGIBLE)
        kept = purchases.mass[rows, cells]
        none = purchases.none
        total = np.bincount(rows, kept, len(none))
        share = np.divide(1 - none, total, out=np.zeros(len(none)), where=total > 0)
        number, alone, apart = (v[rows, cells] for v in (purchases.number, purchases.alone, purchases.apart))
        scale, p, q = (np.atleast_2d(values) for values in (scale, p, q))
        return cls(none, rows, kept * share[rows], number, alone, apart, scale, p, q, priced)

    def __len__(self) -> int:
        return len(self.none)

    @property
    def size(self) -> int:
        """How many numbers tell them: what terms compute once is told for every draw."""
        return self.row.size * len(self.scale)

    @cached_property
    def centre(self) -> Compound:
        """The distribution of the draw in the middle, each parameter at its geometric mean."""
        middle = (np.exp(np.log(values).mean(axis=0, keepdims=True)) for values in (self.scale, self.p, self.q))
        return self if len(self.scale) == 1 else self._with(slice(None), self.row, self.mass, *middle)

    @cached_property
    def outline(self) -> Compound:
        """The distribution without counts rarer than 1e-5: good to 1e-4."""
        kept = self.mass > _RARE
        row, mass = self.row[kept], self.mass[kept]
        share = (1 - self.none) / np.maximum(np.bincount(row, mass, len(self)), _NEGLIGIBLE)
        return self._with(kept, row, mass * share[row], self.scale, self.p, self.q)

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row; 0 below 0."""
        if self.priced is not None:
            return self.priced.cdf(amount)
        some = self.in_blocks(lambda part, rows: part.positive(_log(np.maximum(amount[rows], 0.0))))
        return np.where(amount < 0, 0.0, self.none + some)

    def cdfs(self, amounts: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row at several amounts from 0 on, shape (amount, row)."""
        if self.priced is not None:
            return np.stack([self.priced.cdf(amount) for amount in amounts])
        out, told = np.empty(amounts.shape), np.zeros(len(self), dtype=bool)
        for rows, shared in self._shared(~told):
            out[:, rows], told[rows] = shared.cdfs(amounts[:, rows]), True
        if not told.all():
            others = np.flatnonzero(~told)
            rest = self.take(others) if told.any() else self
            out[:, others] = np.stack([rest.cdf(amount) for amount in amounts[:, others]])
        return out

    def roughly(self) -> Priced | Curves:
        """Return what tells cumulative probabilities at many amounts, to 1e-4."""
        return Curves.of(self.centre.outline) if self.priced is None else self.priced

    def exactly(self, amount: FloatArray) -> FloatArray:
        """Return the probability of exactly an amount of each row."""
        if self.priced is not None:
            return self.priced.exactly(amount)
        return np.where(amount == 0, self.none, 0.0)

    def prob(self, amount: FloatArray) -> FloatArray:
        """Return the probability of nothing, or the density of a positive amount, of each row."""
        return np.where(amount > 0, self.density(np.where(amount > 0, amount, 1.0)), self.none)

    def crps(self, actual: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of an outcome of each row, in money, to 1e-3 of itself."""
        law = self if self.priced is not None else self.outline
        return crps(law, np.exp(self.typical(np.array(0.0))), actual)

    def density(self, amount: FloatArray) -> FloatArray:
        """Return the density of each row's sum at a positive amount."""
        return self.in_blocks(lambda part, rows: part.slopes(_log(amount[rows]))[0]) / amount

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest amount whose cumulative probability reaches ``probability``, to 1e-10 of it."""
        if self.priced is not None:
            return self.priced.quantile(probability)
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = (probability - self.none) / (1 - self.none)
        inside = (self.none < probability) & (wanted > _EDGE) & (wanted < 1 - _EDGE)
        out, told = np.zeros(len(self)), np.zeros(len(self), dtype=bool)
        for rows, shared in self._shared(inside):
            out[rows], told[rows] = shared.quantile(wanted[rows])
        if not told.any():
            return self.in_blocks(lambda part, _: part._quantile(probability))
        others = np.flatnonzero(~told)
        out[others] = self.take(others).in_blocks(lambda part, _: part._quantile(probability))
        return out

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row; inf where they don't exist under some draw."""
        mean, variance = self.moments_by_draw()
        overall = mean.mean(axis=0)
        with np.errstate(invalid="ignore"):
            between = np.square(mean - overall).mean(axis=0)
        return overall, np.where(np.isfinite(overall), variance.mean(axis=0) + between, np.inf)

    def moments_by_draw(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row under each draw, shape (draw, row); inf where they don't exist."""
        p, q = self.p, self.q
        summed = partial(np.bincount, self.row, minlength=len(self))
        one = summed(self.mass * self.number)
        own = summed(self.mass * np.square(self.number) * self.alone)
        apart = summed(self.mass * np.square(self.number) * (1 + self.apart))
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(q > 1, self.scale * p * one / (q - 1), np.inf)
            square = np.square(self.scale) * (p * p * apart + p * own) / ((q - 1) * (q - 2))
            return mean, np.where(q > 2, np.maximum(square - np.square(mean), 0.0), np.inf)

    def take(self, rows: IntArray) -> Compound:
        """Return some rows, in any order and as often as they are named."""
        terms, place = self._members.within(rows)
        laws = (values[:, rows] for values in (self.scale, self.p, self.q))
        found = self._with(terms, place, self.mass[terms], *laws, none=self.none[rows])
        return found if self.priced is None else replace(found, priced=self.priced.take(rows))

    def in_blocks(self, quantity: Callable[[Compound, slice], FloatArray]) -> FloatArray:
        """Return a quantity of each row, the last axis, computed for blocks of rows on all processors."""
        if len(self._blocks) <= 1:
            return quantity(self, slice(0, len(self)))
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # SciPy lets go of the interpreter while it computes
            return np.concatenate(list(pool.map(lambda block: quantity(*block), self._blocks)), axis=-1)

    def positive(self, log_amount: FloatArray) -> FloatArray:
        """Return the probability that each row's sum is positive and at most e^log_amount."""
        total = np.zeros(len(self.row))
        for (shape, log_unit), q in zip(self.shapes, self.q, strict=True):
            total += log_cdf_at(shape, q[self.row], log_amount[self.row] - log_unit)
        return self._summed(total)

    def slopes(self, log_amount: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the first and the second derivative of that probability by log_amount."""
        first, second = np.zeros((2, len(self.row)))
        for (shape, log_unit), q, log_beta in zip(self.shapes, self.q, self._log_beta, strict=True):
            v, tail = log_amount[self.row] - log_unit, q[self.row]
            log_rest = np.logaddexp(0, v)
            slope = np.exp(shape * (v - log_rest) - tail * log_rest - log_beta)
            first += slope
            second += slope * (shape - (shape + tail) * np.exp(v - log_rest))
        return self._summed(first), self._summed(second)

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
        return self._with(terms, self.row[terms] - start, self.mass[terms], *laws, none=self.none[start:end])

    def _with(
        self,
        terms: IntArray | BoolArray | slice,
        row: IntArray,
        mass: FloatArray,
        scale: FloatArray,
        p: FloatArray,
        q: FloatArray,
        *,
        none: FloatArray | None = None,
    ) -> Compound:
        """Return some terms under other rows, masses and distributions."""
        number, alone, apart = self.number[terms], self.alone[terms], self.apart[terms]
        return Compound(self.none if none is None else none, row, mass, number, alone, apart, scale, p, q)

    @cached_property
    def shapes(self) -> list[tuple[FloatArray, FloatArray]]:
        """The shape of each term's beta-prime, and the logarithm of its scale, under each draw."""
        found = []
        for scale, p in zip(self.scale, self.p, strict=True):
            shape = 1 / (self.alone / p[self.row] + self.apart)
            found.append((shape, np.log((scale * p)[self.row] * self.number / shape)))
        return found

    @cached_property
    def _log_beta(self) -> FloatArray:
        """The normalising constant of each term under each draw, shape (draw, term)."""
        return np.array([betaln(shape, q[self.row]) for (shape, _), q in zip(self.shapes, self.q, strict=True)])

    def _shared(self, asked: BoolArray) -> Iterator[tuple[IntArray, _Shared]]:
        """Yield rows that share a distribution up to the unit of money, and what evaluates them together."""
        rows = np.flatnonzero(asked)
        if len(rows) < _SHARING or not self._single.any():
            return
        p, q = self.p[:, rows], self.q[:, rows]
        _, first, law, n_rows = np.unique(p[0] + 1j * q[0], return_index=True, return_inverse=True, return_counts=True)
        many = n_rows[law] >= _SHARING
        many &= np.all((p == p[:, first[law]]) & (q == q[:, first[law]]), axis=0)
        at_once = max(1, _CURVES // len(p))
        kept = np.unique(law[many])
        for some in (kept[part] for part in blocks(len(kept), at_once)):
            mine = np.flatnonzero(many & np.isin(law, some))
            shared = _Shared.of(
                self.take(rows[mine]), np.searchsorted(some, law[mine]), p[:, first[some]], q[:, first[some]]
            )
            yield rows[mine], shared

    @cached_property
    def _single(self) -> BoolArray:
        """Which terms are one number of purchases, neither discounted nor joined with others, and not too large."""
        alone = (self.apart == 0) & (self.alone == 1 / self.number)
        found: BoolArray = alone & (self.number <= MOST) & (self.number == np.rint(self.number))
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
            if len(self.scale) > 1:  # most of the way on a single draw, without rare counts
                near = smallest_reaching(rows.centre.outline.given_some, wanted, near, roughly=True)
            out[open_] = np.exp(smallest_reaching(rows.given_some, wanted, near))
        return out

    def reached(self, log_amount: FloatArray) -> FloatArray:
        """Return P(sum is positive and at most e^log_amount), its slope, and the slope of that, shape (3, row)."""
        return self.in_blocks(
            lambda part, rows: np.stack([part.positive(log_amount[rows]), *part.slopes(log_amount[rows])])
        )

    def given_some(self, log_amount: FloatArray, rows: IntArray) -> FloatArray:
        """Return what `reached` does of some rows, given that they purchase."""
        part = self if len(rows) == len(self) else self.take(rows)
        return np.stack([part.positive(log_amount), *part.slopes(log_amount)]) / (1 - part.none)

    def narrowness(self) -> FloatArray:
        """Return the mean of 1 / deviation^4 over the terms of each row, on the logarithm of money, at the centre."""
        (shape, _), *_ = self.centre.shapes
        terms = self.mass / np.square(1 / shape + 1 / self.centre.q[0][self.row])
        return np.bincount(self.row, terms, len(self)) / np.maximum(1 - self.none, _NEGLIGIBLE)

    def typical(self, deviations: FloatArray) -> FloatArray:
        """Return the logarithm of an amount so many standard deviations from the middle of the outcome if there is any,
        roughly."""
        q = self.q.mean(axis=0)
        (shape, _), *_ = self.centre.shapes
        some = np.maximum(1 - self.none, _NEGLIGIBLE)
        log_number = np.log(self.number)
        one = np.bincount(self.row, self.mass * log_number, len(self)) / some
        two = np.bincount(self.row, self.mass * (np.square(log_number) + 1 / shape), len(self)) / some
        spread = np.sqrt(np.maximum(two - np.square(one), 0.0) + 1 / q)
        return np.log(self.scale * self.p).mean(axis=0) + one - np.log(q) + deviations * spread


@dataclass(frozen=True, eq=False)
class _Shared:
    """Rows with shared distributions: curves give single numbers of purchases, other terms are computed apart."""

    law: Compound
    curves: SharedDistributions
    rest: Compound

    @classmethod
    def of(cls, law: Compound, which: IntArray, p: FloatArray, q: FloatArray) -> _Shared:
        """Return rows evaluated by the shared distribution of each."""
        single = law._single
        number = law.number[single].astype(np.int64)
        mass = np.zeros((len(law), number.max(initial=1)))
        mass[law.row[single], number - 1] = law.mass[single]
        rest = law._with(~single, law.row[~single], law.mass[~single], law.scale, law.p, law.q)
        return cls(law, SharedDistributions(mass, np.log(law.scale), which, p, q), rest)

    def quantile(self, wanted: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return where each row's sum, given a purchase, reaches a probability, and whether it rises enough there."""
        slopes = np.zeros(len(wanted))

        def looked_at(log_amount: FloatArray, rows: IntArray) -> FloatArray:
            found = self.given_some(log_amount, rows)
            slopes[rows] = found[1]
            return found

        found = smallest_reaching(looked_at, wanted, self.law.typical(special.ndtri(wanted)), last=_SURE)
        return np.exp(found), slopes > _FLAT

    def given_some(self, log_amount: FloatArray, rows: IntArray) -> FloatArray:
        """Return what ``Compound.reached`` does of some rows, given that they purchase."""
        found = self.curves.reached(log_amount, rows)
        if len(self.rest.row):
            rest = self.rest if len(rows) == len(self.law) else self.rest.take(rows)
            found += np.stack([rest.positive(log_amount), *rest.slopes(log_amount)])
        return found / (1 - self.law.none[rows])

    def cdfs(self, amounts: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row at several amounts from 0 on, shape (amount, row)."""
        log_amounts = _log(amounts)
        found = self.law.none + self.curves.below(log_amounts)
        if len(self.rest.row):
            found += np.stack([self.rest.positive(log_amount) for log_amount in log_amounts])
        return found


def _n_blocks(n_terms: int) -> int:
    """Return into how many blocks terms are cut: as many for each processor."""
    processors = os.cpu_count() or 1
    return 1 if n_terms <= _FEW else -(-n_terms // (_TERMS * processors)) * processors


def _log(amount: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # every thread has settings of its own
        return np.log(amount)
