"""The continuous ranked probability score of sums of money."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from clvmodels.arrays import FloatArray, IntArray

_HALF = 12  # Gauss-Legendre points on either side of the outcome: the score errs by less than 1e-3 of itself
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(_HALF)


class Scored(Protocol):
    """What is scored: cumulative probabilities of some rows."""

    def cdfs(self, amounts: FloatArray) -> FloatArray:
        """Return P(sum <= amount) of each row at several amounts from 0 on, shape (amount, row)."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...


def crps(law: Scored, scale: FloatArray, actual: FloatArray) -> FloatArray:
    """Return the score of each row's outcome, in money.

    The integral of (F - [s >= actual])^2 is taken over u = s / (s + scale), once below the outcome and once above it.

    Parameters
    ----------
    law : Scored
        Of the rows.
    scale : array, shape (row,)
        A typical sum, given a purchase.
    actual : array, shape (row,)
        The outcome, at least 0.
    """
    split = actual / (actual + scale)
    total = np.zeros(len(actual))
    some = np.flatnonzero(split > 0)  # below nothing lies nothing
    for rows, low, high, above in ((some, 0.0, split[some], 0.0), (np.arange(len(split)), split, 1.0, 1.0)):
        share = low + (high - low) * (_POINTS[:, None] + 1) / 2
        amounts = scale[rows] * share / (1 - share)
        miss = np.square(law.take(rows).cdfs(amounts) - above)
        total[rows] += (high - low) / 2 * scale[rows] * (_WEIGHTS @ (miss / np.square(1 - share)))
    return total
