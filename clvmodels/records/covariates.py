"""What is known of a customer beside the history: columns that act on buying, on dropout or on spend.

A covariate's effect multiplies: customers of web buy exp(effect) times as often. Customers share few combinations of
what they are, so a base is a list of patterns, one matrix row each, and every customer has the number of a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.grammar.mixing import SIDES, Side

PATTERN = "pattern"  # the statistic that tells which combination of covariates a history belongs to
UNSEEN = "(unseen)"  # the level of a pooled column that stands for groups which weren't there
_NAME = re.compile(rf"(?P<side>{'|'.join(SIDES)})\[(?P<column>[^=]+)(=(?P<level>.*))?\]")
_FLAT = 1e-12  # of the largest value: columns that vary by less do so by rounding


@dataclass(frozen=True, slots=True)
class CovariateTerm:
    """One column acting on one side.

    Attributes
    ----------
    side : "buying", "dropout" or "spend"
        What it acts on.
    column : str
        The group column of the summary.
    levels : tuple of str
        Of a categorical column, the reference first; empty for a numeric one.
    centre, scale : float
        Mean and standard deviation of a numeric column where it was fitted. The parameters of the model speak of a
        customer at the centre; the scale serves the prior.
    pooled : bool
        Whether the levels are groups that borrow strength from each other: then none is a reference, and one more
        stands for groups not seen.
    """

    side: Side
    column: str
    levels: tuple[str, ...] = ()
    centre: float = 0.0
    scale: float = 1.0
    pooled: bool = False

    @property
    def own_levels(self) -> tuple[str, ...]:
        """The levels that have a coefficient."""
        return self.levels if self.pooled else self.levels[1:]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the coefficients."""
        if not self.levels:
            return (f"{self.side}[{self.column}]",)
        return tuple(f"{self.side}[{self.column}={level}]" for level in self.own_levels)

    @property
    def sd_name(self) -> str:
        """The name of how much pooled groups differ."""
        return f"{self.side}[{self.column}] sd"

    def matrix(self, values: AnyArray) -> FloatArray:
        """Return what multiplies the coefficients, shape (value, coefficient)."""
        if not self.levels:
            return (_numbers(self.column, values) - self.centre)[:, None]
        labels = labels_of(self.column, values)
        if self.pooled:
            labels = np.where(np.isin(labels, self.levels), labels, UNSEEN)
        unknown = ~np.isin(labels, self.levels)
        if unknown.any():
            levels = np.unique(labels[unknown]).tolist()
            first = ", ".join(map(repr, levels[:3]))
            raise InputError(
                f"The covariate {self.column!r} has {len(levels):,} level(s) that the model was "
                f"not fitted with ({first}), so nothing is known of such customers; fit again with them, or pool the "
                f"column (pooled={self.column!r}), which says what to expect of a new group."
            )
        is_level: FloatArray = (labels[:, None] == np.array(self.own_levels)[None, :]).astype(np.float64)
        return is_level


@dataclass(frozen=True, slots=True)
class Covariates:
    """All terms of a model."""

    terms: tuple[CovariateTerm, ...]

    @classmethod
    def of(
        cls,
        groups: Mapping[str, AnyArray],
        fixed: Mapping[Side, tuple[str, ...]],
        pooled: Mapping[Side, tuple[str, ...]],
        counts: FloatArray | None = None,
    ) -> Covariates:
        """Learn levels, centres and scales from the columns of a summary whose rows count so many customers each.

        Raises
        ------
        InputError
            When a column isn't there, is constant, or has missing values.
        """
        terms = []
        for which, shared in ((fixed, False), (pooled, True)):
            for side in SIDES:
                for column in which.get(side, ()):
                    if column not in groups:
                        raise InputError(
                            f"The summary has no column {column!r} to act on {side} (it has: "
                            f"{', '.join(groups) or 'none'}); name it in groups= when the log is read."
                        )
                    terms.append(_term(side, column, np.asarray(groups[column]), counts, pooled=shared))
        return cls(tuple(terms))

    @classmethod
    def named(cls, coefficients: Iterable[str], groups: Mapping[str, AnyArray]) -> Covariates:
        """Return the terms that coefficients' names speak of, with the centres of these customers; levels that have no
        coefficient, and "(unseen)", have no effect.

        Raises
        ------
        ArgumentError
            When a name speaks of no column.
        """
        levels: dict[tuple[Side, str], list[str]] = {}
        for name in coefficients:
            found = _NAME.fullmatch(name)
            if found is None or found["column"] not in groups:
                raise ArgumentError(
                    f"The coefficient {name!r} speaks of no column (there is: {', '.join(groups) or 'none'}); write "
                    f"'buying[age]' for a numeric column, 'buying[channel=web]' for a level of another, with a side of "
                    f"{', '.join(SIDES)}, and give the column in covariates=."
                )
            side: Side = next(side for side in SIDES if side == found["side"])
            levels.setdefault((side, found["column"]), []).extend(
                [found["level"]] if found["level"] is not None else []
            )
        return cls(
            tuple(
                CovariateTerm(side, column, (*own, UNSEEN), pooled=True)
                if own
                else CovariateTerm(side, column, centre=float(_numbers(column, np.asarray(groups[column])).mean()))
                for (side, column), own in levels.items()
            )
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at, each once."""
        return tuple(dict.fromkeys(term.column for term in self.terms))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all coefficients, in the order of the terms."""
        return tuple(name for term in self.terms for name in term.names)

    @property
    def pooled(self) -> bool:
        """Whether there are groups that borrow strength from each other."""
        return any(term.pooled for term in self.terms)

    def patterns(self, groups: Mapping[str, AnyArray]) -> tuple[IntArray, Patterns]:
        """Return the pattern of each customer, and the patterns that occur.

        Raises
        ------
        InputError
            When a column is missing, or has a level or value that can't be used.
        """
        columns = {}
        for name in self.columns:
            if name not in groups:
                raise InputError(
                    f"The model was fitted with the covariate {name!r} and the customers have no such column; name it "
                    f"in groups= when the log is read, or give it for new customers in covariates=."
                )
            columns[name] = np.atleast_1d(np.asarray(groups[name]))
            _check_known(name, columns[name])
        codes, first = _distinct(columns)
        some = {name: values[first] for name, values in columns.items()}
        parts: dict[Side, list[FloatArray]] = {}
        names: dict[Side, tuple[str, ...]] = {}
        for term in self.terms:
            parts.setdefault(term.side, []).append(term.matrix(some[term.column]))
            names[term.side] = names.get(term.side, ()) + term.names
        return codes, Patterns({side: np.hstack(matrices) for side, matrices in parts.items()}, names)

    @property
    def centre(self) -> dict[str, float | str]:
        """The columns of a customer of whom nothing is known: at the mean, at the reference, in a group not seen."""
        return {
            term.column: term.centre if not term.levels else UNSEEN if term.pooled else term.levels[0]
            for term in sorted(self.terms, key=lambda term: not term.pooled)  # a fixed side must know the level
        }

    def at_centre(self) -> Patterns:
        """Return the one pattern of a customer at the centre."""
        return self.patterns({name: np.array([value]) for name, value in self.centre.items()})[1]


@dataclass(frozen=True, eq=False)
class Patterns:
    """The combinations of covariates that occur.

    Attributes
    ----------
    matrices : mapping of side to array, shape (pattern, coefficient)
        What multiplies the coefficients of that side.
    names : mapping of side to tuple of str
        The names of these coefficients.
    """

    matrices: Mapping[Side, FloatArray]
    names: Mapping[Side, tuple[str, ...]]

    def effects(self, params: Mapping[str, Any], pattern: AnyArray) -> dict[Side, FloatArray]:
        """Return the effect on each side of customers with these patterns, shape (..., customer) for coefficients of
        shape (...)."""
        code = np.asarray(pattern).astype(np.int64)
        found: dict[Side, FloatArray] = {}
        for side, matrix in self.matrices.items():
            coefficients = np.stack([np.asarray(params[name]) for name in self.names[side]], axis=-1)
            if len(code) < len(matrix):  # a few rows of a base in which hardly two customers are alike
                found[side] = coefficients @ matrix[code].T
            else:
                found[side] = (coefficients @ matrix.T)[..., code]
        return found


def _term(side: Side, column: str, values: AnyArray, counts: FloatArray | None, *, pooled: bool) -> CovariateTerm:
    if not pooled and values.dtype.kind in "iuf":
        numbers = _numbers(column, values)
        if not np.ptp(numbers) > _FLAT * np.max(np.abs(numbers)):
            raise _constant(column)
        centre = float(np.average(numbers, weights=counts))
        variance = float(np.average((numbers - centre) ** 2, weights=counts))
        return CovariateTerm(side, column, centre=centre, scale=variance**0.5)
    levels, codes = np.unique(labels_of(column, values), return_inverse=True)
    if len(levels) < 2:
        raise _constant(column)
    if pooled:
        return CovariateTerm(side, column, (*(str(level) for level in levels if level != UNSEEN), UNSEEN), pooled=True)
    # The reference is the level most customers have: it is known best.
    order = np.argsort(-np.bincount(codes, counts), kind="stable")
    return CovariateTerm(side, column, tuple(map(str, levels[order])))


def _constant(column: str) -> InputError:
    return InputError(
        f"The covariate {column!r} is the same for all customers, so it can't tell them apart; leave it out."
    )


def _numbers(column: str, values: AnyArray) -> FloatArray:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"The covariate {column!r} was numeric when the model was fitted and isn't now; give numbers."
        ) from None
    _check_known(column, numbers)
    return numbers


def _check_known(column: str, values: AnyArray) -> None:
    """Raise where values are missing, or infinite."""
    unknown = np.asarray(pd.isna(values))
    if values.dtype.kind == "f":
        unknown |= np.isinf(values)
    if unknown.any():
        raise InputError(
            f"The covariate {column!r} is missing or infinite for {unknown.sum():,} customer(s) (first in row "
            f"{int(np.argmax(unknown))}), and no effect can be computed for them; fill it in, or make it text with a "
            f"level of its own such as 'unknown'."
        )


def labels_of(column: str, values: AnyArray) -> AnyArray:
    """Return the levels of a categorical column as text: 1, 1.0 and "1" are one level.

    Raises
    ------
    InputError
        When values are missing.
    """
    values = np.asarray(values)
    _check_known(column, values)
    codes, distinct = pd.factorize(values)
    names = [f"{value:.15g}" if isinstance(value, float) else str(value) for value in distinct.tolist()]
    return np.array(names, dtype=str)[codes]


def _distinct(columns: Mapping[str, AnyArray]) -> tuple[IntArray, IntArray]:
    """Return the number of each row's combination, and a row of each combination."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ArgumentError(f"The covariates differ in length ({lengths}); give one value a customer in each.")
    codes = np.zeros(next(iter(lengths.values())), dtype=np.int64)
    for values in columns.values():
        own, distinct = pd.factorize(values)
        codes = np.unique(codes * len(distinct) + own, return_inverse=True)[1].ravel()
    first = np.unique(codes, return_index=True)[1]
    return codes.astype(np.int64), first.astype(np.int64)
