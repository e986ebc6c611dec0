"""The posterior of a fit as a PyMC model, from the same formula as the fit itself.

What is sampled are the quantities that priors speak of, as logarithms or log-odds: they have normal distributions there
and depend on each other less than the parameters do. Effects of covariates are counted in standard deviations of their
own distribution. Parameters and coefficients follow, under their names and in the units of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm  # type: ignore[import-untyped]
import pytensor.tensor as pt

from clvmodels.arrays import Columns, FloatArray
from clvmodels.inference.space import Space
from clvmodels.kernels.namespace import NUMPY
from clvmodels.kernels.symbolic import SYMBOLIC, Leveled, leveled, shared
from clvmodels.kernels.tape import Axis
from clvmodels.records import Priors
from clvmodels.records.covariates import PATTERN

if TYPE_CHECKING:
    from clvmodels.grammar import Quantity
    from clvmodels.records.covariates import CovariateTerm


@dataclass(frozen=True, eq=False)
class Posterior:
    """What a sampler needs to know.

    Attributes
    ----------
    space : Space
        Model, units of the fit and covariates.
    columns : mapping of str to array, shape (row,)
        Distinct histories, in the units of the data.
    counts : array, shape (row,)
        Customers of each.
    priors : Priors
        The priors.
    held : mapping of str to float
        Parameters that are held at a value.
    """

    space: Space
    columns: Columns
    counts: FloatArray
    priors: Priors
    held: Mapping[str, float]

    @property
    def terms(self) -> tuple[CovariateTerm, ...]:
        """The columns that act on the model."""
        return self.space.covariates.terms if self.space.covariates else ()

    def model(self) -> pm.Model:
        """Build the PyMC model."""
        facts = self.space.model
        with pm.Model() as built:
            coordinates = {q.name: pm.Normal(_named(q), *self.priors.coordinate(q.name)) for q in facts.quantities}
            params = facts.at_coordinates(SYMBOLIC, coordinates, self.held)
            params |= {p.name: Leveled(pm.Deterministic(p.name, params[p.name]), None) for p in facts.free}
            coefficients = {name: value for term in self.terms for name, value in self._coefficients(term).items()}
            histories = leveled(self.columns)
            effects = self._effects(coefficients)
            rows = facts.log_likelihood(SYMBOLIC, facts.individual(SYMBOLIC, params, effects), histories)
            pm.Potential("log_likelihood", rows.summed(self.counts))
        return built

    def _coefficients(self, term: CovariateTerm) -> dict[str, Any]:
        """Give a term its variables; groups that borrow strength get the standard deviation that they share."""
        name = f"{term.side}[{term.column}]"
        sd = pm.HalfNormal(term.sd_name, self.priors.group_sd) if term.pooled else self.priors.coefficient_sd
        if not term.levels:
            own = pm.Deterministic(name, sd / term.scale * pm.Normal(_standard(term)))
            return {name: own}
        dim = f"{name} level"
        pm.modelcontext(None).add_coord(dim, term.own_levels)
        own = pm.Deterministic(name, sd * pm.Normal(_standard(term), dims=dim), dims=dim)
        return {coefficient: own[i] for i, coefficient in enumerate(term.names)}

    def _effects(self, coefficients: Mapping[str, Any]) -> dict[Any, Leveled]:
        """Return the effect on each side; a side that few columns act on has few levels."""
        if self.space.patterns is None:
            return {}
        pattern = self.columns[PATTERN].astype(np.int64)
        effects = {}
        for side, matrix in self.space.patterns.matrices.items():
            distinct, level = np.unique(matrix, axis=0, return_inverse=True)
            used, codes = np.unique(level.ravel()[pattern], return_inverse=True)
            own = pt.stack([coefficients[name] for name in self.space.patterns.names[side]])
            effects[side] = Leveled(shared(distinct[used]) @ own, Axis(codes, len(used)))
        return effects

    def values(self, theta: FloatArray, group_sds: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the variables of the model, shape (draw, ...), at points on the scale of the fit."""
        facts = self.space.model
        natural = self.space.scale.natural(facts, theta, self.held)
        coordinates = facts.coordinates(NUMPY, natural)
        found = {_named(q): np.asarray(coordinates[q.name]) for q in facts.quantities}
        for term, part in self._parts():
            sd = group_sds[term.sd_name][:, None] if term.pooled else self.priors.coefficient_sd
            own = theta[:, part] / sd
            found |= {_standard(term): own if term.levels else own[:, 0]}
            if term.pooled:
                found[term.sd_name] = group_sds[term.sd_name]
        return found

    def theta(self, values: Mapping[str, FloatArray]) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Return points on the scale of the fit, shape (draw, name), and how much pooled groups differ, from variables
        of shape (draw, ...)."""
        facts = self.space.model
        coordinates = {q.name: values[_named(q)] for q in facts.quantities}
        params = facts.at_coordinates(NUMPY, coordinates, self.held)
        theta = np.empty((len(next(iter(coordinates.values()))), len(self.space.names)))
        theta[:, : self.space.n_params] = self.space.scale.theta(facts, params).T
        for term, part in self._parts():
            sd = values[term.sd_name][:, None] if term.pooled else self.priors.coefficient_sd
            theta[:, part] = sd * values[_standard(term)].reshape(len(theta), -1)
        return theta, {term.sd_name: values[term.sd_name] for term in self.terms if term.pooled}

    def _parts(self) -> list[tuple[CovariateTerm, slice]]:
        """Return the place of each term's coefficients along theta."""
        parts, begin = [], self.space.n_params
        for term in self.terms:
            parts.append((term, slice(begin, begin + len(term.names))))
            begin += len(term.names)
        return parts


def _named(quantity: Quantity) -> str:
    return f"{'logit' if quantity.share else 'log'} {quantity.name}"


def _standard(term: CovariateTerm) -> str:
    return f"{term.side}[{term.column}] standardised"
