"""Groups that borrow strength from each other, at about the price of maximum likelihood.

Each group has an effect on each side of the model, normal around 0 with a standard deviation that is learned from all
groups (empirical Bayes). Around the top, the likelihood of parameters and effects together is a parabola; under it, the
marginal likelihood of the standard deviations is a closed form. So they are climbed and drawn without fitting again,
and effects are drawn given each of their draws: intervals hold that it isn't known how much groups differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.inference.mle import Maximum, maximise
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space
from clvmodels.inference.uncertainty import nowhere_flat
from clvmodels.records import Priors

_SD = 0.5  # of the half-normal distribution of how much groups differ, where no prior is given: factors of up to 2.7
_FIRST = 0.3
_ROUNDS = 20
_SETTLED = 1e-3  # of the logarithm of a standard deviation that is itself known to a tenth at best
_NARROWEST, _WIDEST = -7.0, 2.0  # logarithms: groups that differ by a thousandth, or by a factor of e^7
_PROPOSED = 400
_FREEDOM = 5.0


@dataclass(frozen=True, eq=False)
class Pooled:
    """A fit with pooled groups.

    Attributes
    ----------
    maximum : Maximum
        The top at the best standard deviations.
    draws : array, shape (draw, name)
        On the scale of the fit.
    group_sds : mapping of str to array, shape (draw,)
        How much groups differ, for each pooled column and side.
    pull : array, shape (name,)
        Precision of the distribution of the effects at the best standard deviations; 0 for all else.
    """

    maximum: Maximum
    draws: FloatArray
    group_sds: Mapping[str, FloatArray]
    pull: FloatArray

    def resampled(self, places: IntArray) -> Pooled:
        """Return the same with some of the draws."""
        sds = {name: values[places] for name, values in self.group_sds.items()}
        return replace(self, draws=self.draws[places], group_sds=sds)


@dataclass(frozen=True, eq=False)
class _Parabola:
    """All but the distributions of the group effects, as slope b and curvature H at 0: b'theta - theta'H theta / 2."""

    slope: FloatArray
    curvature: FloatArray
    term_of: IntArray  # which pooled term a place along theta belongs to; -1 for none
    prior_sd: float

    def given(self, log_sds: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the log-marginal of the standard deviations, and mean and Cholesky factor of the precision of theta
        given them."""
        mine = self.term_of >= 0
        precision = np.zeros(len(self.term_of))
        precision[mine] = np.exp(-2 * log_sds[self.term_of[mine]])
        root = np.linalg.cholesky(self.curvature + np.diag(precision))
        half = np.linalg.solve(root, self.slope)
        marginal = (
            0.5 * float(half @ half) - float(np.log(np.diag(root)).sum()) - float(log_sds[self.term_of[mine]].sum())
        )
        prior = float(np.sum(log_sds - 0.5 * np.square(np.exp(log_sds) / self.prior_sd)))  # half-normal, by its log
        return marginal + prior, np.linalg.solve(root.T, half), root


def pooled_fit(  # noqa: PLR0913 - what a fit is made of
    space: Space,
    columns: Columns,
    counts: FloatArray,
    prior: PriorDensity | None,
    priors: Priors | None,
    n_draws: int,
    seed: int,
    held: Mapping[str, float] | None = None,
    earlier: Mapping[str, float] | None = None,
) -> Pooled:
    """Find parameters, effects of groups and how much groups differ, with draws of all."""
    assert space.covariates is not None  # there are pooled groups
    terms = [term for term in space.covariates.terms if term.pooled]
    of_name = {name: i for i, term in enumerate(terms) for name in term.names}
    term_of = np.array([of_name.get(name, -1) for name in space.names])
    plain = prior.precision if prior is not None else np.zeros(len(space.names) - space.n_params)
    log_sds = np.full(len(terms), np.log(_FIRST))

    def climbed(near: Maximum | None) -> tuple[Maximum, _Parabola]:
        effects = term_of[space.n_params :]
        pull = PriorDensity(space, priors, np.where(effects >= 0, np.exp(-2 * log_sds)[effects], plain))
        start, fixed = (None, held) if near is None else (near.theta, near.held)
        found = maximise(space, columns, counts, pull, start, fixed, None if near else earlier)
        return found, _parabola(found, term_of, log_sds, priors.group_sd if priors else _SD)

    top, parabola = climbed(None)
    outcome = top.outcome
    for _ in range(_ROUNDS):
        before, log_sds = log_sds, _best(parabola, log_sds)
        if np.max(np.abs(log_sds - before)) < _SETTLED:
            break
        top, parabola = climbed(top)
    if top.outcome.converged and outcome.converged:
        top = replace(top, outcome=outcome)  # of the climb from many starts; the others began where it ended
    draws, drawn_sds = _draws(parabola, log_sds, n_draws, np.random.default_rng((seed, len(space.names))))
    theta = np.tile(top.theta, (n_draws, 1))
    theta[:, top.inside] = draws
    sds = {term.sd_name: np.exp(drawn_sds[:, i]) for i, term in enumerate(terms)}
    return Pooled(top, theta, sds, np.where(term_of >= 0, np.exp(-2 * log_sds)[term_of], 0.0))


def _parabola(top: Maximum, term_of: IntArray, log_sds: FloatArray, prior_sd: float) -> _Parabola:
    """Take the distributions of the group effects out of the curvature at the top."""
    inside = top.inside
    mine = term_of[inside]
    precision = np.where(mine >= 0, np.exp(-2 * log_sds)[mine], 0.0)
    theta = top.theta[inside]
    curvature = nowhere_flat(top) - np.diag(precision)
    values, vectors = np.linalg.eigh(curvature)
    # A group that wasn't seen has no curvature but by rounding, which must not outweigh a distribution as wide as they
    # come.
    curvature = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    return _Parabola(precision * theta + curvature @ theta, curvature, mine, prior_sd)


def _best(parabola: _Parabola, start: FloatArray) -> FloatArray:
    bounds = [(_NARROWEST, _WIDEST)] * len(start)

    def depth(log_sds: FloatArray) -> Any:
        return -parabola.given(log_sds)[0]

    return np.asarray(minimize(depth, start, method="L-BFGS-B", bounds=bounds).x)


def _draws(
    parabola: _Parabola, log_sds: FloatArray, n_draws: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw standard deviations by importance, and theta given each."""
    root = np.linalg.cholesky(_spread(parabola, log_sds))
    size = len(log_sds)
    noise = rng.standard_normal((_PROPOSED, size)) * np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, (_PROPOSED, 1)))
    proposed = log_sds + noise @ root.T
    outside = np.any((proposed < _NARROWEST) | (proposed > _WIDEST), axis=1)
    proposed = np.where(outside[:, None], log_sds, proposed)
    found = [parabola.given(log_sd) for log_sd in proposed]
    log_density = -(_FREEDOM + size) / 2 * np.log1p(np.sum(noise**2, axis=1) / _FREEDOM)
    log_weights = np.where(outside, -np.inf, np.array([marginal for marginal, _, _ in found]) - log_density)
    weights = np.exp(log_weights - log_weights.max())
    steps = (np.arange(n_draws) + rng.random()) / n_draws
    chosen = rng.permutation(np.searchsorted(np.cumsum(weights) / weights.sum(), steps))
    chosen = np.minimum(chosen, _PROPOSED - 1)
    theta = np.empty((n_draws, len(parabola.slope)))
    for place in np.unique(chosen):
        mine = np.flatnonzero(chosen == place)
        _, mean, precision_root = found[place]
        noise = rng.standard_normal((len(mean), len(mine)))
        theta[mine] = mean + np.linalg.solve(precision_root.T, noise).T
    return theta, proposed[chosen]


def _spread(parabola: _Parabola, log_sds: FloatArray) -> FloatArray:
    """Return the covariance of the logarithms by the curvature of their marginal, at most 1 each way."""
    step = 0.05  # of a logarithm: wide beside rounding, narrow beside its own uncertainty
    size = len(log_sds)
    shifts = step * np.eye(size)
    curvature = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            corners = [parabola.given(log_sds + a * shifts[i] + b * shifts[j])[0] for a, b in _CORNERS]
            curvature[i, j] = -(corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    values, vectors = np.linalg.eigh(curvature)
    return np.asarray((vectors / np.maximum(values, 1.0)) @ vectors.T)


_CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
