"""The first purchase as one more observation of what a customer spends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan, sqrt
from typing import Any, Literal

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray

type FirstPurchaseUse = Literal["scaled", "leave_out"]

USES = ("scaled", "leave_out")
NOTHING, REPEATS, FIRST, BOTH = range(4)  # which of a customer's purchases were paid for
NO_FIRST = ", or fit spend with first_purchase='leave_out'"
_ROUNDING = 1e-9  # of repeat spend: what a total less it may be off by, so that a free first purchase stays free


@dataclass(frozen=True, slots=True)
class FirstPurchase:
    r"""How first purchases compare with later ones: what an estimate of spend knows when it counts them.

    A first purchase is worth :math:`\phi` times a repeat purchase of the same customer, so
    :math:`n = x + 1` and :math:`m = (a_1 / \phi + x \bar m) / (x + 1)`, with :math:`a_1` the first amount.

    Attributes
    ----------
    scale : float
        phi: the first amounts of repeat buyers, summed, over the sum of their mean repeat purchases.
    std_error : float
        Of ``scale``, from customer to customer; NaN where it isn't known. Draws of the other parameters take ``scale``
        as known.
    dispersion : float
        The squared relative spread of first purchases around what the customer usually spends, over that of repeat
        purchases: 1 where they vary alike, 2 where a first purchase says half as much. NaN where it isn't known.
    """

    scale: float
    std_error: float = nan
    dispersion: float = nan

    def spends(self, x: Any, m: Any, total: Any, number: Callable[[Any], Any]) -> tuple[Any, Any, Any]:
        """Return n and m with the first purchase among them, and which purchases were paid for.

        What was free says nothing: neither a first purchase of zero, nor repeat purchases that were all free.

        Parameters
        ----------
        x, m, total : arrays, or expressions of an engine
            Frequency, monetary_value and total_spend.
        number : callable
            Turns true and false into 1.0 and 0.0.
        """
        amount = total - x * m
        repeats = number((x > 0) & (m > 0))
        first = number(amount > _ROUNDING * repeats * x * m)
        n = first + repeats * x
        spent = first * amount / self.scale + repeats * x * m
        return n, spent / (n + number(n == 0)), repeats * REPEATS + first * FIRST

    def amounts(self, m: FloatArray, kind: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a monetary_value and a total_spend that ``spends`` turns into the mean m, for customers of a kind."""
        repeats = np.where((kind == REPEATS) | (kind == BOTH), m, 0.0)
        return repeats, x * repeats + np.where(kind >= FIRST, self.scale * m, 0.0)


@dataclass(frozen=True, eq=False)
class FirstMoments:
    """Sums over the customers whose repeat purchases were paid for, by the number of these.

    Attributes
    ----------
    x : array, shape (level,)
        Repeat purchases.
    buyers, counts : array, shape (level,)
        Customers; and those among them whose first purchase was paid for, of whom the rest speaks.
    sums : mapping of str to array, shape (level,)
        Of the first amount ``a`` and the mean repeat purchase ``b``: ``a, b, aa, ab, bb``; of ``d = ln a - ln b``:
        ``d, dd``.
    """

    x: FloatArray
    buyers: FloatArray
    counts: FloatArray
    sums: Mapping[str, FloatArray]

    @classmethod
    def of(cls, x: FloatArray, m: FloatArray, total: FloatArray, weights: FloatArray | None) -> FirstMoments:
        """Sum over customers, given frequency, monetary_value, total_spend and how many each stands for."""
        paid = np.flatnonzero((x > 0) & (m > 0))
        levels, code = np.unique(x[paid], return_inverse=True)
        each = np.ones(len(paid)) if weights is None else weights[paid]
        terms = moment_terms(x[paid], m[paid], total[paid], as_number, np.log)
        found = {name: np.bincount(code, each * values, len(levels)) for name, values in terms.items()}
        return cls(levels, np.bincount(code, each, len(levels)), found.pop("counts"), found)

    @property
    def share_paid(self) -> float:
        """The share of repeat buyers whose first purchase was paid for."""
        return float(self.counts.sum() / max(self.buyers.sum(), 1.0))

    def scale(self) -> tuple[float, float]:
        """Return phi and its standard error, those of a ratio of sums over customers."""
        n = self.counts.sum()
        a, b, aa, ab, bb = (float(self.sums[name].sum()) for name in ("a", "b", "aa", "ab", "bb"))
        phi = a / b
        left = max(aa - 2 * phi * ab + phi**2 * bb, 0.0)
        return phi, sqrt(n / (n - 1) * left) / b if n > 1 else nan


def moment_terms(x: Any, m: Any, total: Any, number: Callable[[Any], Any], log: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what `FirstMoments` sums, of customers whose repeat purchases were paid for."""
    amount = total - x * m
    first = number(amount > _ROUNDING * x * m)
    a, b = first * amount, first * m
    d = log(a + (1 - first) * m) - log(m)  # 0 without a first amount
    return {"counts": first, "a": a, "b": b, "aa": a * a, "ab": a * b, "bb": b * b, "d": d, "dd": d * d}


def as_number(truth: BoolArray) -> FloatArray:
    """Return 1.0 for true and 0.0 for false."""
    return np.asarray(truth, dtype=np.float64)
