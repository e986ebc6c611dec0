"""The distribution of money: a random number of purchases of random value, without simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.optimize import elementwise

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.special import betaln
from clvmodels.records import Members

_ALONE = 32  # counts up to here stand alone
_GROWTH = 1.05  # beyond, counts within 5% share a term: their sums of spend differ by less than one purchase's spread
_NEGLIGIBLE = 1e-9  # probability of a count that is left out
_TOLERANCE = 1e-10  # of the cumulative probability at a quantile


@dataclass(frozen=True, eq=False)
class Compound:
    """The sum of a random number of purchases; k of them sum to scale * BetaPrime(p k, q).

    Attributes
    ----------
    none : array, shape (row,)
        Probability of no purchase.
    row, count, mass : array, shape (term,)
        The other terms: whose, how many purchases, with which probability; rows ascend.
    scale, p, q : array, shape (row,)
        Of the beta-prime law.
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
        """Join a pmf of purchases, shape (row, n + 1), with the spend of each row."""
        counts, masses = _terms(pmf)
        rows, terms = np.nonzero(masses > _NEGLIGIBLE)
        kept = masses[rows, terms]
        total = np.bincount(rows, kept, len(pmf))
        share = np.divide(1 - pmf[:, 0], total, out=np.zeros(len(pmf)), where=total > 0)
        return cls(pmf[:, 0], rows, counts[rows, terms], kept * share[rows], scale, p, q)

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row; 0 below 0."""
        positive = np.maximum(amount, 0.0)
        below: FloatArray = np.where(amount < 0, 0.0, self.none + self._up_to(positive / (positive + self.scale)))
        return below

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest amount whose cumulative probability reaches ``probability``, to 1e-10 of it."""
        out = np.zeros(len(self.none))
        open_ = np.flatnonzero(self.none < probability)
        if not len(open_):
            return out

        def missing(v: FloatArray, row: IntArray) -> FloatArray:
            part = self.take(row)
            return part.none + part._up_to(special.expit(v)) - probability

        rows = self.take(open_)
        mean = np.bincount(rows.row, rows.mass * rows.count, len(open_)) * rows.p / rows.q
        guess = np.log(np.maximum(mean, np.finfo(float).tiny))
        bracket = elementwise.bracket_root(missing, guess - 1.0, guess + 1.0, args=(open_,))
        found = elementwise.find_root(missing, bracket.bracket, args=(open_,), tolerances={"fatol": _TOLERANCE})
        out[open_] = self.scale[open_] * np.exp(found.x)
        return out

    def density(self, amount: FloatArray) -> FloatArray:
        """Return the density of each row's sum at a positive amount."""
        a, b = self.p[self.row] * self.count, self.q[self.row]
        v = np.log(amount / self.scale)
        log_share, log_rest = -np.logaddexp(0, -v)[self.row], -np.logaddexp(0, v)[self.row]
        terms = np.exp(a * log_share + b * log_rest - betaln(a, b))
        return np.bincount(self.row, self.mass * terms, len(self.none)) / amount

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of each row; inf where they don't exist."""
        k = self.p[self.row] * self.count
        size = len(self.none)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(self.q > 1, self.scale * np.bincount(self.row, self.mass * k, size) / (self.q - 1), np.inf)
            square = (
                self.scale**2 * np.bincount(self.row, self.mass * k * (k + 1), size) / ((self.q - 1) * (self.q - 2))
            )
        return mean, np.where(self.q > 2, np.maximum(square - mean**2, 0.0), np.inf)

    def take(self, rows: IntArray) -> Compound:
        """Return some rows, in any order and as often as they are named."""
        terms, place = Members.of(self.row, len(self.none)).within(rows)
        return Compound(
            self.none[rows], place, self.count[terms], self.mass[terms], self.scale[rows], self.p[rows], self.q[rows]
        )

    def _up_to(self, share: FloatArray) -> FloatArray:
        """Return the probability of a positive sum whose share of (sum + scale) is at most ``share``."""
        terms = special.betainc(self.p[self.row] * self.count, self.q[self.row], share[self.row])
        return np.bincount(self.row, self.mass * terms, len(self.none))


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
