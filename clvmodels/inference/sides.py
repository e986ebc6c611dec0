"""Which columns act on what: the words of a caller turned into terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clvmodels.errors import ArgumentError, unknown_name
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import SIDES, Covariates, Side, Summary

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
        For an unknown side, a side that the model doesn't have, or a column both fixed and pooled.
    InputError
        For a column that isn't there or can't be used.
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
    return Covariates.of(summary.groups, fixed, groups)


def _by_side(model: AbstractModel, named: Mapping[str, ColumnNames], argument: str) -> dict[Side, tuple[str, ...]]:
    """Return the columns of each side of the model, each once."""
    for name in named:
        if name not in SIDES:
            raise unknown_name(f"side in {argument}", name, SIDES)
    found: dict[Side, tuple[str, ...]] = {}
    for side in SIDES:
        columns = named.get(side, ())
        columns = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
        if side in model.sides:
            found[side] = columns
        elif columns and (side == "spend") is isinstance(model, AbstractSpendModel):
            raise ArgumentError(
                f"{model.title} has no {side} that covariates could act on (it has: {', '.join(model.sides)}); leave "
                f"{side!r} out of {argument}, or take another model."
            )
    return found
