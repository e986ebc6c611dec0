"""Names for the arrays that travel through the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]
type AnyArray = NDArray[Any]
type Columns = Mapping[str, Any]  # arrays of one length, or a Ragged one


def frozen[A: AnyArray](values: A) -> A:
    """Return the array as a view that can't be written to, so that a record stays what it was."""
    view = values.view()
    view.setflags(write=False)
    return view


@dataclass(frozen=True, eq=False)
class Ragged:
    """A column with several numbers a row, more in some rows than in others, of which few are distinct.

    Rows are taken as from an array. Rows that hold the same numbers in another order count as equal.

    Attributes
    ----------
    levels : array, shape (level,)
        The distinct numbers, in rising order.
    places : array of int, shape (number,)
        Which of them each number is, row after row; in as few bytes as do.
    begins : array of int, shape (row + 1,)
        Where the numbers of each row begin.
    """

    levels: FloatArray
    places: AnyArray
    begins: IntArray

    def __post_init__(self) -> None:
        small = np.min_scalar_type(max(len(self.levels) - 1, 0))
        object.__setattr__(self, "levels", frozen(np.asarray(self.levels, dtype=np.float64)))
        object.__setattr__(self, "places", frozen(np.asarray(self.places).astype(small)))
        object.__setattr__(self, "begins", frozen(np.asarray(self.begins, dtype=np.int64)))

    @classmethod
    def of(cls, values: FloatArray, begins: IntArray) -> Ragged:
        """Return rows that hold these numbers, row after row."""
        levels, places = np.unique(values, return_inverse=True)
        return cls(levels, places, begins)

    @classmethod
    def empty(cls, n_rows: int) -> Ragged:
        """Return rows without a number."""
        return cls.of(np.empty(0), np.zeros(n_rows + 1, dtype=np.int64))

    @cached_property
    def known(self) -> dict[Any, Any]:
        """What kernels have made of these rows and will want again."""
        return {}

    def __len__(self) -> int:
        return len(self.begins) - 1

    def __getitem__(self, rows: Any) -> Ragged:
        chosen = np.arange(len(self))[rows]
        sizes = self.sizes[chosen]
        begins = np.concatenate([[0], np.cumsum(sizes)])
        within = np.arange(begins[-1]) - np.repeat(begins[:-1], sizes)
        met, places = np.unique(self.places[np.repeat(self.begins[chosen], sizes) + within], return_inverse=True)
        return Ragged(self.levels[met], places, begins)

    def __truediv__(self, unit: float) -> Ragged:
        return Ragged(self.levels / unit, self.places, self.begins)

    @property
    def values(self) -> FloatArray:
        """The numbers, row after row, shape (number,)."""
        found: FloatArray = self.levels[self.places]
        return found

    @property
    def sizes(self) -> IntArray:
        """How many numbers each row has, shape (row,)."""
        return np.diff(self.begins)

    @cached_property
    def sums(self) -> FloatArray:
        """The sum of each row, shape (row,)."""
        until = np.concatenate([[0.0], np.cumsum(self.values)])
        total: FloatArray = until[self.begins[1:]] - until[self.begins[:-1]]
        return total

    @cached_property
    def codes(self) -> FloatArray:
        """A number for each row, the same for rows that hold the same numbers and for no others, shape (row,)."""
        row = np.repeat(np.arange(len(self)), self.sizes)
        ordered = self.places[np.lexsort((self.places, row))]
        texts = [ordered[start:stop].tobytes() for start, stop in pairwise(self.begins.tolist())]
        place = {text: float(i) for i, text in enumerate(sorted(set(texts)))}
        return np.array([place[text] for text in texts])
