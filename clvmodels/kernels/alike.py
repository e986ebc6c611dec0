"""Rows whose inputs are the same, so that what follows from these is computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np

from clvmodels.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Alike:
    """Rows with the same inputs.

    Attributes
    ----------
    rows : array of int, shape (row,)
        The rows, those of a group side by side.
    first, size : array of int, shape (group,)
        Where a group begins among them, and how many it has; the largest groups come first.
    inputs : tuple of array, shape (group,)
        What each group shares.
    """

    rows: IntArray
    first: IntArray
    size: IntArray
    inputs: tuple[FloatArray, ...]

    @classmethod
    def of(cls, rows: IntArray, *inputs: FloatArray) -> Alike:
        """Group some rows; neighbours are compared, so that a key that two groups share costs time only."""
        own = [values[rows] for values in inputs]
        order = np.argsort(reduce(np.multiply, own))
        own = [values[order] for values in own]
        starts = np.flatnonzero(reduce(np.logical_or, [np.diff(values, prepend=np.nan) != 0 for values in own]))
        size = np.diff(starts, append=len(rows))
        by_size = np.argsort(-size, kind="stable")
        first = starts[by_size]
        return cls(rows[order], first, size[by_size], tuple(values[first] for values in own))

    def members(self, groups: IntArray) -> Iterator[IntArray]:
        """Give the first row of each of some groups, which ascend, then the second of those with several, and so on."""
        first, size = self.first[groups], self.size[groups]
        for nth in range(size[0]):
            yield self.rows[first[: np.searchsorted(-size, -nth)] + nth]
