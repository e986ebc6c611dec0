"""What a history is worth as a function of the mean purchase, from a few values of it.

Histories of buying repeat, means of purchases don't. Under given draws, everything said of a customer's money is a
smooth function of the mean m of the customer's purchases, and divided by the expected spend, which is linear in m, it
hardly varies. So a polynomial through a few nodes tells it for every customer with the same history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.records import Spending, Summary

_ROUNDING = 1e-12  # means of equal purchases, made of different sums, are as far apart


@dataclass(frozen=True, eq=False)
class Nodes:
    """Where the money of distinct histories is looked at.

    Attributes
    ----------
    row : array of int, shape (node,)
        The history of each node, those of a history side by side.
    m : array, shape (node,)
        Mean purchases.
    weights : array, shape (node,)
        Customers that a node stands for in sums: with them the sums over a history's customers of 1, m and m^2 are
        kept. They may be negative.
    begins : array of int, shape (history + 1,)
        Where each history's nodes begin.
    low, high : array, shape (history,)
        The range of m; equal where all customers are alike.
    middle : float
        The mean purchase around which the scale of m is bent.
    """

    row: IntArray
    m: FloatArray
    weights: FloatArray
    begins: IntArray
    low: FloatArray
    high: FloatArray
    middle: float

    @classmethod
    def of(cls, rows: Summary, spent: Spending | None, n_nodes: int) -> Nodes:
        """Choose so many nodes, at least 3, for histories with different spends; fewer where few say all.

        One is enough for a single customer or none who paid, and two for two customers.
        """
        assert rows.counts is not None  # rows are distinct histories
        n = len(rows)
        if spent is None:
            every, nothing = np.arange(n), np.zeros(n)
            return cls(every, nothing, rows.counts, np.arange(n + 1), nothing, nothing, 1.0)
        differ = spent.high - spent.low > _ROUNDING * spent.high
        sizes = np.where(differ, np.where(rows.counts == 2, 2, n_nodes), 1)
        begins = np.concatenate([[0], np.cumsum(sizes)])
        row = np.repeat(np.arange(n), sizes)
        middle = float(spent.first.sum() / max(float(rows.counts @ (spent.low > 0)), 1.0)) or 1.0
        found = cls(row, np.empty(len(row)), np.empty(len(row)), begins, spent.low, spent.high, middle)
        nth = np.arange(len(row)) - begins[row]
        place = -np.cos(np.pi * nth / np.maximum(sizes[row] - 1, 1))
        m = found.spend(place, row)
        m = np.where(nth == 0, spent.low[row], np.where(nth == sizes[row] - 1, spent.high[row], m))
        return cls(row, m, _weights(rows.counts, spent, m, begins, sizes), begins, spent.low, spent.high, middle)

    def place(self, m: FloatArray, rows: IntArray) -> FloatArray:
        """Return where mean purchases of some histories are in their ranges, -1 to 1."""
        low, high = self._bent(self.low[rows]), self._bent(self.high[rows])
        half = (high - low) / 2
        found: FloatArray = np.where(half > 0, (self._bent(m) - low) / np.where(half > 0, half, 1.0) - 1, 0.0)
        return found

    def spend(self, place: FloatArray, rows: IntArray) -> FloatArray:
        """Return the mean purchases at places in the ranges of some histories."""
        low, high = self._bent(self.low[rows]), self._bent(self.high[rows])
        bent = low + (place + 1) * (high - low) / 2
        return self.middle * bent / (1 - bent)

    def _bent(self, m: FloatArray) -> FloatArray:
        return m / (m + self.middle)

    def through(self, values: FloatArray) -> FloatArray:
        """Return the polynomials through values at the nodes, shape (power, history), lowest power first."""
        sizes = np.diff(self.begins)
        found = np.zeros((int(sizes.max(initial=1)), len(sizes)))
        for size in np.unique(sizes):
            mine = np.flatnonzero(sizes == size)
            at = values[self.begins[mine] + np.arange(size)[:, None]]
            nodes = -np.cos(np.pi * np.arange(size) / max(size - 1, 1)) if size > 1 else np.zeros(1)
            found[:size, mine] = np.linalg.solve(np.vander(nodes, increasing=True), at)
        return found


def _weights(counts: FloatArray, spent: Spending, m: FloatArray, begins: IntArray, sizes: IntArray) -> FloatArray:
    weights = np.zeros(len(m))
    single = sizes == 1
    weights[begins[:-1][single]] = counts[single]
    pair = sizes == 2
    for nth in (0, 1):
        weights[begins[:-1][pair] + nth] = 1.0
    rest = np.flatnonzero(sizes > 2)
    at = [begins[rest], begins[rest] + sizes[rest] // 2, begins[rest] + sizes[rest] - 1]
    low = spent.low[rest]
    # About the smallest m, because sums of squares about 0 lose the digits that tell the spread.
    c = counts[rest]
    first = spent.first[rest] - c * low
    second = spent.second[rest] - 2 * low * spent.first[rest] + c * low**2
    points = [m[place] - low for place in at]
    for i in range(3):
        here, one, other = points[i], points[(i + 1) % 3], points[(i + 2) % 3]
        kept = second - (one + other) * first + one * other * c
        weights[at[i]] = kept / ((here - one) * (here - other))
    return weights
