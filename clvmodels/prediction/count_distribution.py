"""How many purchases each customer will make: exact probabilities, however many there may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-12  # of a cumulative probability: a sum that misses by it has reached
_ENDLESS = 2.0**30  # counts that stand for no end; a thousand million purchases

type Tail = Callable[[IntArray, FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class CountDistribution:
    """Predictive distributions of counts.

    Counts stand in cells. Small ones are alone in theirs; where a customer may buy hundreds of times, cells further out
    hold several, and the last one all that follow. What a cell doesn't tell is asked from ``tail``, so that every
    quantile and probability is exact.

    Attributes
    ----------
    rows : array of int, shape (row,)
        Which distinct histories.
    begins : array, shape (cell,)
        The first count of each cell, 0 that of the first.
    pmf : array, shape (row, cell)
        The probability of each cell.
    tail : callable
        Takes places among the rows and a count, at least 1, for each; gives P(so many or more).
    """

    rows: IntArray
    begins: FloatArray
    pmf: FloatArray
    tail: Tail

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """How many numbers tell them."""
        return self.pmf.size

    def take(self, rows: IntArray) -> CountDistribution:
        """Return some rows, in any order and as often as they are named."""
        tail = self.tail
        return CountDistribution(self.rows[rows], self.begins, self.pmf[rows], lambda place, n: tail(rows[place], n))

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest count whose cumulative probability reaches ``probability``; inf where none does."""
        reached = self._below >= probability - _ROUNDING
        cell = np.where(reached.any(axis=1), reached.argmax(axis=1), len(self.begins) - 1)
        found = self.begins[cell].copy()
        several = np.flatnonzero(~self._alone[cell])
        if len(several):
            found[several] = self._within(several, cell[several], probability)
        return found

    def sf(self, amount: FloatArray) -> FloatArray:
        """Return P(count > amount) of each row; 1 below 0."""
        n = np.floor(amount) + 1
        cell = np.searchsorted(self.begins, n, side="right") - 1
        known = (cell >= 0) & (self.begins[cell] == n)
        out = np.where(n <= 0, 1.0, self._beyond[np.arange(len(n)), np.maximum(cell, 0)])
        asked = np.flatnonzero(~known & (n > 0))
        if len(asked):
            out[asked] = self.tail(asked, n[asked])
        return out

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return P(count <= amount) of each row."""
        return 1 - self.sf(amount)

    def cdf_at(self, amounts: FloatArray) -> FloatArray:
        """Return P(count <= amount) of every row at each of some amounts, from 0 on, shape (row, amount).

        Within a cell of several counts the cumulative probability is taken as a straight line.
        """
        count = np.floor(amounts)
        cell = np.searchsorted(self.begins, count, side="right") - 1
        share = np.minimum((count - self.begins[cell] + 1) / self._width[cell], 1.0)
        reached: FloatArray = self._below[:, cell] - self.pmf[:, cell] * (1 - share)
        return reached

    def prob(self, count: FloatArray) -> FloatArray:
        """Return the probability of a count of each row."""
        cell = np.maximum(np.searchsorted(self.begins, count, side="right") - 1, 0)
        several = np.flatnonzero(~self._alone[cell])
        out = np.where(count >= 0, self.pmf[np.arange(len(count)), cell], 0.0)
        if len(several):
            some = self.take(several)
            out[several] = some.sf(count[several] - 1) - some.sf(count[several])
        return out

    def exactly(self, count: FloatArray) -> FloatArray:
        """Return the probability of exactly a count of each row."""
        return self.prob(count)

    def crps(self, actual: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of a count of each row, in counts.

        It is the sum over all counts k of (F(k) - [k >= actual])^2; within a cell of several, F is taken as a straight
        line.
        """
        width = self._width
        cell = np.searchsorted(self.begins, actual, side="right") - 1
        before = self._below - self.pmf
        off = before - (np.arange(len(self.begins)) >= cell[:, None])
        scores = (off * off) @ width + np.einsum("rc,rc,c->r", off, self.pmf, width + 1)
        scores += np.square(self.pmf) @ ((width + 1) * (2 * width + 1) / (6 * width))
        passed = actual - self.begins[cell]  # counts of the cell below the actual one: 2 F(k) - 1 is missing of each
        rows = np.arange(len(self))
        start, mass = before[rows, cell], self.pmf[rows, cell]
        grown = np.where(cell == len(self.begins) - 1, mass, mass * (passed + 1) / (2 * width[cell]))
        found: FloatArray = scores + passed * (2 * (start + grown) - 1)
        return found

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance."""
        centre, within = self.cells
        mean = np.einsum("rc,rc->r", self.pmf, centre)
        square = np.einsum("rc,rc->r", self.pmf, centre * centre + within)
        return mean, np.maximum(square - mean * mean, 0.0)

    @cached_property
    def cells(self) -> tuple[FloatArray, FloatArray]:
        """The mean count of each cell, and the variance in it, shape (row, cell).

        Within a cell, the logarithm of a probability is taken as a straight line, whose slope neighbours tell.
        """
        width = self._width
        centre = np.tile(self.begins + (width - 1) / 2, (len(self), 1))
        several = np.flatnonzero(width > 1)
        if not len(several):
            return centre, np.zeros_like(centre)
        variance = np.tile((np.square(width) - 1) / 12, (len(self), 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            height = np.log(self.pmf / width)
            run = centre[0, several + 1] - centre[0, several - 1]
            slope = (height[:, several + 1] - height[:, several - 1]) / run
        most = 3 / width[several]  # steeper than by e^3 over a cell, the ends say nothing of the middle
        slope = np.clip(np.where(np.isfinite(slope), slope, 0.0), -most, most)
        centre[:, several] += slope * variance[:, several]
        return centre, variance

    def in_cells(self, begins: FloatArray) -> FloatArray:
        """Return the probabilities of wider cells, whose beginnings are some of these, and larger ones."""
        place = np.searchsorted(self.begins, begins[begins <= self.begins[-1]])
        wider = np.add.reduceat(self.pmf, place, axis=1)
        return np.pad(wider, ((0, 0), (0, len(begins) - len(place))))

    def _within(self, rows: IntArray, cell: IntArray, probability: float) -> FloatArray:
        """Return a quantile that lies in a cell of several counts: the first after which enough is reached."""
        low = self.begins[cell]
        ends = np.append(self.begins[1:], np.inf)[cell] - 1
        high = ends.copy()
        open_ = np.flatnonzero(np.isinf(ends))
        reach = np.maximum(2 * low[open_], 2.0)
        while len(open_):  # the last cell has no end: double until enough is reached
            high[open_] = np.minimum(reach, 2 * _ENDLESS)
            more = (self.tail(rows[open_], high[open_] + 1) > 1 - probability + _ROUNDING) & (reach < _ENDLESS)
            open_, reach = open_[more], 2 * reach[more]
        low = np.minimum(low, high)
        while len(apart := np.flatnonzero(high > low)):
            middle = np.floor((low[apart] + high[apart]) / 2)
            reached = self.tail(rows[apart], middle + 1) <= 1 - probability + _ROUNDING
            low[apart] = np.where(reached, low[apart], middle + 1)
            high[apart] = np.where(reached, middle, high[apart])
        return np.where(low >= _ENDLESS, np.inf, low)

    @cached_property
    def _width(self) -> FloatArray:
        """How many counts are in a cell, shape (cell,); 1 for the last, which holds next to nothing."""
        return np.append(np.diff(self.begins), 1.0)

    @cached_property
    def _alone(self) -> BoolArray:
        """Whether a cell holds a single count, shape (cell,)."""
        return np.append(np.diff(self.begins) == 1, False)

    @cached_property
    def _below(self) -> FloatArray:
        """P(up to the end of a cell), shape (row, cell)."""
        return np.cumsum(self.pmf, axis=1)

    @cached_property
    def _beyond(self) -> FloatArray:
        """P(from the beginning of a cell on), shape (row, cell)."""
        beyond: FloatArray = np.cumsum(self.pmf[:, ::-1], axis=1)[:, ::-1]
        return beyond
