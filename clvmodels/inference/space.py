"""Where a fit searches: the logarithms of a model's parameters, then the coefficients of its covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.tape import TAPE, Node
from clvmodels.models import AbstractModel
from clvmodels.records import Covariates, Patterns
from clvmodels.records.covariates import PATTERN

REACH = 12.0  # e^12 = 160,000 times the size of the data: beyond it a parameter is at its boundary


@dataclass(frozen=True, eq=False)
class Space:
    """The unconstrained scale of one fit.

    A point theta holds the logarithm of each free parameter, with time and money counted in the data's own size, and
    each coefficient per standard deviation of its column.

    Attributes
    ----------
    model : AbstractModel
        Whose parameters.
    scale : Scale
        The units of the fit.
    covariates : Covariates or None
        The terms.
    patterns : Patterns or None
        The combinations of covariates that occur, and their matrices.
    """

    model: AbstractModel
    scale: Scale
    covariates: Covariates | None = None
    patterns: Patterns | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names along theta."""
        return tuple(p.name for p in self.model.free) + (self.covariates.names if self.covariates else ())

    @property
    def n_params(self) -> int:
        """How many of theta are parameters of the model; coefficients follow."""
        return len(self.model.free)

    @cached_property
    def centre(self) -> FloatArray:
        """Where a search starts."""
        return np.concatenate([np.log([p.typical for p in self.model.free]), np.zeros(len(self.names) - self.n_params)])

    @cached_property
    def low(self) -> FloatArray:
        """The lower boundary of the search."""
        return self.centre - REACH

    @cached_property
    def high(self) -> FloatArray:
        """The upper boundary."""
        beyond = [np.log(p.below) for p in self.model.free] + [np.inf] * (len(self.names) - self.n_params)
        return np.minimum(self.centre + REACH, beyond)

    @cached_property
    def _units(self) -> FloatArray:
        """What a coefficient per standard deviation is divided by."""
        terms = self.covariates.terms if self.covariates else ()
        return np.array([term.scale for term in terms for _ in term.names])

    def natural(self, theta: FloatArray, held: Mapping[str, float]) -> dict[str, FloatArray]:
        """Return all parameters and coefficients in the units of the data, from theta of shape (..., name), with those
        that were held at a value."""
        known = self.scale.natural(self.model, theta, held)
        coefficients = theta[..., self.n_params :] / self._units
        return known | {name: coefficients[..., i] for i, name in enumerate(self.names[self.n_params :])}

    def natural_errors(self, theta: FloatArray, errors: FloatArray) -> dict[str, float]:
        """Return standard errors in the units of the data from those on the scale of the fit."""
        slopes = np.concatenate([np.exp(theta[: self.n_params]), 1 / self._units])
        units = [self.scale.factor(p.unit) for p in self.model.free] + [1.0] * len(self._units)
        return {name: float(e) for name, e in zip(self.names, errors * slopes * units, strict=True)}

    def theta(self, params: Mapping[str, Any]) -> FloatArray:
        """Return the point of some parameters and coefficients."""
        coefficients = np.array([params[name] for name in self.names[self.n_params :]], dtype=np.float64)
        return np.concatenate([self.scale.theta(self.model, params), coefficients * self._units])

    def leaves(self, theta: FloatArray, columns: Mapping[str, Node], *, slopes: bool = True) -> dict[str, Node]:
        """Return the nodes that a derivative is taken by: a number for each parameter, and for each side that
        covariates act on its effects along the patterns; theta has shape (name,), or (draw, name) for values alone,
        which need no slopes.
        """
        numbers = np.exp(theta) if theta.ndim == 1 else np.exp(theta)[:, None]
        found = {p.name: Node(numbers[..., i], None, is_leaf=slopes) for i, p in enumerate(self.model.free)}
        for side, (part, matrix) in self._effects.items():
            pattern = columns[PATTERN]
            effects = (theta[..., part] @ matrix.T)[..., pattern.value.astype(np.int64)]
            found[side] = Node(effects, pattern.axis, is_leaf=slopes)
        return found

    def individual(self, leaves: Mapping[str, Node], held: Mapping[str, float]) -> dict[str, Any]:
        """Return the parameters of each row."""
        params = {**leaves, **held}
        return self.model.individual(TAPE, params, {side: leaves[side] for side in self._effects})

    def slope(self, leaves: Mapping[str, Node], columns: Mapping[str, Node], by_leaf: Mapping[str, Any]) -> FloatArray:
        """Return the derivative by theta from the derivatives by the leaves."""
        out = np.zeros(len(self.names))
        for i, p in enumerate(self.model.free):
            out[i] = float(by_leaf[p.name]) * leaves[p.name].value
        for side, (part, matrix) in self._effects.items():
            code = columns[PATTERN].value.astype(np.int64)
            out[part] = np.bincount(code, by_leaf[side], minlength=len(matrix)) @ matrix
        return out

    @cached_property
    def _effects(self) -> dict[Any, tuple[Any, FloatArray]]:
        """Return for each side the places of its coefficients along theta, and their matrix per standard deviation."""
        if self.patterns is None:
            return {}
        place = {name: i for i, name in enumerate(self.names)}
        found = {}
        for side, names in self.patterns.names.items():
            part = np.array([place[name] for name in names])
            found[side] = part, self.patterns.matrices[side] / self._units[part - self.n_params]
        return found


def scaled(space: Space, columns: Columns) -> dict[str, FloatArray]:
    """Return statistics in the units of a fit; patterns have none."""
    plain = {name: values for name, values in columns.items() if name != PATTERN}
    return space.scale.columns(plain) | {name: columns[name] for name in columns if name == PATTERN}
