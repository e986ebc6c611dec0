"""What an estimate in a file must be, so that a fit could have written it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

import numpy as np

from clvmodels import models
from clvmodels.arrays import FloatArray
from clvmodels.grammar import SIDES
from clvmodels.inference.fit_spec import Method
from clvmodels.inference.fixed_estimates import PRICE
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import Covariates, FirstPurchase, Period
from clvmodels.records.covariates import CovariateTerm
from clvmodels.storage.stored_values import flag, listed, number, stored_period, text

_METHODS = {*get_args(Method.__value__), "given", PRICE}
_LEAST, _MOST = 1e-100, 1e100  # a search stays far within; beyond, sums overflow


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


def covariates_of(content: Any, model: AbstractModel) -> Covariates | None:
    """Return the columns that act on a model, or raise a ValueError."""
    if content is None:
        return None
    terms = []
    for told in listed(content, "the covariates"):
        levels = tuple(text(level, "a level") for level in listed(told["levels"], "the levels"))
        term = CovariateTerm(**{**told, "levels": levels})
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


def first_purchase_of(content: Any, model: AbstractModel) -> FirstPurchase | None:
    """Return how first purchases are counted, None where they are left out, or raise a ValueError."""
    if content is None:
        return None
    if not isinstance(model, AbstractSpendModel):
        raise ValueError("a model of buying doesn't look at first amounts")
    scale = number(content["scale"], "the scale of first purchases")
    _check_range("the scale of first purchases", np.array([scale]), real=False)
    error = number(content["std_error"], "its standard error", low=0.0, unknown=True)
    return FirstPurchase(scale, error, number(content["dispersion"], "their dispersion", low=0.0, unknown=True))


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
    few = {parameter.name: parameter.choices for parameter in model.parameters if parameter.choices}
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
