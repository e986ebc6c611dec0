"""The top of a likelihood or a posterior on distinct histories: many starts on a part, one polish on everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from clvmodels.arrays import BoolArray, Columns, FloatArray, IntArray
from clvmodels.errors import FitError
from clvmodels.grammar import Parameter
from clvmodels.inference.climbing import polish
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space, scaled
from clvmodels.records import Outcome

_SEARCH_CUSTOMERS = 4_000  # enough to land near the maximum of any base; the polish then sees every customer
_STARTS = 5
_AGREE = 0.01  # starts within this log-likelihood of the best have found the same top
_FALLS = 2  # values tried past the best one: the likelihood of a count of phases has one top
_NEAR = 3.0  # log-likelihood below a top within which its parabola is believed, if it fits there
_LIKE = 0.3  # of the fall by the parabola: what the likelihood may differ from it


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the likelihood is highest, and how it curves there, on the scale of the fit.

    Attributes
    ----------
    theta : array, shape (parameter,)
        The place in the space of the fit.
    information : array, shape (parameter, parameter)
        Minus the Hessian there.
    inside : array of bool, shape (parameter,)
        Which parameters aren't at the boundary of the search.
    height : float
        The log-likelihood in the units of the fit, with the logarithm of the prior where there is one.
    outcome : Outcome
        How the search ended.
    held : mapping of str to float
        Parameters that were held at a value.
    """

    theta: FloatArray
    information: FloatArray
    inside: BoolArray
    height: float
    outcome: Outcome
    held: Mapping[str, float] = field(default_factory=dict)


def maximise(
    space: Space,
    columns: Columns,
    counts: FloatArray,
    prior: PriorDensity | None = None,
    start: FloatArray | None = None,
    held: Mapping[str, float] | None = None,
    earlier: Mapping[str, float] | None = None,
) -> Maximum:
    """Find the top; a parameter that takes few values is tried upwards until it falls, unless it is held.

    Parameters
    ----------
    space : Space
        Where to search.
    columns : mapping of str to array, shape (row,)
        Statistics in the units of the data.
    counts : array, shape (row,)
        Customers of each row.
    prior : PriorDensity, optional
        A prior; then it is the posterior whose top is found.
    start : array, shape (name,), optional
        The one point to start from, near the top; several points far apart when left out.
    held : mapping of str to float, optional
        Values of parameters that take few.
    earlier : mapping of str to float, optional
        Parameters that fitted data like these before. A search from there and one from typical values then stand for
        all; where they don't end at one top, or don't converge, the usual search is done as if nothing was known.

    Raises
    ------
    FitError
        When no starting point has a finite likelihood.
    """
    job = _Search(space, scaled(space, columns), counts, prior)
    stepped = None if held is not None else next((p for p in space.model.parameters if p.choices), None)
    if earlier is not None:
        near = np.clip(space.theta(earlier), space.low, space.high)
        first = held or ({} if stepped is None else {stepped.name: earlier[stepped.name]})
        found = _stepped(job, stepped, first, [near, space.centre])
        if found.outcome.converged and found.outcome.n_agreeing == found.outcome.n_starts:
            return found
    starts = _starting_points(space) if start is None else [start]
    first = held or ({} if stepped is None else {stepped.name: min(stepped.choices)})
    return _stepped(job, stepped, first, starts)


def _stepped(job: _Search, stepped: Parameter | None, first: Mapping[str, float], starts: list[FloatArray]) -> Maximum:
    """Find the top over all values of the parameter that takes few, outward from the first."""
    tops = [job.climbed(first, starts)]
    if stepped is None:
        return tops[0]
    begin = first[stepped.name]
    above = sorted(value for value in stepped.choices if value > begin)
    below = sorted((value for value in stepped.choices if value < begin), reverse=True)
    for values in (above, below):
        walk = tops[:1]
        for value in values:
            walk.append(job.climbed({stepped.name: value}, [walk[-1].theta]))
            if walk.index(max(walk, key=_height)) < len(walk) - _FALLS:
                break
        tops += walk[1:]
    best = max(tops, key=_height)
    if best is not tops[0]:  # it was reached from its neighbour alone
        best = job.climbed(best.held, starts)
    text = f"{best.outcome.text.removesuffix('.')}; {_choice(stepped, best, tops)}."
    return replace(best, outcome=replace(best.outcome, text=text))


def _height(top: Maximum) -> float:
    return top.height


def _choice(stepped: Parameter, best: Maximum, tops: list[Maximum]) -> str:
    """Say which value of a parameter fits best, and by how much."""
    name, chosen = stepped.name, best.held[stepped.name]
    gaps = {top.held[name]: best.height - top.height for top in tops if top.held != best.held}
    if stepped.null in gaps and chosen != stepped.null:
        worse = f"{name} = {stepped.null:g}, a simpler model, is {gaps[stepped.null]:.4g} log-likelihood worse"
    else:
        value, gap = min(gaps.items(), key=lambda pair: pair[1])
        worse = f"the next best, {name} = {value:g}, is {gap:.4g} log-likelihood worse"
    edge = ", and higher values aren't tried" if chosen == max(stepped.choices) else ""
    return f"{name} = {chosen:g} of {min(stepped.choices):g} to {max(stepped.choices):g} fits best ({worse}{edge})"


@dataclass(frozen=True, eq=False)
class _Search:
    """A search over the free parameters, columns in the units of the fit."""

    space: Space
    columns: Columns
    counts: FloatArray
    prior: PriorDensity | None

    def climbed(self, held: Mapping[str, float], starts: list[FloatArray]) -> Maximum:
        """Find the top from some starts, with some parameters held."""
        model = self.space.model
        part, weights = representatives(self.counts)
        share = float(weights.sum() / self.counts.sum())
        some = {name: values[part] for name, values in self.columns.items()}
        search = Objective(self.space, some, weights, held, self.prior, share)
        tops: list[_Top] = []
        for start in starts:
            top = _descend(search, start, min(tops, key=lambda t: t.value, default=None))
            if np.isfinite(top.value):
                tops.append(top)
        if not tops:
            raise FitError(
                f"The likelihood of {model.title} isn't finite at any of {len(starts)} starting points, so it can't be "
                f"fitted; look for extreme values in {', '.join(model.statistics)}."
            )
        best = min(tops, key=lambda top: top.value)
        agreeing = sum(top.value < best.value + _AGREE for top in tops)
        objective = Objective(self.space, self.columns, self.counts, held, self.prior)
        theta, value, information, decrement = polish(objective, best.theta, best.information / share)
        inside = (theta > self.space.low) & (theta < self.space.high)
        outcome = _outcome(self.space, theta, information[np.ix_(inside, inside)], decrement, agreeing, len(starts))
        return Maximum(theta, information, inside, -value, outcome, held)


def representatives(counts: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return rows, with weights, that stand for the base: every customer at an even step through the sorted
    histories."""
    total = counts.sum()
    if total <= _SEARCH_CUSTOMERS:
        return np.arange(len(counts)), counts
    steps = (np.arange(_SEARCH_CUSTOMERS) + 0.5) * total / _SEARCH_CUSTOMERS
    rows, weights = np.unique(np.searchsorted(np.cumsum(counts), steps), return_counts=True)
    return rows.astype(np.int64), weights.astype(np.float64)


def _starting_points(space: Space) -> list[FloatArray]:
    """Return the typical values and points around them; the seed is part of the method, so a fit repeats itself."""
    spread_out = np.random.default_rng(20_050_101).normal(size=(_STARTS - 1, space.n_params))
    without_effects = np.zeros(len(space.names) - space.n_params)
    return [space.centre, *(space.centre + np.concatenate([offset, without_effects]) for offset in spread_out)]


@dataclass(frozen=True, eq=False)
class _Top:
    """Where a search ended: minus the log-likelihood there, the place, and the curvature."""

    value: float
    theta: FloatArray
    information: FloatArray

    def is_near(self, value: float, theta: FloatArray) -> bool:
        """Tell whether a place lies on this top's own parabola, so that a search from there ends here."""
        step = theta - self.theta
        fall = float(step @ self.information @ step) / 2
        return fall < _NEAR and abs(value - self.value - fall) < _LIKE * fall + _AGREE / 2


def _descend(objective: Objective, start: FloatArray, known: _Top | None) -> _Top:
    """Search from a start; one that comes near the best top known so far has found it."""
    met = []

    def look(intermediate_result: OptimizeResult) -> None:
        if known is not None and known.is_near(float(intermediate_result.fun), intermediate_result.x):
            met.append(known)
            raise StopIteration

    bounds = list(zip(objective.space.low, objective.space.high, strict=True))
    result = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=look, options={"maxiter": 500}
    )
    if met:
        return met[0]
    theta = np.asarray(result.x)
    return _Top(float(result.fun), theta, objective.curvature(theta, objective(theta)[1]))


def _outcome(
    space: Space, theta: FloatArray, information: FloatArray, decrement: float, agreeing: int, n_starts: int
) -> Outcome:
    title = space.model.title
    eigenvalues = np.linalg.eigvalsh(information)
    curved = bool(np.all(eigenvalues > 0))
    condition = float(eigenvalues.max() / eigenvalues.min()) if curved and len(eigenvalues) else float("inf")
    edge = np.minimum(theta - space.low, space.high - theta) < 0.5
    far = [name for name, out in zip(space.names, edge, strict=True) if out]
    top = decrement < 1e-6
    if far:
        text = (
            f"{title} ran to its boundary in {', '.join(far)}: the data don't need that part of the model, so its "
            f"standard errors mean nothing and a simpler model fits as well."
        )
    elif not curved:
        text = f"{title} has no single best parameters on these data (the likelihood is flat in a direction)."
    elif not top:
        text = f"The fit of {title} stopped {decrement:.2g} log-likelihood short of the maximum."
    else:
        text = f"{title} converged; {agreeing} of {n_starts} starts found the same maximum."
    return Outcome(top and curved and not far, text, n_starts, agreeing, decrement, condition)
