"""What every formula file shares: how a formula is registered, and how its numbers are checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError

type Quantity = float | FloatArray


@dataclass(frozen=True, slots=True)
class Formula:
    """What a registered formula says of itself.

    Attributes
    ----------
    name, title : str
        The function's name, and how people call the figure.
    formula : str
        The formula in words.
    requires : str
        What goes in.
    caveat : str
        When the figure says something else than people think.
    """

    name: str
    title: str
    formula: str
    requires: str
    caveat: str


FORMULAS: dict[str, Formula] = {}


def formula[F: Callable[..., Any]](*, title: str, formula: str, caveat: str) -> Callable[[F], F]:
    """Register the function below under its name; what it needs is read from its signature."""

    def register(function: F) -> F:
        name = function.__name__
        FORMULAS[name] = Formula(name, title, formula, ", ".join(inspect.signature(function).parameters), caveat)
        return function

    return register


def plain(result: Any) -> Quantity:
    """Return a number for numbers, an array for arrays."""
    array = np.asarray(result, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def number(name: str, values: Any) -> FloatArray:
    """Return the values as floats when none is missing."""
    return _within(name, values, "a number", lambda v: ~np.isnan(v), "a missing figure makes the result missing")


def not_negative(name: str, values: Any, why: str) -> FloatArray:
    """Return the values as floats when all are 0 or above."""
    return _within(name, values, "at least 0", lambda v: v >= 0, why)


def positive(name: str, values: Any, why: str) -> FloatArray:
    """Return the values as floats when all are above 0."""
    return _within(name, values, "above 0", lambda v: v > 0, why)


def share(name: str, values: Any, why: str) -> FloatArray:
    """Return the values as floats when all lie in [0, 1]."""
    return _within(name, values, "between 0 and 1", lambda v: (v >= 0) & (v <= 1), why)


def positive_share(name: str, values: Any, why: str) -> FloatArray:
    """Return the values as floats when all lie in (0, 1]."""
    return _within(name, values, "above 0 and at most 1", lambda v: (v > 0) & (v <= 1), why)


def part_of(name: str, values: Any, whole_name: str, whole: FloatArray) -> FloatArray:
    """Return the values as floats when all lie between 0 and the whole they are a part of."""
    parts = not_negative(name, values, f"it counts a part of {whole_name}")
    return _within(name, parts, f"at most {whole_name}", lambda v: v <= whole, f"it counts a part of {whole_name}")


def _within(name: str, values: Any, bounds: str, holds: Callable[[FloatArray], Any], why: str) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {values!r}, which is not a number; {why}.") from None
    wrong = np.asarray(~holds(array))
    if not wrong.any():
        return array
    found = np.broadcast_to(array, wrong.shape)[wrong]
    where = "" if array.ndim == 0 else f" in {len(found)} of {wrong.size} places"
    shown = ", ".join(f"{value:g}" for value in found[:5])
    raise ArgumentError(f"{name} is {shown}{where}; it must be {bounds}, because {why}.")
