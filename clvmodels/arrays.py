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
    """A column with several numbers a row, more in some rows than in others.

    Rows are taken as from an array. Rows that hold the same numbers in another order count as equal.

    Attributes
    ----------
    values : array, shape (number,)
        The numbers, row after row.
    begins : array of int, shape (row + 1,)
        Where the numbers of each row begin.
    """

    values: FloatArray
    begins: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(np.asarray(self.values, dtype=np.float64)))
        object.__setattr__(self, "begins", frozen(np.asarray(self.begins, dtype=np.int64)))

    @classmethod
    def empty(cls, n_rows: int) -> Ragged:
        """Return rows without a number."""
        return cls(np.empty(0), np.zeros(n_rows + 1, dtype=np.int64))

    @cached_property
    def known(self) -> dict[Any, Any]:
        """What kernels have made of these rows and will want again."""
        return {}

    def __len__(self) -> int:
        return len(self.begins) - 1

    def __getitem__(self, rows: Any) -> Ragged:
        places = np.arange(len(self))[rows]
        sizes = self.sizes[places]
        begins = np.concatenate([[0], np.cumsum(sizes)])
        within = np.arange(begins[-1]) - np.repeat(begins[:-1], sizes)
        return Ragged(self.values[np.repeat(self.begins[places], sizes) + within], begins)

    def __truediv__(self, unit: float) -> Ragged:
        return Ragged(self.values / unit, self.begins)

    @property
    def sizes(self) -> IntArray:
        """How many numbers each row has, shape (row,)."""
        return np.diff(self.begins)

    @cached_property
    def levels(self) -> tuple[FloatArray, IntArray]:
        """The distinct numbers, and which of them each number is."""
        found, codes = np.unique(self.values, return_inverse=True)
        return found, codes.astype(np.int64)

    @cached_property
    def codes(self) -> FloatArray:
        """A number for each row, the same for rows that hold the same numbers and for no others, shape (row,)."""
        ends = self.begins.tolist()
        row = np.repeat(np.arange(len(self)), self.sizes)
        ordered = self.values[np.lexsort((self.values, row))]
        texts = [ordered[start:stop].tobytes() for start, stop in pairwise(ends)]
        place = {text: float(i) for i, text in enumerate(sorted(set(texts)))}
        return np.array([place[text] for text in texts])
