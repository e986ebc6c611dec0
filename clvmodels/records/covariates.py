"""What is known of a customer beside the history: columns that act on buying, on dropout or on spend.

A covariate's effect multiplies: customers of web buy exp(effect) times as often. Customers share few combinations of
what they are, so a base is a list of patterns, one matrix row each, and every customer has the number of a pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records.mixing import SIDES, Side

PATTERN = "pattern"  # the statistic that tells which combination of covariates a history belongs to
UNSEEN = "(unseen)"  # the level of a pooled column that stands for groups which weren't there


@dataclass(frozen=True, slots=True)
class Term:
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
        labels = _labels(self.column, values)
        if self.pooled:
            labels = np.where(np.isin(labels, self.levels), labels, UNSEEN)
        unknown = ~np.isin(labels, self.levels)
        if unknown.any():
            first = ", ".join(map(repr, np.unique(labels[unknown])[:3]))
            raise InputError(
                f"The covariate {self.column!r} has {len(np.unique(labels[unknown])):,} level(s) that the model was "
                f"not fitted with ({first}), so nothing is known of such customers; fit again with them, or pool the "
                f"column (pooled={self.column!r}), which says what to expect of a new group."
            )
        is_level: FloatArray = (labels[:, None] == np.array(self.own_levels)[None, :]).astype(np.float64)
        return is_level


@dataclass(frozen=True, slots=True)
class Covariates:
    """All terms of a model."""

    terms: tuple[Term, ...]

    @classmethod
    def of(
        cls,
        groups: Mapping[str, AnyArray],
        fixed: Mapping[Side, tuple[str, ...]],
        pooled: Mapping[Side, tuple[str, ...]],
    ) -> Covariates:
        """Learn levels, centres and scales from the columns of a summary.

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
                    terms.append(_term(side, column, np.asarray(groups[column]), pooled=shared))
        return cls(tuple(terms))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at, each once."""
        return tuple(dict.fromkeys(term.column for term in self.terms))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all coefficients, in the order of the terms."""
        return tuple(name for term in self.terms for name in term.names)

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
        codes, first = _distinct(columns)
        some = {name: values[first] for name, values in columns.items()}
        parts: dict[Side, list[FloatArray]] = {}
        names: dict[Side, tuple[str, ...]] = {}
        for term in self.terms:
            parts.setdefault(term.side, []).append(term.matrix(some[term.column]))
            names[term.side] = names.get(term.side, ()) + term.names
        return codes, Patterns({side: np.hstack(matrices) for side, matrices in parts.items()}, names)

    def at_centre(self) -> Patterns:
        """Return the one pattern of a customer of whom nothing is known: at the centre, at the reference, in a group
        not seen."""
        values = {
            term.column: np.array([term.centre if not term.levels else UNSEEN if term.pooled else term.levels[0]])
            for term in self.terms
        }
        return self.patterns(values)[1]


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
            found[side] = (coefficients @ matrix.T)[..., code]
        return found


def _term(side: Side, column: str, values: AnyArray, *, pooled: bool) -> Term:
    if not pooled and values.dtype.kind in "iuf":
        numbers = _numbers(column, values)
        scale = float(numbers.std())
        if not scale > 0:
            raise _constant(column)
        return Term(side, column, centre=float(numbers.mean()), scale=scale)
    levels, counts = np.unique(_labels(column, values), return_counts=True)
    if len(levels) < 2:
        raise _constant(column)
    if pooled:
        return Term(side, column, (*map(str, levels), UNSEEN), pooled=True)
    order = np.argsort(-counts, kind="stable")  # the reference is the level most customers have: it is known best
    return Term(side, column, tuple(map(str, levels[order])))


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
    if not np.all(np.isfinite(numbers)):
        raise InputError(
            f"The covariate {column!r} is missing or infinite for {np.sum(~np.isfinite(numbers)):,} customer(s), and "
            f"no effect can be computed for them; fill it, or make it categorical with a level of its own for unknown."
        )
    return numbers


def _labels(column: str, values: AnyArray) -> AnyArray:
    labels = np.asarray(values)
    if labels.dtype.kind == "f":
        missing = np.isnan(labels)
    else:
        missing = np.array([value is None or value != value for value in labels.tolist()], dtype=bool)
    if missing.any():
        raise InputError(
            f"The covariate {column!r} is missing for {missing.sum():,} customer(s), and no effect can be computed for "
            f"them; give them a level of their own, such as 'unknown'."
        )
    return labels.astype(str)


def _distinct(columns: Mapping[str, AnyArray]) -> tuple[IntArray, IntArray]:
    """Return the number of each row's combination, and a row of each combination."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ArgumentError(f"The covariates differ in length ({lengths}); give one value a customer in each.")
    codes = np.zeros(next(iter(lengths.values())), dtype=np.int64)
    for values in columns.values():
        levels, own = np.unique(values if values.dtype.kind in "iufb" else values.astype(str), return_inverse=True)
        codes = np.unique(codes * len(levels) + own.ravel(), return_inverse=True)[1].ravel()
    first = np.unique(codes, return_index=True)[1]
    return codes.astype(np.int64), first.astype(np.int64)
