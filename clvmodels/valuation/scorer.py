"""The rule that leads from a customer's row to forecast and value, without another look at a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.arrays import AnyArray, BoolArray, FloatArray, IntArray
from clvmodels.errors import InputError
from clvmodels.ingest.customers import group_column
from clvmodels.ingest.parquet import Coded
from clvmodels.records import FirstPurchase
from clvmodels.records.first_purchase import as_number
from clvmodels.valuation.spend_interpolation import Nodes

PAID = "paid"  # which purchases were paid for: who paid nothing tells a spend model nothing
_SPEND, _TOTAL, _TIMES = "monetary_value", "total_spend", "frequency"
_PROBABILITY = "p_profitable"
_SLOTS = 8  # for each history, so that one in twenty shares its slot
_MOST_SLOTS = 2**22  # 16 MB
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, bits well spread (2^64 / golden ratio): a usual multiplicative hash


@dataclass(frozen=True, eq=False)
class Scorer:
    """Forecast and value of every history, and the way to them.

    Attributes
    ----------
    known : mapping of str to array, shape (history,)
        The columns of a table that tell histories apart, levels of text as codes.
    levels : mapping of str to Index
        The levels of text columns, in the order of their codes.
    values : mapping of str to array, shape (history,)
        What is the same for all customers of a history.
    nodes : Nodes or None
        The range of spends of each history; None where money isn't valued.
    lines : array, shape (2, history)
        Expected spend is lines[0] + lines[1] m.
    polynomials : mapping of str to array, shape (power, history)
        Polynomials of value over expected spend, see ``Nodes``; of a probability as it is.
    cost : float
        What is taken off each value.
    first : FirstPurchase or None
        Where the first purchase counts among those that tell spend.
    """

    known: Mapping[str, FloatArray]
    levels: Mapping[str, pd.Index[Any]]
    values: Mapping[str, FloatArray]
    nodes: Nodes | None = None
    lines: FloatArray | None = None
    polynomials: Mapping[str, FloatArray] | None = None
    cost: float = 0.0
    first: FirstPurchase | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that are looked at."""
        needed = [name for name in self.known if name != PAID]
        if PAID not in self.known:
            return (*needed,)
        return (*needed, _SPEND, *([] if self.first is None else [_TOTAL]))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are computed."""
        return (*self.values, *(["expected_spend"] if self.polynomials is not None else []), *(self.polynomials or {}))

    def of(self, rows: Mapping[str, AnyArray]) -> dict[str, FloatArray]:
        """Return forecast and value of some customers, shape (customer,), from their columns of the table.

        Raises
        ------
        InputError
            As ``coded``.
        """
        found = self.coded(rows)
        return {
            name: values.levels[values.codes] if isinstance(values, Coded) else values for name, values in found.items()
        }

    def coded(self, rows: Mapping[str, AnyArray]) -> dict[str, FloatArray | Coded]:
        """Return the same; what holds for a whole history is one of few values.

        Raises
        ------
        InputError
            When a customer's history wasn't there when histories were collected.
        """
        columns = {name: self._number(name, rows[name]) for name in self.columns}
        m, total = columns.pop(_SPEND, None), columns.pop(_TOTAL, None)
        if m is not None:
            columns[PAID] = as_number((columns[_TIMES] > 0) & (m > 0))
        if m is not None and total is not None and self.first is not None:
            _, m, columns[PAID] = self.first.spends(columns[_TIMES], m, total, as_number)
        place, strange = self._found(columns)
        if strange.any():
            raise InputError(
                f"{strange.sum():,} customers have a history that wasn't in the table when it was grouped, so it has "
                f"changed since; score it again from the start."
            )
        found: dict[str, FloatArray | Coded] = {
            name: Coded(known.codes[place], known.levels) for name, known in self._coded.items()
        }
        if self.nodes is None or self.lines is None or self.polynomials is None:
            return found
        m = np.zeros(len(place)) if m is None else m
        spend = self.lines[0][place] + self.lines[1][place] * m
        found["expected_spend"] = spend
        at = self.nodes.place(m, place)
        for name, polynomial in self.polynomials.items():
            height = _polynomial(polynomial, place, at)
            found[name] = np.clip(height, 0.0, 1.0) if name == _PROBABILITY else height * spend - self.cost
        return found

    def _found(self, columns: Mapping[str, FloatArray]) -> tuple[IntArray, BoolArray]:
        """Return which history each row has, and which rows have none that is known.

        Hardly any history shares its slot with another; those that do are looked up by all digits of their hash.
        """
        key = _hashed([columns[name] for name in self.known])
        slots = self._slots
        place = slots[_first_digits(key, len(slots))].astype(np.int64)
        strange = self._unlike(place, columns)
        again = np.flatnonzero(strange)
        if len(again):
            place[again] = self._index.get_indexer(pd.Index(key[again]))
            there = {name: values[again] for name, values in columns.items()}
            strange[again] = (place[again] < 0) | self._unlike(place[again], there)
        return place, strange

    def _unlike(self, place: IntArray, columns: Mapping[str, FloatArray]) -> BoolArray:
        """Return which rows differ from a history."""
        unlike = np.zeros(len(place), dtype=np.bool_)
        for name, values in self.known.items():
            unlike |= values[place] != columns[name]
        return unlike

    @cached_property
    def _slots(self) -> NDArray[np.int32]:
        """The history that the first digits of a hash lead to."""
        keys = _hashed(list(self.known.values()))
        slots = np.zeros(min(1 << (_SLOTS * len(keys)).bit_length(), _MOST_SLOTS), dtype=np.int32)
        slots[_first_digits(keys, len(slots))] = np.arange(len(keys))
        return slots

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(_hashed(list(self.known.values())))

    @cached_property
    def _coded(self) -> dict[str, Coded]:
        """The values of histories, each different one once."""
        different = {name: np.unique(values, return_inverse=True) for name, values in self.values.items()}
        return {name: Coded(codes.astype(np.int32), levels) for name, (levels, codes) in different.items()}

    def _number(self, name: str, values: AnyArray) -> FloatArray:
        if name in self.levels:
            known = pd.Index(group_column(np.asarray(values))[0])  # what is missing has a level of its own
            return self.levels[name].get_indexer(known).astype(np.float64)
        return np.ascontiguousarray(values, dtype=np.float64) + 0.0


def _first_digits(keys: AnyArray, n: int) -> IntArray:
    """Return the first binary digits of hashes, as many as count to n, a power of two."""
    return (keys >> np.uint64(65 - n.bit_length())).view(np.int64)


def _hashed(columns: list[FloatArray]) -> AnyArray:
    """Return a number for each row that hardly two different rows share; whether they do is looked at afterwards."""
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for values in columns:
        key ^= np.ascontiguousarray(values).view(np.uint64)
        key *= _MIX
        key ^= key >> np.uint64(29)
    return key


def _polynomial(polynomial: FloatArray, place: IntArray, at: FloatArray) -> FloatArray:
    height: FloatArray = polynomial[-1][place]
    for coefficients in polynomial[-2::-1]:
        height *= at
        height += coefficients[place]
    return height
