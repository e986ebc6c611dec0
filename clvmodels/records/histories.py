"""Distinct histories with counts: all that a likelihood sees of a customer base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, Columns, FloatArray, IntArray, Ragged, frozen
from clvmodels.grammar.mixing import Side
from clvmodels.records.covariates import PATTERN, Patterns

_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, bits well spread (2^64 / golden ratio): a usual multiplicative hash


@dataclass(frozen=True, eq=False)
class Members:
    """Who belongs to which row: the way from rows back to what was grouped into them.

    Attributes
    ----------
    order : array of int, shape (member,)
        Members, those of a row side by side.
    begins : array of int, shape (row + 1,)
        Where each row's members begin in ``order``.
    """

    order: IntArray
    begins: IntArray

    @classmethod
    def of(cls, row_of_each: IntArray, n_rows: int) -> Members:
        """Group members by the row of each."""
        order = np.argsort(row_of_each, kind="stable")
        return cls(order, np.searchsorted(row_of_each[order], np.arange(n_rows + 1)))

    def within(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return the members of some rows, and for each the place of its row among them."""
        sizes = self.begins[rows + 1] - self.begins[rows]
        place = np.repeat(np.arange(len(rows)), sizes)
        nth = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.order[self.begins[rows][place] + nth], place


@dataclass(frozen=True, eq=False)
class Histories:
    """Distinct rows, how often each occurs, and the way back to the customers.

    Attributes
    ----------
    columns : mapping of str to array, shape (row,)
        The statistics a model needs: ``x, t_x, T`` for buying, ``n, m`` for spend; ``gaps`` is a `Ragged` column.
    counts : array, shape (row,)
        Customers with this history.
    index : array of int, shape (customer,)
        The row of each customer.
    patterns : Patterns or None
        What the numbers in a column ``pattern`` stand for: combinations of covariates.
    """

    columns: Columns
    counts: FloatArray
    index: IntArray
    patterns: Patterns | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {name: _kept(values) for name, values in self.columns.items()})
        object.__setattr__(self, "counts", frozen(self.counts))
        object.__setattr__(self, "index", frozen(self.index))

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def members(self) -> Members:
        """The customers of each row."""
        return Members.of(self.index, len(self))

    @property
    def n_customers(self) -> int:
        """Customers behind the rows."""
        return round(float(self.counts.sum()))

    def effects(self, params: Mapping[str, Any]) -> dict[Side, FloatArray]:
        """Return what covariates do to each row on each side, shape (..., row) for coefficients of shape (...)."""
        return {} if self.patterns is None else self.patterns.effects(params, self.columns[PATTERN])

    @classmethod
    def of(cls, columns: Columns, patterns: Patterns | None = None, weights: FloatArray | None = None) -> Histories:
        """Group equal rows; rows come out sorted by the columns in their order.

        Parameters
        ----------
        columns : mapping of str to array, shape (customer,)
            At least one column, all of one length.
        patterns : Patterns, optional
            What a column ``pattern`` stands for.
        weights : array, shape (customer,), optional
            How many each stands for, one when left out.
        """
        plain = {name: values.codes if isinstance(values, Ragged) else values for name, values in columns.items()}
        arrays = {name: np.ascontiguousarray(values, dtype=np.float64) + 0.0 for name, values in plain.items()}
        codes, first = _group(list(arrays.values()))
        rows = [values[first] for values in arrays.values()]
        order = np.lexsort(rows[::-1])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        counts = np.bincount(codes, weights, minlength=len(first)).astype(np.float64)
        found = {name: row[order] for name, row in zip(arrays, rows, strict=True)}
        ragged = {name: values[first[order]] for name, values in columns.items() if isinstance(values, Ragged)}
        return cls(found | ragged, counts[order], place[codes], patterns)


def _kept(values: Any) -> Any:
    return values if isinstance(values, Ragged) else frozen(values)


def _group(columns: list[FloatArray]) -> tuple[IntArray, IntArray]:
    """Return each row's group and each group's first row.

    Rows are compared by a 64-bit hash, because sorting a million rows by three columns takes longer than a fit; whether
    two different rows met in one hash value is then checked exactly.
    """
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for values in columns:
        key ^= values.view(np.uint64)
        key *= _MIX
        key ^= key >> np.uint64(29)
    codes, first = _first_rows(pd.factorize(key)[0])
    if any(not np.array_equal(values, values[first][codes]) for values in columns):
        table = pd.DataFrame(dict(enumerate(columns)))
        codes, first = _first_rows(table.groupby(list(table.columns), sort=False).ngroup().to_numpy())
    return codes, first


def _first_rows(groups: AnyArray) -> tuple[IntArray, IntArray]:
    """Return the groups as they are, and where each is met first."""
    codes = groups.astype(np.int64)
    first = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first
