"""Whether draws under the parabola at a top are draws of what was climbed.

Around its top a log-likelihood is nearly a parabola, and draws under it cost nothing. Along a ridge, or where customers
tell little, it isn't, and such draws lie where no customer would ever put them. So each is looked at: how high it lies,
and by how much that differs from what the parabola says. The differences are logarithms of importance weights, and
their tail (Pareto k), the number of draws that they leave, and how many draws lie far below say whether the parabola
will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtri

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.inference.coreset import QUICK, LogPosterior
from clvmodels.inference.mle import Maximum, representatives
from clvmodels.inference.objective import Objective
from clvmodels.inference.uncertainty import is_flat, laplace_draws
from clvmodels.kernels.pareto_tail import smoothed

TRUSTED_K = 0.7  # above it importance sampling errs by amounts that can't be told (Vehtari and others, 2024)
_LOOKED_AT = 1_000  # draws: k is then known to about .1
_MOVED = 1 / 12  # of the draws, times the root of how many parameters: independent departures add up like that
_FAR = 0.01  # of the draws may lie far below the top and be left out; more are another shape
_BY_CHANCE = 1e-12  # of the draws under a parabola fall further: not one in a billion fits of a thousand draws each


def lowest(n_free: int) -> float:
    """Return how far below the top a draw can lie: further down it is no draw of so many parameters."""
    return float(chdtri(n_free, _BY_CHANCE)) / 2


@dataclass(frozen=True, eq=False)
class Likeness:
    """How like a parabola the ground around a top is, at some draws under the parabola.

    Attributes
    ----------
    heights : array, shape (draw,)
        How high each draw lies; the top is at 0.
    log_weights : array, shape (draw,)
        By how much that is more than the parabola says.
    n_free : int
        Parameters inside the search.
    """

    heights: FloatArray
    log_weights: FloatArray
    n_free: int

    @property
    def far(self) -> BoolArray:
        """Which draws lie too far below the top to be any."""
        return np.asarray(~(self.heights > -lowest(self.n_free)))

    @cached_property
    def weights(self) -> tuple[FloatArray, float]:
        """Importance weights of the first thousand draws, and the shape of their tail."""
        return smoothed(self.log_weights[:_LOOKED_AT])

    @property
    def pareto_k(self) -> float:
        """Shape of the tail of the weights."""
        return self.weights[1]

    @property
    def ess(self) -> float:
        """How many of the first thousand draws the weights leave."""
        squares = np.sum(np.square(self.weights[0]))
        return float(1 / squares) if squares > 0 else 0.0

    @property
    def moved(self) -> float:
        """Share of the draws that would lie elsewhere: no interval's probability is off by more (total variation)."""
        weights = self.weights[0]
        return float(np.sum(np.abs(weights - 1 / len(weights)))) / 2

    @property
    def is_close(self) -> bool:
        """Whether the draws can stand as they are."""
        few_far = np.mean(self.far[:_LOOKED_AT]) <= _FAR
        return bool(few_far and self.moved <= _MOVED * self.n_free**0.5 and self.pareto_k <= TRUSTED_K)


@dataclass(frozen=True, eq=False)
class Looked:
    """Draws under a parabola that were looked at.

    Attributes
    ----------
    theta : array, shape (draw, name)
        On the scale of the fit; none lies far below the top if the parabola holds.
    likeness : Likeness
        Of these, and of more where they are fewer than a thousand.
    holds : bool
        Whether they can be believed.
    """

    theta: FloatArray
    likeness: Likeness
    holds: bool


def looked_at_draws(objective: Objective, top: Maximum, n_draws: int, seed: int) -> Looked:
    """Draw under the parabola at a top, and look at how high the draws lie.

    The first look takes the customers that the search took; where it doubts, the second takes all.
    """
    drawn = laplace_draws(top, n_draws, seed)
    more = laplace_draws(top, max(_LOOKED_AT - n_draws, 0), seed + 1)
    theta = np.concatenate([drawn, more])
    found = likeness(objective, top, theta)
    holds = found.is_close and not is_flat(top)
    return Looked(theta[near_ones(found.far)[:n_draws]] if holds else drawn, found, holds)


def likeness(objective: Objective, top: Maximum, theta: FloatArray, pull: FloatArray | None = None) -> Likeness:
    """Compare what was climbed with its parabola at some points.

    Parameters
    ----------
    objective : Objective
        What was climbed, less the pull.
    top : Maximum
        Where it is highest, with the pull.
    theta : array, shape (draw, name)
        Points under the parabola.
    pull : array, shape (name,), optional
        Precision of normal distributions around 0 that the top was found with and the objective is without.
    """
    height = top.height if pull is None else -objective(top.theta)[0]
    pull = np.zeros(len(top.theta)) if pull is None else pull
    step = theta - top.theta
    parabola = _fall(step, pull * top.theta, top.information - np.diag(pull))
    n_free = int(np.sum(top.inside))
    part = _part(objective)
    if part is not objective:
        # The parabola of all is known, so a part has to tell only what departs from its own.
        value, minus_slope = part(top.theta)
        own = _fall(step, -minus_slope, part.curvature(top.theta, minus_slope))
        departs = LogPosterior(part, top.theta, -value, QUICK)(theta, parabola) - own
        found = Likeness(parabola + departs, departs, n_free)
        if found.is_close:
            return found
    heights = LogPosterior(objective, top.theta, height, QUICK)(theta, parabola)
    return Likeness(heights, heights - parabola, n_free)


def _fall(step: FloatArray, slope: FloatArray, information: FloatArray) -> FloatArray:
    """Return what a parabola says of some steps from its foot."""
    fallen: FloatArray = step @ slope - 0.5 * np.einsum("ij,jk,ik->i", step, information, step)
    return fallen


def near_ones(far: BoolArray) -> IntArray:
    """Return places of draws, those far below the top replaced by others of them; there is one that isn't far."""
    places = np.arange(len(far))
    near = places[~far]
    places[far] = np.random.default_rng(len(near)).choice(near, int(far.sum()))
    return places


def _part(objective: Objective) -> Objective:
    """Return the customers that a search looks at, weighted to stand for all; all of them where they are few."""
    rows, weights = representatives(objective.counts)
    if len(rows) == len(objective.counts):
        return objective
    return objective.of_rows(rows).reweighted(weights * (objective.counts.sum() / weights.sum()))
