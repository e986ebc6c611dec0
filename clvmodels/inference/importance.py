"""Posterior draws without a Markov chain: a proposal at the mode, corrected by Pareto-smoothed importance sampling.

With a handful of parameters a posterior is nearly a hill, and draws from a hill with heavier tails, weighted by how
much the true density differs, are draws from the posterior itself. The shape k of the largest weights' tail says
whether that may be believed: below .7 it may (Vehtari, Simpson, Gelman, Yao & Gabry, Pareto Smoothed Importance
Sampling, Journal of Machine Learning Research 25, 2024). Where a ridge bends away from the hill, more draws come from a
proposal bent after it, hills side by side along the longest axis of the weighted draws. All draws count then, each by
the mixture of proposals it could have come from (Cornuet, Marin, Mira & Robert, Adaptive Multiple Importance Sampling,
Scandinavian Journal of Statistics 39, 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.inference.coreset import LogPosterior
from clvmodels.inference.mle import Maximum
from clvmodels.inference.objective import Objective
from clvmodels.inference.uncertainty import wide_root
from clvmodels.kernels.pareto_tail import smoothed

_FREEDOM = 5.0  # of the proposed t: tails heavier than any posterior here, and still most draws near the top
PROPOSED = 2  # for each draw that is kept
LEAST = 2_000  # proposals: k is then known to about .1
_ROUNDS = 4
_GOOD_K = 0.5  # below it a proposal is good enough to stop at, if most draws count
_GOOD_SHARE = 0.6
_HILLS = 5
_BROAD = 0.3  # of a bent proposal is one hill over all of them, for what lies further out along the ridge
_BROADER = 3.0  # its covariance over that of all draws
_WIDER = 1.2  # a hill's covariance over that of its own draws, so that neighbours overlap
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
    """A multivariate t distribution."""

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
    """Draw from the posterior whose top is known; None where every parameter is at the boundary of the search.

    A parameter at the boundary stays there.
    """
    inside = np.flatnonzero(maximum.inside)
    if not len(inside):
        return None
    rng = np.random.default_rng((seed, len(inside)))
    n = max(LEAST, PROPOSED * n_draws)
    proposals: list[_Proposal] = [[(1.0, _Hill(maximum.theta[inside], wide_root(maximum)))]]
    log_posterior = LogPosterior(objective, maximum.theta, maximum.height)
    drawn, heights = np.empty((0, len(inside))), np.empty(0)
    best: _Sample | None = None
    while True:
        part = np.concatenate([hill.draw(size, rng) for size, (_, hill) in _sizes(n, proposals[-1], rng)])
        theta = np.tile(maximum.theta, (n, 1))
        theta[:, inside] = part
        drawn = np.concatenate([drawn, part])
        heights = np.concatenate([heights, log_posterior(theta, _log_density(proposals[-1:], part))])
        every = _Sample.of(drawn, heights, proposals)
        latest = _Sample.of(part, heights[-n:], proposals[-1:]) if len(proposals) > 1 else every
        best = min(filter(None, (best, every, latest)), key=lambda sample: sample.pareto_k)
        if best.is_good or len(proposals) == _ROUNDS:
            break
        proposals.append(_bent(drawn, every.weights))
    kept = np.tile(maximum.theta, (n_draws, 1))
    kept[:, inside] = best.drawn[resampled(best.weights, n_draws, rng)]
    return Weighted(kept, best.pareto_k, best.ess)


@dataclass(frozen=True, eq=False)
class _Sample:
    """Draws with their weights."""

    drawn: FloatArray
    weights: FloatArray
    pareto_k: float

    @classmethod
    def of(cls, drawn: FloatArray, heights: FloatArray, proposals: Sequence[_Proposal]) -> _Sample:
        """Weigh draws that came from some proposals in equal numbers."""
        weights, k = smoothed(heights - _log_density(proposals, drawn))
        return cls(drawn, weights, k)

    @property
    def ess(self) -> float:
        """Effective number of independent draws."""
        return float(1 / np.sum(self.weights**2))

    @property
    def is_good(self) -> bool:
        """Whether no better proposal needs to be looked for."""
        return self.pareto_k < _GOOD_K and self.ess > _GOOD_SHARE * len(self.drawn)


def _sizes(n: int, proposal: _Proposal, rng: np.random.Generator) -> list[tuple[int, tuple[float, _Hill]]]:
    """Share n draws out among the hills."""
    return list(zip(rng.multinomial(n, [share for share, _ in proposal]).tolist(), proposal, strict=True))


def _log_density(proposals: Sequence[_Proposal], drawn: FloatArray) -> FloatArray:
    """Return the density of draws that came from all proposals in equal numbers."""
    hills = [(share / len(proposals), hill) for proposal in proposals for share, hill in proposal]
    return np.asarray(logsumexp([np.log(share) + hill.log_density(drawn) for share, hill in hills], axis=0))


def _bent(drawn: FloatArray, weights: FloatArray) -> _Proposal:
    """Return hills fitted to the weighted draws, in equal parts along their longest axis, and a broad one over all."""
    whole, total = _moments(drawn, weights)
    order = np.argsort((drawn - whole) @ np.linalg.eigh(total)[1][:, -1])
    part = np.minimum((np.cumsum(weights[order]) * _HILLS).astype(np.int64), _HILLS - 1)
    hills = []
    for i in range(_HILLS):
        mine = order[part == i]
        if weights[mine].sum() > 0:
            centre, own = _moments(drawn[mine], weights[mine] / weights[mine].sum())
            hills.append(_Hill(centre, np.linalg.cholesky(_WIDER * ((1 - _SHRUNK) * own + _SHRUNK * total))))
    broad = _Hill(whole, np.linalg.cholesky(_BROADER * total))
    return [(_BROAD, broad), *(((1 - _BROAD) / len(hills), hill) for hill in hills)]


def _moments(part: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    centre = weights @ part
    off = part - centre
    spread = (off * weights[:, None]).T @ off
    return centre, spread + 1e-12 * np.eye(len(centre)) * max(float(np.trace(spread)), 1e-12)


def resampled(weights: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """Return places, each as often as its weight asks, to the nearest one (systematic), in random order."""
    steps = (np.arange(n) + rng.random()) / n
    places = np.searchsorted(np.cumsum(weights), steps, side="right")
    return rng.permutation(np.minimum(places, len(weights) - 1))
