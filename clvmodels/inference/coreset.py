"""A base's log-likelihood under thousands of draws, from a few dozen of its histories.

Draws of a posterior lie close together, and a history's log-likelihood is a smooth function of few parameters. That of
all histories together is therefore a weighted sum of a few dozen, chosen by pivoting from what some draws say (an
empirical cubature: Hernandez, Caicedo & Ferrer, Dimensional hyper-reduction of nonlinear finite element models via
empirical cubature, Computer Methods in Applied Mechanics and Engineering 313, 2017). Draws that took no part say
whether it holds; where it doesn't, every history is looked at under every draw.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.inference.objective import Objective
from clvmodels.inference.threads import single_threaded

_CANDIDATES = 2_000  # histories to choose from
_WORTHWHILE = 4  # times as many draws, and histories, as are looked at in full; else nothing is saved
_ROUNDING = 1e-10  # of the largest pivot: what lies below is noise
_CELLS = 20_000  # draws x rows at a time: arrays of 0.16 MB stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Care:
    """How carefully few histories are made to stand for all.

    Attributes
    ----------
    training : int
        Draws under which the few and the whole agree; no more histories than that then tell all.
    held_out : int
        Draws that say how well.
    heaviest : int
        Draws by weight that say so too: few of them can outweigh all others.
    error : float
        What a value may be off, of one more than what it falls from the top.
    """

    training: int
    held_out: int
    heaviest: int
    error: float

    @property
    def in_full(self) -> int:
        """Draws that are looked at in full."""
        return self.training + self.held_out


# A thousandth of a weight in importance sampling: draws in their thousands leave its sum uncertain by a hundredth.
THOROUGH = Care(training=120, held_out=24, heaviest=50, error=1e-3)
# A hundredth is nothing beside the fall of 1 or more by which a parabola is believed or not, at a third of the price.
QUICK = Care(training=40, held_out=8, heaviest=10, error=1e-2)


class LogPosterior:
    """The log-posterior less its top at many points, each to a thousandth of what it falls there, or as care has it.

    Parameters
    ----------
    objective : Objective
        What was climbed.
    top : array, shape (name,)
        Where it is highest.
    height : float
        The log-posterior there.
    care : Care
        How carefully.
    """

    def __init__(self, objective: Objective, top: FloatArray, height: float, care: Care = THOROUGH) -> None:
        self.objective = objective
        self.top = top
        self.height = height
        self.care = care
        self.few: Objective | None = None

    def __call__(self, theta: FloatArray, log_density: FloatArray) -> FloatArray:
        """Return the values at points of shape (draw, name), shape (draw,), drawn with some density."""
        if min(len(theta), len(self.objective.counts)) < _WORTHWHILE * self.care.in_full:
            return self._in_full(theta)
        found = np.full(len(theta), np.nan)
        test, training = _spread_out(len(theta), self.care)
        found[test] = self._in_full(theta[test])
        if not self._fill(found, theta, log_density):  # by those that told earlier points
            found[training] = self._trained(theta[training])
            if not self._fill(found, theta, log_density):
                rest = np.isnan(found)
                found[rest] = self._in_full(theta[rest])
        return found

    def _trained(self, theta: FloatArray) -> FloatArray:
        """Return the values from every history, and choose the few by them."""
        rows = None
        if len(self.objective.counts) <= _CANDIDATES:  # each is one to choose from: it is looked at once for both
            rows = np.concatenate(_by_parts(self.objective, self._of_rows, theta))
            known = self.objective.summed(rows, theta) - self.height
        else:
            known = self._in_full(theta)
        self.few = _stand_in(self.objective, theta, known, self.top, rows)
        return known

    def _of_rows(self, theta: FloatArray) -> FloatArray:
        """Return the log-likelihood of each row at each point, shape (draw, row), where it is the same at all too."""
        rows = self.objective.log_likelihoods(theta)
        return np.broadcast_to(rows, (len(theta), len(self.objective.counts)))

    def _in_full(self, theta: FloatArray) -> FloatArray:
        """Return the values from every history."""
        return _log_posterior(self.objective, theta) - self.height

    def _fill(self, found: FloatArray, theta: FloatArray, log_density: FloatArray) -> bool:
        """Fill in what isn't known yet from a few histories, if they tell what is known and what would count most."""
        if self.few is None:
            return False
        values = _log_posterior(self.few, theta) - self.few.log_posterior(self.top[None, :])
        heaviest = np.argsort(log_density - values)[: self.care.heaviest]
        unknown = heaviest[np.isnan(found[heaviest])]
        found[unknown] = self._in_full(theta[unknown])
        known = ~np.isnan(found)
        if not np.all(_alike(values[known], found[known], self.care.error)):
            return False
        found[~known] = values[~known]
        return True


def _alike(told: FloatArray, known: FloatArray, error: float) -> BoolArray:
    """Return whether values are as good as the known ones; where nothing is finite, neither may they be."""
    with np.errstate(invalid="ignore"):
        alike: BoolArray = (np.abs(told - known) < error * (1 + np.abs(known))) | (told == known)
    return alike


def _spread_out(n: int, care: Care) -> tuple[IntArray, IntArray]:
    """Return places among n at even steps: those that test, and those that train."""
    places = np.linspace(0, n - 1, care.in_full).round().astype(np.int64)
    test = np.arange(len(places)) % (len(places) // care.held_out) == 0
    return places[test], places[~test]


def _log_posterior(objective: Objective, theta: FloatArray) -> FloatArray:
    """Return the log-posterior at many points from every history, a part of the points on each processor."""
    return np.concatenate(_by_parts(objective, objective.log_posterior, theta)) if len(theta) else np.empty(0)


def _by_parts(objective: Objective, told: Callable[[FloatArray], FloatArray], theta: FloatArray) -> list[FloatArray]:
    size = max(1, _CELLS // len(objective.counts))
    told(theta[:1])  # columns meet on levels once, before threads need them
    parts = [theta[start : start + size] for start in range(0, len(theta), size)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(told, parts))


def _stand_in(
    objective: Objective, theta: FloatArray, known: FloatArray, top: FloatArray, every: FloatArray | None
) -> Objective | None:
    """Return a few histories, weighted so that they say of some draws what all say; None where too few can be told.

    ``every`` are the log-likelihoods of all histories under the draws, where all are candidates.
    """
    candidates = objective
    if every is None:
        places = np.linspace(0, len(objective.counts) - 1, _CANDIDATES).round().astype(np.int64)
        candidates = objective.of_rows(np.unique(places))
    with np.errstate(all="ignore"):  # far from the top, where nothing is finite
        prior = objective.log_prior(theta) - objective.log_prior(top[None, :])
        told = candidates.log_likelihoods(theta) if every is None else every
        rows = told - candidates.log_likelihoods(top[None, :])
    usable = np.isfinite(rows).all(axis=1) & np.isfinite(known)
    if 2 * np.sum(usable) < len(usable):
        return None
    with single_threaded():
        q, r, pivots = linalg.qr(rows[usable] * candidates.counts, mode="economic", pivoting=True)
        size = np.abs(np.diag(r))
        rank = int(np.sum(size > _ROUNDING * size[0]))
        weights = linalg.solve_triangular(r[:rank, :rank], q[:, :rank].T @ (known[usable] - prior[usable]))
    few = candidates.of_rows(pivots[:rank].astype(np.int64))
    return few.reweighted(weights * few.counts)
