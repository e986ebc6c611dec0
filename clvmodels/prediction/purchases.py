"""The predictive distribution of purchases: what a customer will do, parameters and chance together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import Futures, ParamDraws, in_any_phase
from clvmodels.prediction.row_blocks import in_turn
from clvmodels.records import Estimate

_MIXTURE_DRAWS = 100  # the mixture's own error is then a tenth of the parameters' part, itself small beside chance
_TAIL = 1e-9  # probability that may lie beyond the last count that stands alone
_MOST = 1_024  # counts that stand alone at most; beyond them only the tail's mass is known
_CELLS = 1_000_000  # draws x futures x counts at a time: 8 MB, and a few such arrays


@dataclass(frozen=True, eq=False)
class PurchasePmf:
    """Predictive probabilities of some histories.

    Attributes
    ----------
    rows : array of int, shape (row,)
        Which distinct histories.
    pmf : array, shape (row, n + 1)
        P(0), ..., P(n - 1) and, last, P(n or more).
    """

    rows: IntArray
    pmf: FloatArray

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest count whose cumulative probability reaches ``probability``."""
        reached = self._below >= probability - 1e-12  # rounding of the sum, not a wider interval
        return np.where(reached.any(axis=1), reached.argmax(axis=1), self.pmf.shape[1] - 1).astype(np.float64)

    def above(self, amount: FloatArray) -> FloatArray:
        """Return P(count > amount) of each row; amounts below the last count."""
        last = np.clip(np.floor(amount), -1, self.pmf.shape[1] - 1).astype(np.int64)
        above: FloatArray = self._beyond[np.arange(len(last)), last + 1]
        return above

    def take(self, rows: IntArray) -> PurchasePmf:
        """Return some rows, in any order and as often as they are named."""
        return PurchasePmf(self.rows[rows], self.pmf[rows])

    @cached_property
    def _below(self) -> FloatArray:
        """P(k or fewer) for k = 0 .. n, shape (row, n + 1)."""
        return np.cumsum(self.pmf, axis=1)

    @cached_property
    def _beyond(self) -> FloatArray:
        """P(k or more) for k = 0 .. n + 1, shape (row, n + 2)."""
        beyond = np.cumsum(self.pmf[:, ::-1], axis=1)[:, ::-1]
        return np.hstack([np.ones((len(beyond), 1)), beyond[:, 1:], np.zeros((len(beyond), 1))])

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of the counts."""
        k = np.arange(self.pmf.shape[1])
        mean = self.pmf @ k
        return mean, np.maximum(self.pmf @ (k * k) - mean**2, 0.0)


def purchase_pmfs(futures: Futures, estimate: Estimate, horizon: float, *, at_least: int = 16) -> Iterator[PurchasePmf]:
    """Give the predictive pmf of all distinct histories, a part at a time, with at least so many counts alone.

    P(0 | h) = 1 - P(alive) + P(alive) pmf(0; updated) and P(k | h) = P(alive) pmf(k; updated), averaged over draws.
    They come in falling order of the purchases expected, so that the counts of a part end at about the same place.
    """
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    draws = thinned(estimate.draws, _MIXTURE_DRAWS)
    order = _by_expectation(futures, point)

    def parts() -> Iterator[tuple[int, IntArray]]:
        start = 0
        while start < len(order):
            n = _counts(futures, point, order[start], horizon, at_least)
            part = order[start : start + max(1, _CELLS // (n * futures.n_phases * len(next(iter(draws.values())))))]
            yield n, part
            start += len(part)

    def mixture(counts: int, part: IntArray) -> PurchasePmf:
        pmf = futures.model.pmf(_ahead(futures, draws, part), horizon, counts)
        return _mixture(futures, draws, pmf, part)

    return in_turn(lambda one: mixture(*one), parts())


def _by_expectation(futures: Futures, point: ParamDraws) -> IntArray:
    """Return rows of futures in falling order of the purchases expected in a short while, so that the first needs
    most counts."""
    soon = 1.0 if futures.model.discrete else 1e-3 * np.asarray(futures.rows.columns["T"]).max(initial=1.0)
    expected = np.atleast_2d(futures.model.expectation(_ahead(futures, point, np.arange(len(futures.rows))), soon))[0]
    return np.argsort(-expected.reshape(futures.n_phases, -1).max(axis=0), kind="stable")


def _ahead(futures: Futures, draws: ParamDraws, part: IntArray) -> ParamDraws:
    """Return the parameters of some rows' futures, phase after phase, shape (draw, phase * row)."""
    return futures.params(draws, futures.columns(part))


def _mixture(futures: Futures, draws: ParamDraws, pmf: FloatArray, part: IntArray) -> PurchasePmf:
    rows, place = futures.rows.members.within(part)
    alive = futures.alive_in_phases(draws, rows)
    ends = np.searchsorted(place, np.arange(len(part) + 1))
    out = np.empty((len(rows), len(pmf)))
    for j in range(len(part)):
        mine = slice(ends[j], ends[j + 1])
        phases = (pmf[:, :, i * len(part) + j] @ living[:, mine] for i, living in enumerate(alive))
        out[mine] = reduce(np.add, phases).T / alive.shape[1]
    out[:, 0] += 1 - in_any_phase(alive).mean(axis=0)
    return PurchasePmf(rows, out)


def _counts(futures: Futures, point: ParamDraws, future: int, horizon: float, at_least: int) -> int:
    """Return how many counts stand alone: the tail beyond holds less than 1e-9 for this row of futures."""
    params = _ahead(futures, point, np.array([future]))
    n = at_least
    while n < _MOST and float(np.max(futures.model.pmf(params, horizon, n)[-1])) > _TAIL:
        n *= 2
    return n


def thinned(draws: ParamDraws, at_most: int) -> ParamDraws:
    """Return evenly chosen draws, all of them where there are few."""
    n = len(next(iter(draws.values())))
    if n <= at_most:
        return draws
    chosen = np.linspace(0, n - 1, at_most).round().astype(np.int64)
    return {name: values[chosen] for name, values in draws.items()}
