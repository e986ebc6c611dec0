"""Posterior draws without a Markov chain: a proposal at the mode, corrected by Pareto-smoothed importance sampling.

With a handful of parameters a posterior is nearly a hill, and draws from a hill with heavier tails, weighted by how
much the true density differs, are draws from the posterior itself. The shape k of the largest weights' tail says
whether that may be believed: below .7 it may (Vehtari, Simpson, Gelman, Yao & Gabry, Pareto Smoothed Importance
Sampling, Journal of Machine Learning Research 25, 2024). Where a ridge bends away from the hill, the proposal is bent
after it: three hills along the longest axis of the weighted draws.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from clvmodels.arrays import FloatArray
from clvmodels.inference.mle import Maximum, Objective
from clvmodels.inference.uncertainty import covariance

_FREEDOM = 5.0  # of the t laws proposed: tails heavier than any posterior here, and still most draws near the top
_PROPOSED = 2  # for each draw that is kept
_LEAST = 2_000  # proposals: k is then known to about .1
_ROUNDS = 4
_GOOD_K = 0.5  # below it a proposal is good enough to stop at, if most draws count
_GOOD_SHARE = 0.6
_OLD = 0.2  # of a bent proposal still comes from the one before, so that nothing is lost that it reached
_HILLS = 3
_SHRUNK = 0.05  # of a hill's covariance comes from all draws, which keeps it whole when few draws carry it


@dataclass(frozen=True, eq=False)
class Weighted:
    """Draws of a posterior, resampled by their weights.

    Attributes
    ----------
    theta : array, shape (draw, name)
        On the scale of the fit.
    pareto_k : float
        Shape of the tail of the weights.
    ess : float
        Effective number of independent draws among those proposed.
    """

    theta: FloatArray
    pareto_k: float
    ess: float


@dataclass(frozen=True, eq=False)
class _Hill:
    """A multivariate t law."""

    centre: FloatArray
    root: FloatArray  # Cholesky factor of its scale

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        noise = rng.standard_normal((n, len(self.centre)))
        stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, n))
        drawn: FloatArray = self.centre + stretch[:, None] * (noise @ self.root.T)
        return drawn

    def log_density(self, theta: FloatArray) -> FloatArray:
        d = len(self.centre)
        z = np.linalg.solve(self.root, (theta - self.centre).T)
        constant = gammaln((_FREEDOM + d) / 2) - gammaln(_FREEDOM / 2) - d / 2 * np.log(_FREEDOM * np.pi)
        whole = constant - np.log(np.diag(self.root)).sum()
        density: FloatArray = whole - (_FREEDOM + d) / 2 * np.log1p(np.sum(z * z, axis=0) / _FREEDOM)
        return density


type _Proposal = Sequence[tuple[float, _Hill]]


def posterior_draws(objective: Objective, maximum: Maximum, n_draws: int, seed: int) -> Weighted | None:
    """Draw from the posterior whose top is known; None where it doesn't curve there.

    A parameter at the boundary of the search stays there.
    """
    spread = covariance(maximum)
    inside = np.flatnonzero(maximum.inside)
    if np.isnan(spread).any() or not len(inside):
        return None
    rng = np.random.default_rng((seed, len(inside)))
    n = max(_LEAST, _PROPOSED * n_draws)
    proposal: _Proposal = [(1.0, _Hill(maximum.theta[inside], np.linalg.cholesky(spread[np.ix_(inside, inside)])))]
    best: tuple[float, FloatArray, FloatArray, float] | None = None
    for _ in range(_ROUNDS):
        part = np.concatenate([hill.draw(size, rng) for size, (_, hill) in _sizes(n, proposal, rng)])
        theta = np.tile(maximum.theta, (len(part), 1))
        theta[:, inside] = part
        weights, k = _smoothed(_log_posterior(objective, theta, maximum) - _log_density(proposal, part))
        ess = float(1 / np.sum(weights**2))
        if best is None or (k, -ess) < (best[0], -best[3]) or k < _GOOD_K:
            best = (k, theta, weights, ess)
        if k < _GOOD_K and ess > _GOOD_SHARE * n:
            break
        proposal = _bent(proposal, part, weights)
    k, theta, weights, ess = best if best is not None else (np.inf, theta, weights, ess)
    chosen = _resampled(weights, n_draws, rng)
    return Weighted(theta[chosen], k, ess)


def _sizes(n: int, proposal: _Proposal, rng: np.random.Generator) -> list[tuple[int, tuple[float, _Hill]]]:
    """Share n draws out among the hills."""
    return list(zip(rng.multinomial(n, [share for share, _ in proposal]).tolist(), proposal, strict=True))


def _log_density(proposal: _Proposal, part: FloatArray) -> FloatArray:
    terms = [np.log(share) + hill.log_density(part) for share, hill in proposal]
    return np.asarray(logsumexp(terms, axis=0))


def _log_posterior(objective: Objective, theta: FloatArray, maximum: Maximum) -> FloatArray:
    """Return the log-posterior less its top of each point, shape (draw,)."""
    objective.log_likelihood(maximum.theta)  # the levels that columns meet on are found once, before threads need them
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        values = np.fromiter(pool.map(objective.log_likelihood, theta), dtype=np.float64, count=len(theta))
    if objective.belief is not None:
        values = values + objective.belief.of_draws(theta, objective.held)
    return values - maximum.height


def _smoothed(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Return weights that sum to 1, the largest smoothed by a Pareto law, and its shape."""
    from arviz_stats.base.array import array_stats  # noqa: PLC0415 - takes a second to load

    finite = np.where(np.isfinite(log_weights), log_weights, -1e10)
    smooth, k = array_stats.psislw(-finite)  # type: ignore[no-untyped-call]  # it wants minus the logarithms
    weights = np.exp(smooth - logsumexp(smooth))
    return weights / weights.sum(), float(k)


def _bent(proposal: _Proposal, part: FloatArray, weights: FloatArray) -> _Proposal:
    """Return hills fitted to the weighted draws, in equal parts along their longest axis, beside the old proposal."""
    whole, total = _moments(part, weights)
    along = (part - whole) @ np.linalg.eigh(total)[1][:, -1]
    order = np.argsort(along)
    third = np.minimum((np.cumsum(weights[order]) * _HILLS).astype(np.int64), _HILLS - 1)
    old = [(share * _OLD, hill) for share, hill in proposal if share * _OLD > 1e-3]
    new = []
    for i in range(_HILLS):
        mine = order[third == i]
        if weights[mine].sum() <= 0:
            continue
        centre, own = _moments(part[mine], weights[mine] / weights[mine].sum())
        new.append(_Hill(centre, np.linalg.cholesky((1 - _SHRUNK) * own + _SHRUNK * total)))
    shares = sum(share for share, _ in old)
    return [*old, *(((1 - shares) / len(new), hill) for hill in new)]


def _moments(part: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    centre = weights @ part
    off = part - centre
    spread = (off * weights[:, None]).T @ off
    return centre, spread + 1e-12 * np.eye(len(centre)) * max(float(np.trace(spread)), 1e-12)


def _resampled(weights: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return places, each as often as its weight asks, to the nearest one (systematic), in random order."""
    steps = (np.arange(n) + rng.random()) / n
    places = np.searchsorted(np.cumsum(weights), steps, side="right")
    return rng.permutation(np.minimum(places, len(weights) - 1))
