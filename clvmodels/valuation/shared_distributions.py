"""Sums of money of many customers whose distributions differ in scale and weights only.

Given the number of purchases that spend was seen in, k purchases ahead sum to a distribution of fixed shape, in a unit
that depends on what was spent. So the incomplete beta functions of a whole base are a few hundred curves of ln(money /
unit). Each is expanded at equal steps, where it is first asked for, and the curves of a row are summed as polynomials.
"""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.beta_prime import expansion, slope_series
from clvmodels.kernels.special import betaln
from clvmodels.prediction.row_blocks import blocks

MOST = 32  # purchases up to which a number has a curve; larger ones are rare, and stand for several
_DEGREE = 13  # of a polynomial: with fewer, more places are looked at; with more, each takes longer
_ERROR = 1e-16  # of a probability, that the first power left out may add: rounding
_SCANNED = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])  # purchases whose curves say how wide a step may be
_REACH = np.linspace(-12.0, 12.0, 49)  # standard deviations from the middle at which they are looked at
_NOTHING = -np.log(1e-18)  # beyond such a probability a curve has ended
_QUERIES = 500  # polynomials summed at once: 500 x 32 x 14 x 8 bytes = 1.8 MB at most
_AMOUNTS = 10_000  # worked on at once: 14 x 8 bytes each, and a few such arrays


class SharedDistributions:
    """Rows whose purchases sum to distributions that many share.

    Parameters
    ----------
    mass : array, shape (row, number)
        Probability of 1, 2, ... purchases, at most 32.
    log_scale : array, shape (draw, row)
        The logarithm of each row's unit of money.
    law : array of int, shape (row,)
        Which distribution is the row's.
    p, q : array, shape (draw, distribution)
        k purchases sum to unit * BetaPrime(p k, q).
    """

    def __init__(self, mass: FloatArray, log_scale: FloatArray, law: IntArray, p: FloatArray, q: FloatArray) -> None:
        self.mass, self.log_scale, self.law = mass, log_scale, law
        self.n_draws, self.n_laws = p.shape
        self.p, self.q = p.ravel(), q.ravel()
        self.steps = _widest(self.p, self.q)
        self.low, self.high = _ends(self.p, self.q)
        self.first = np.rint(self.low / self.steps).astype(np.int64)
        n_places = np.rint(self.high / self.steps).astype(np.int64) - self.first + 1
        self.begins = np.cumsum(n_places) - n_places
        self.found = np.full(int(n_places.sum()), -1, dtype=np.int32)
        self.series = np.empty((0, mass.shape[1], _DEGREE + 1))

    def reached(self, log_amount: FloatArray, rows: IntArray) -> FloatArray:
        """Return P(some money, at most e^log_amount) of some rows, its slope, and the slope of that, shape (3, row)."""
        return np.concatenate(
            [self._summed(log_amount[part], rows[part], slopes=True) for part in blocks(len(rows), _AMOUNTS)], axis=1
        )

    def below(self, log_amount: FloatArray) -> FloatArray:
        """Return P(some money, at most e^log_amount) of all rows at several amounts, shape (amount, row)."""
        flat, rows = log_amount.ravel(), np.tile(np.arange(len(self.law)), len(log_amount))
        parts = [self._summed(flat[part], rows[part], slopes=False)[0] for part in blocks(len(flat), _AMOUNTS)]
        return np.concatenate(parts).reshape(log_amount.shape)

    def _summed(self, log_amount: FloatArray, rows: IntArray, *, slopes: bool) -> FloatArray:
        """Return a mean over draws, with its slopes where they are asked for, shape (1 or 3, row)."""
        total = np.zeros((3 if slopes else 1, len(rows)))
        mass = self.mass[rows]
        for draw in range(self.n_draws):
            curve = draw * self.n_laws + self.law[rows]
            at = np.clip(log_amount - self.log_scale[draw, rows], self.low[curve], self.high[curve])
            number = np.rint(at / self.steps[curve])
            off = at - number * self.steps[curve]
            where = self._at(self.begins[curve] + number.astype(np.int64) - self.first[curve])
            polynomial = np.empty((len(rows), _DEGREE + 1))
            for part in blocks(len(rows), _QUERIES):
                polynomial[part] = np.matmul(mass[part, None, :], self.series[where[part]])[:, 0]
            total += _horner(np.ascontiguousarray(polynomial.T), off, slopes=slopes)
        mean: FloatArray = total / self.n_draws
        return mean

    def _at(self, place: IntArray) -> IntArray:
        """Return where the expansions of some places are among ``series``, which grows by those that are new."""
        asked = np.zeros(len(self.found), dtype=bool)
        asked[place] = True
        new = np.flatnonzero(asked & (self.found < 0))
        if len(new):
            curve = np.searchsorted(self.begins, new, side="right") - 1
            at = (new - self.begins[curve] + self.first[curve]) * self.steps[curve]
            shape = np.arange(1.0, self.mass.shape[1] + 1) * self.p[curve, None]
            found = expansion(shape, self.q[curve, None], at[:, None], _DEGREE)
            self.found[new] = len(self.series) + np.arange(len(new))
            self.series = np.concatenate([self.series, np.moveaxis(found, 0, -1)])
        return self.found[place].astype(np.int64)


def _horner(polynomial: FloatArray, off: FloatArray, *, slopes: bool) -> FloatArray:
    """Return values of polynomials, shape (power, row), with the first two derivatives where they are asked for."""
    value, slope, bend = np.zeros((3, len(off)))
    for coefficient in polynomial[::-1]:
        if slopes:
            bend = bend * off + slope
            slope = slope * off + value
        value = value * off + coefficient
    return np.stack([value, slope, 2 * bend]) if slopes else value[None]


def _widest(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the largest distance of places at which polynomials follow all curves of a distribution to rounding."""
    shape, tail = (p[:, None] * _SCANNED)[..., None], q[:, None, None]
    at = np.log(shape / tail) + np.sqrt(1 / shape + 1 / tail) * _REACH
    left_out = np.abs(slope_series(shape, tail, at, _DEGREE + 2)[-2:]).max(axis=(-2, -1))  # an odd power may vanish
    powers = np.array([[_DEGREE + 1.0], [_DEGREE + 2.0]])
    widest: FloatArray = 2 * ((_ERROR / left_out) ** (1 / powers)).min(axis=0)
    return widest


def _ends(p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where the first curve of each distribution leaves nothing and the last one all of the probability.

    The density is at most e^(p v) / B(p, q), and at most e^(-q v) / B(32 p, q).
    """
    return (np.log(p) + betaln(p, q) - _NOTHING) / p, (_NOTHING - np.log(q) - betaln(MOST * p, q)) / q
