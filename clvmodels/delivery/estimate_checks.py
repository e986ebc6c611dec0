"""What an estimate in a file must be, so that a fit could have written it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf, isfinite, isnan
from typing import Any, get_args

import numpy as np

from clvmodels import models
from clvmodels.arrays import FloatArray
from clvmodels.inference.fitting import Method
from clvmodels.inference.given import PRICE
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import SIDES, Covariates, Note, Period
from clvmodels.records.covariates import Term
from clvmodels.records.period import NAMED_PERIODS

_METHODS = {*get_args(Method.__value__), "given", PRICE}
_LEAST, _MOST = 1e-100, 1e100  # a search stays far within; beyond, sums overflow


def number(value: Any, what: str, *, low: float = -inf, unknown: bool = False) -> float:
    """Return a finite number at or above a bound, or NaN where it may be unknown.

    Raises
    ------
    ValueError
        When it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{what} is no number")
    found = float(value)
    if unknown and isnan(found):
        return found
    if not isfinite(found) or found < low:
        raise ValueError(f"{what} is {found:g}")
    return found


def whole(value: Any, what: str, *, low: int = 0) -> int:
    """Return a whole number at or above a bound, or raise a ValueError."""
    found = number(value, what, low=low)
    if found != int(found):
        raise ValueError(f"{what} is {found:g}, which is no whole number")
    return int(found)


def text(value: Any, what: str) -> str:
    """Return a text, or raise a ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    return value


def flag(value: Any, what: str) -> bool:
    """Return a truth value, or raise a ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"{what} is neither true nor false")
    return value


def method_of(value: Any) -> str:
    """Return a method of fitting, or raise a ValueError."""
    if value not in _METHODS:
        raise ValueError(f"there is no method {value!r}")
    return str(value)


def period_of(content: Any, model: AbstractModel) -> Period | None:
    """Return the unit of time, which models of buying have and others don't, or raise a ValueError."""
    if content is None:
        if not isinstance(model, AbstractSpendModel):
            raise ValueError("the period is missing")
        return None
    if isinstance(model, AbstractSpendModel):
        raise ValueError("a model of spend has no period")
    return stored_period(content)


def stored_period(content: Any) -> Period:
    """Return a unit of time, or raise a ValueError."""
    period = Period(text(content["name"], "the period"), number(content["days"], "the period", low=1e-9))
    if set(content) != {"name", "days"} or NAMED_PERIODS.get(period.name, period.days) != period.days:
        raise ValueError("the period isn't as long as its name says")
    if period.name not in NAMED_PERIODS and period.name != f"{period.days:g}-day period":
        raise ValueError(f"the period is called {period.name!r}")
    return period


def notes_of(content: Any) -> tuple[Note, ...]:
    """Return notes, or raise a ValueError."""
    found = tuple(Note(**note) for note in _listed(content, "the notes"))
    for note in found:
        text(note.code, "a note's code")
        text(note.text, "a note")
        if note.level not in ("info", "warning"):
            raise ValueError(f"a note has the level {note.level!r}")
    return found


def covariates_of(content: Any, model: AbstractModel) -> Covariates | None:
    """Return the columns that act on a model, or raise a ValueError."""
    if content is None:
        return None
    terms = []
    for told in _listed(content, "the covariates"):
        levels = tuple(text(level, "a level") for level in _listed(told["levels"], "the levels"))
        term = Term(**{**told, "levels": levels})
        if term.side not in SIDES or term.side not in model.sides:
            raise ValueError(f"{term.side!r} is nothing that a column acts on")
        text(term.column, "a covariate's column")
        number(term.centre, "a covariate's centre")
        number(term.scale, "a covariate's scale", low=1e-300)
        flag(term.pooled, "pooled")
        if len(set(levels)) != len(levels) or (term.pooled and not levels) or len(levels) == 1:
            raise ValueError(f"the levels of {term.column!r} can't be")
        terms.append(term)
    return Covariates(tuple(terms))


def check_params(model: AbstractModel, params: Mapping[str, float], covariates: Covariates | None) -> None:
    """Raise where parameters are missing, too many, or can't be."""
    effects, spreads = effects_of(covariates)
    model.check_params({name: value for name, value in params.items() if name not in effects | spreads})
    if not (effects | spreads) <= set(params):
        raise ValueError("the coefficients don't belong to the covariates")
    for name, value in params.items():
        _check_range(name, np.array([value]), real=name in effects)


def check_draws(
    model: AbstractModel, draws: Mapping[str, FloatArray], params: Collection[str], covariates: Covariates | None
) -> None:
    """Raise where draws can't be those of these parameters."""
    if set(draws) != set(params) or len({values.shape for values in draws.values()}) != 1:
        raise ValueError("the draws don't belong to the parameters")
    effects, _ = effects_of(covariates)
    few = {parameter.name: parameter.among for parameter in model.parameters if parameter.among}
    for name, values in draws.items():
        if values.ndim != 1 or not len(values):
            raise ValueError(f"there are no draws of {name}")
        _check_range(name, values, real=name in effects)
        if name in few and not np.isin(values, few[name]).all():
            raise ValueError(f"a draw of {name} is none of its values")


def effects_of(covariates: Covariates | None) -> tuple[set[str], set[str]]:
    """Return the names of coefficients, which are any numbers, and of standard deviations between groups."""
    if covariates is None:
        return set(), set()
    return set(covariates.names), {term.sd_name for term in covariates.terms if term.pooled}


def model_of(name: Any) -> AbstractModel:
    """Return the registered model of this name."""
    found: AbstractModel = models.get(text(name, "the model"))
    return found


def _check_range(name: str, values: FloatArray, *, real: bool) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has a value that isn't finite")
    if real:
        if np.abs(values).max() > np.log(_MOST):
            raise ValueError(f"the coefficient {name} has a value of {values[np.abs(values).argmax()]:g}")
    elif values.min() < _LEAST or values.max() > _MOST:
        odd = values[(values < _LEAST) | (values > _MOST)][0]
        raise ValueError(f"{name} has a value of {odd:g}, and only positive numbers that a fit can reach are possible")


def _listed(content: Any, what: str) -> list[Any]:
    if not isinstance(content, list | tuple):
        raise ValueError(f"{what} are no list")
    return list(content)
