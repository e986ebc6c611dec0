"""The distribution of money: a random number of purchases of random value, without simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.special import betaln
from clvmodels.records import Members

_ALONE = 32  # counts up to here stand alone
_GROWTH = 1.05  # beyond, counts within 5% share a term: their sums of spend differ by less than one purchase's spread
_NEGLIGIBLE = 1e-9  # probability of a count that is left out
_ITERATIONS = 60
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
        share = np.clip(amount, 0, None) / (np.clip(amount, 0, None) + self.scale)
        terms = special.betainc(self.p[self.row] * self.count, self.q[self.row], share[self.row])
        below: FloatArray = np.where(
            amount < 0, 0.0, self.none + np.bincount(self.row, self.mass * terms, len(self.none))
        )
        return below

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest amount whose cumulative probability reaches ``probability``.

        Newton's method on the log-odds of amount / (amount + scale), kept inside a bracket that shrinks.
        """
        out = np.zeros(len(self.none))
        open_ = self.none < probability
        rows = self.take(np.flatnonzero(open_))
        v = np.log(np.maximum(rows.p * np.bincount(rows.row, rows.mass * rows.count, len(rows.none)), 1e-12) / rows.q)
        low, high = np.full(len(v), -60.0), np.full(len(v), 60.0)
        active = np.ones(len(v), dtype=bool)
        for _ in range(_ITERATIONS):
            if not active.any():
                break
            part = rows.take(np.flatnonzero(active))
            below, density = part._at(v[active])
            error = part.none + below - probability
            low[active], high[active] = (
                np.where(error < 0, v[active], low[active]),
                np.where(error < 0, high[active], v[active]),
            )
            step = v[active] - error / np.maximum(density, 1e-300)
            inside = (step > low[active]) & (step < high[active])
            v[active] = np.where(inside, step, (low[active] + high[active]) / 2)
            active[active] = np.abs(error) > _TOLERANCE
        out[open_] = rows.scale * np.exp(v)
        return out

    def density(self, amount: FloatArray) -> FloatArray:
        """Return the density of each row's sum at a positive amount."""
        slope: FloatArray = self._at(np.log(amount / self.scale))[1] / amount
        return slope

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

    def _at(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of a positive sum up to scale * e^v, and its derivative by v."""
        a, b = self.p[self.row] * self.count, self.q[self.row]
        log_share, log_rest = -np.logaddexp(0, -v)[self.row], -np.logaddexp(0, v)[self.row]
        below = special.betainc(a, b, np.exp(log_share))
        density = np.exp(a * log_share + b * log_rest - betaln(a, b))
        size = len(self.none)
        return np.bincount(self.row, self.mass * below, size), np.bincount(self.row, self.mass * density, size)

    def take(self, rows: IntArray) -> Compound:
        """Return some rows, in any order and as often as they are named."""
        terms, place = Members.of(self.row, len(self.none)).within(rows)
        return Compound(
            self.none[rows], place, self.count[terms], self.mass[terms], self.scale[rows], self.p[rows], self.q[rows]
        )


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
