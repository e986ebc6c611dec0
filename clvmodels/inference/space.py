"""Where a fit searches: the logarithms of a model's parameters, then the coefficients of its covariates, then the
effects of its calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.inference.buying_clock import OBSERVED, SINCE, BuyingClock
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.tape import TAPE, Node
from clvmodels.models import AbstractModel
from clvmodels.records import CalendarTerm, Covariates, CovariateTerm, Patterns
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
    clock : BuyingClock or None
        The calendar, and the days of the log.
    """

    model: AbstractModel
    scale: Scale
    covariates: Covariates | None = None
    patterns: Patterns | None = None
    clock: BuyingClock | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names along theta."""
        coefficients = self.covariates.names if self.covariates else ()
        return (*(p.name for p in self.model.free), *coefficients, *(self.clock.names if self.clock else ()))

    @property
    def n_plain(self) -> int:
        """How many of theta come before the effects of the calendar."""
        return len(self.names) - (len(self.clock.names) if self.clock else 0)

    @property
    def pooled(self) -> tuple[CovariateTerm | CalendarTerm, ...]:
        """The terms whose effects share a standard deviation that is estimated."""
        terms = self.covariates.terms if self.covariates else ()
        return (*(term for term in terms if term.pooled), *(self.clock.terms if self.clock else ()))

    @property
    def n_params(self) -> int:
        """How many of theta are parameters of the model; coefficients follow."""
        return len(self.model.free)

    @cached_property
    def centre(self) -> FloatArray:
        """Where a search starts."""
        return np.concatenate([np.log([p.start for p in self.model.free]), np.zeros(len(self.names) - self.n_params)])

    @cached_property
    def low(self) -> FloatArray:
        """The lower boundary of the search."""
        return self.centre - REACH

    @cached_property
    def high(self) -> FloatArray:
        """The upper boundary."""
        return self.centre + REACH

    @cached_property
    def _units(self) -> FloatArray:
        """What a coefficient per standard deviation is divided by."""
        terms = self.covariates.terms if self.covariates else ()
        return np.array([term.scale for term in terms for _ in term.names])

    def natural(self, theta: FloatArray, held: Mapping[str, float]) -> dict[str, FloatArray]:
        """Return all parameters and coefficients in the units of the data, from theta of shape (..., name), with those
        that were held at a value."""
        known = self.scale.natural(self.model, theta, held)
        coefficients = theta[..., self.n_params : self.n_plain] / self._units
        known |= {name: coefficients[..., i] for i, name in enumerate(self.names[self.n_params : self.n_plain])}
        return known if self.clock is None else known | self.clock.effects(theta[..., self.n_plain :])

    def natural_errors(self, theta: FloatArray, errors: FloatArray) -> dict[str, float]:
        """Return standard errors in the units of the data from those on the scale of the fit; none of a calendar."""
        slopes = np.concatenate([np.exp(theta[: self.n_params]), 1 / self._units])
        units = [self.scale.factor(p.unit) for p in self.model.free] + [1.0] * len(self._units)
        return {name: float(e) for name, e in zip(self.names, errors[: self.n_plain] * slopes * units, strict=False)}

    def theta(self, params: Mapping[str, Any]) -> FloatArray:
        """Return the point of some parameters and coefficients."""
        names = self.names[self.n_params : self.n_plain]
        coefficients = np.array([params[name] for name in names], dtype=np.float64) * self._units
        effects = np.empty(0) if self.clock is None else self.clock.free(params)
        return np.concatenate([self.scale.theta(self.model, params), coefficients, effects])

    def leaves(self, theta: FloatArray, columns: Mapping[str, Node]) -> dict[str, Node]:
        """Return the nodes that a derivative is taken by: a number for each parameter, and for each side that
        covariates act on its effects along the patterns, and the times on the clock; theta has shape (name,), or
        (draw, name) for values alone.
        """
        numbers = np.exp(theta) if theta.ndim == 1 else np.exp(theta)[:, None]
        found = {p.name: Node(numbers[..., i], None, is_leaf=True) for i, p in enumerate(self.model.free)}
        for side, (part, matrix) in self._effects.items():
            pattern = columns[PATTERN]
            effects = (theta[..., part] @ matrix.T)[..., pattern.value.astype(np.int64)]
            found[side] = Node(effects, pattern.axis, is_leaf=True)
        if self.clock is not None:
            found |= self.clock.leaves(theta[..., self.n_plain :], columns, self.scale.time)
        return found

    def log_likelihood(
        self, leaves: Mapping[str, Node], held: Mapping[str, float], columns: Mapping[str, Node]
    ) -> Node:
        """Return the log-likelihood of each row, on the tape."""
        params = {**leaves, **held}
        own = self.model.individual(TAPE, params, {side: leaves[side] for side in self._effects})
        if self.clock is not None:
            columns = {**columns, "T": leaves[OBSERVED], "t_x": leaves[OBSERVED] - leaves[SINCE]}
        rows: Node = self.model.log_likelihood(TAPE, own, columns)
        return rows

    def slope(
        self, theta: FloatArray, leaves: Mapping[str, Node], columns: Mapping[str, Node], by_leaf: Mapping[str, Any]
    ) -> FloatArray:
        """Return the derivative by theta from the derivatives by the leaves."""
        out = np.zeros(len(self.names))
        for i, p in enumerate(self.model.free):
            out[i] = float(by_leaf[p.name]) * leaves[p.name].value
        for side, (part, matrix) in self._effects.items():
            code = columns[PATTERN].value.astype(np.int64)
            out[part] = np.bincount(code, by_leaf[side], minlength=len(matrix)) @ matrix
        if self.clock is not None:
            out[self.n_plain :] = self.clock.slope(theta[self.n_plain :], columns, by_leaf, self.scale.time)
        return out

    def log_rates(self, theta: FloatArray) -> FloatArray:
        """Return what the calendar adds to the log-likelihood of all rows together, shape (...) for theta of shape
        (..., name)."""
        return np.zeros(theta.shape[:-1]) if self.clock is None else self.clock.log_rates(theta[..., self.n_plain :])

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
    """Return statistics in the units of a fit; patterns have none, and on a clock times are whole days."""
    plain = {name: values for name, values in columns.items() if name != PATTERN}
    found = space.scale.columns(plain) | {name: columns[name] for name in columns if name == PATTERN}
    if space.clock is None:
        return found
    return {name: found[name] for name in found if name not in ("T", "t_x")} | space.clock.columns(columns)
