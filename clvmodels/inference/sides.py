"""Which columns act on what: the words of a caller turned into terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.grammar import SIDES, Side
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import Covariates, CovariateTerm, Summary
from clvmodels.records.covariates import PATTERN

_TIED = 1e-9  # of a column's size: what is left of one that follows from others but for rounding

type ColumnNames = str | Sequence[str]


def covariates_of(
    model: AbstractModel,
    summary: Summary,
    covariates: Mapping[str, ColumnNames] | None,
    pooled: ColumnNames | Mapping[str, ColumnNames] | None,
) -> Covariates | None:
    """Return the terms that act on a model; None where there are none.

    One mapping serves a model of buying and one of spend: each takes what is its own.

    Raises
    ------
    ArgumentError
        For a side that the model doesn't have, or a column both fixed and pooled.
    InputError
        For a column that isn't there or can't be used, and for columns whose effects can't be told apart.
    """
    fixed = _by_side(model, covariates or {}, "covariates")
    shared: Mapping[Any, ColumnNames] = (
        pooled if isinstance(pooled, Mapping) else dict.fromkeys(model.sides, pooled or ())
    )
    groups = _by_side(model, shared, "pooled")
    for side, columns in fixed.items():
        both = set(columns) & set(groups.get(side, ()))
        if both:
            raise ArgumentError(
                f"The column {min(both)!r} acts on {side} both as a covariate and as pooled groups; the two can't be "
                f"told apart, so name it once."
            )
    if not any(fixed.values()) and not any(groups.values()):
        return None
    found = Covariates.of(summary.groups, fixed, groups, summary.counts)
    _check_told_apart(model, summary, found)
    return found


def check_side(model: AbstractModel, side: str, argument: str) -> None:
    """Raise where a model doesn't have a side that covariates are to act on."""
    if side not in model.sides:
        raise ArgumentError(
            f"{model.title} has no {side} that {argument} could act on (it has: {', '.join(model.sides)}); leave "
            f"{side!r} out of {argument}, or take another model."
        )


def _by_side(model: AbstractModel, named: Mapping[str, ColumnNames], argument: str) -> dict[Side, tuple[str, ...]]:
    """Return the columns of each side of the model, each once."""
    found: dict[Side, tuple[str, ...]] = {}
    for side in SIDES:
        columns = named.get(side, ())
        columns = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
        if side in model.sides:
            found[side] = columns
        elif columns and (side == "spend") is isinstance(model, AbstractSpendModel):
            check_side(model, side, argument)
    return found


def _check_told_apart(model: AbstractModel, summary: Summary, covariates: Covariates) -> None:
    """Raise where no data can tell the effects of covariates from each other; pooled groups can share."""
    histories = summary.statistics(model.statistics, covariates)
    assert histories.patterns is not None  # there are covariates
    pattern = histories.columns[PATTERN].astype(np.int64)
    if isinstance(model, AbstractSpendModel):
        pattern = pattern[histories.columns[model.statistics[0]] > 0]
    seen = np.unique(pattern)
    for side, matrix in histories.patterns.matrices.items():
        terms = [term for term in covariates.terms if term.side == side]
        design, begin = np.ones((len(seen), 1)), 0
        for i, term in enumerate(terms):
            own = matrix[seen, begin : begin + len(term.names)] / term.scale
            begin += len(term.names)
            if term.pooled:
                continue
            _check_levels(term, own)
            design = np.hstack([design, own])
            rank = np.linalg.matrix_rank(np.linalg.qr(design, mode="r"), tol=_TIED * np.sqrt(len(seen)))
            if rank < design.shape[1]:
                others = [other.column for other in terms[:i] if not other.pooled]
                raise InputError(_tied(term, others))


def _check_levels(term: CovariateTerm, own: FloatArray) -> None:
    """Raise for a level of which nobody tells anything, which can only be where the silent ones were left out."""
    if not term.levels:
        return
    with_it = dict(zip(term.own_levels, own.any(axis=0), strict=True)) | {
        term.levels[0]: bool((~own.any(axis=1)).any())
    }
    for level, anybody in with_it.items():
        if not anybody:
            raise InputError(
                f"No customer with a repeat purchase of positive value has {term.column!r} = {level!r}, so its effect "
                f"on {term.side} can't be known; join it with another level, or pool the column "
                f"(pooled={term.column!r})."
            )


def _tied(term: CovariateTerm, others: Sequence[str]) -> str:
    if not others:
        return (
            f"The covariate {term.column!r} is the same for all customers who tell something of {term.side}, so it "
            f"can't tell them apart; leave it out there."
        )
    return (
        f"The covariate {term.column!r} follows from {', '.join(map(repr, others))}, so their effects on {term.side} "
        f"can't be told apart; leave one of them out."
    )
