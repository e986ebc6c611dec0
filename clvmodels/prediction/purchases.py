"""The predictive distribution of purchases: what a customer will do, parameters and chance together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.count_distribution import CountDistribution
from clvmodels.prediction.few_draws import mixed_draws
from clvmodels.prediction.futures import Futures, ParamDraws, in_any_phase
from clvmodels.prediction.row_blocks import blocks, in_turn
from clvmodels.records import Estimate

_TAIL = 1e-9  # probability that may lie beyond the last cell at the estimate
_LEFT = 1e-7  # and under all draws together: what is wrong in these counts is small beside what draws know
_FEWEST = 16  # counts that stand alone at least
_MOST = 1_024  # counts that stand alone at most; beyond, cells grow
_ALONE = 32  # of which so many still stand alone
_GROWTH = 1.04  # and others are so much longer than those before: sums of spend in a cell then hardly differ
_HEAVY = 0.01  # of a customer's probability in one cell of several counts: it is cut
_CUTS = 12  # a cell of 4% cut in four so often holds single counts up to 10^8
_FARTHEST = 2**30  # counts that stand for no end
_CELLS = 1_000_000  # draws x futures x counts at a time: 8 MB, and a few such arrays
_MORE_OF_DEAR = 8  # times as many where most of the work is done once for all futures of a part


def count_distributions(futures: Futures, estimate: Estimate, horizon: float) -> Iterator[CountDistribution]:
    """Give the predictive distributions of all distinct histories, a part at a time.

    P(0 | h) = 1 - P(alive) + P(alive) pmf(0; updated) and P(k | h) = P(alive) pmf(k; updated), averaged over draws.
    How finely the counts of a history are told depends on its own future alone, so that no distribution changes with
    the company.
    """
    base = _Mixture(futures, mixed_draws(estimate), horizon)
    reach = base.reach({name: np.array([value]) for name, value in estimate.params.items()})
    most = _FEWEST
    while np.any(reach >= most):
        due = np.flatnonzero(reach == most)
        for found, more in in_turn(partial(base.distributions, most=most), base.parts(due, most)):
            reach[more] = 2 * most
            yield from found
        most *= 2


@dataclass(frozen=True, eq=False)
class _Mixture:
    """Futures, the draws that are mixed, and how far ahead."""

    futures: Futures
    draws: ParamDraws
    horizon: float

    @property
    def n_draws(self) -> int:
        """How many draws."""
        return len(next(iter(self.draws.values())))

    def reach(self, point: ParamDraws) -> IntArray:
        """Return for each future a power of two, below which lie all counts but for 1e-9 at the estimate."""
        out = np.full(len(self.futures.rows), _FEWEST)
        left = np.arange(len(out))
        while len(left):
            params = self.futures.params(point, self.futures.columns(left))
            tail = self.futures.model.at_least(params, self.horizon, float(out[left[0]]))
            far = np.broadcast_to(tail, (1, self.futures.n_phases * len(left))).reshape(-1, len(left)).max(axis=0)
            left = left[(far > _TAIL) & (out[left] < _FARTHEST)]
            out[left] *= 2
        return out

    def parts(self, due: IntArray, most: int) -> Iterator[IntArray]:
        """Cut futures into parts that are worked on at once."""
        counts = most if most <= _MOST else len(growing_cells(most))
        cells = _CELLS * (_MORE_OF_DEAR if self.futures.model.dear else 1)
        size = max(1, cells // (counts * self.futures.n_phases * self.n_draws))
        yield from (due[some] for some in blocks(len(due), size))

    def distributions(self, part: IntArray, *, most: int) -> tuple[list[CountDistribution], IntArray]:
        """Return the distributions of all histories with some futures, and the futures that reach further."""
        if most <= _MOST:
            begins = np.arange(most + 1.0)
            pmf = self.futures.model.pmf(self._ahead(part), self.horizon, most)
        else:
            begins = growing_cells(most)
            pmf = _between(self._tails(part, begins[1:]))
        by_future = pmf.mean(axis=1).reshape(len(begins), self.futures.n_phases, len(part)).max(axis=1)
        further = (by_future[-1] > _LEFT) & (most < _FARTHEST)
        heavy = np.any(by_future[np.append(np.diff(begins) > 1, False)] > _HEAVY, axis=0) & ~further
        found = []
        if np.any(alike := ~further & ~heavy):
            found.append(self._mixed(part[alike], begins, pmf[..., np.tile(alike, self.futures.n_phases)]))
        found += [self._by_itself(part[i : i + 1], begins) for i in np.flatnonzero(heavy)]
        return found, part[further]

    def _by_itself(self, future: IntArray, begins: FloatArray) -> CountDistribution:
        """Return the distributions of histories with one future, cells cut where much lies in one."""
        tails = self._tails(future, begins[1:])
        for _ in range(_CUTS):
            mass = _between(tails).mean(axis=1).max(axis=1)[:-1]
            width = np.diff(begins)
            wide = (width > 1) & (mass > _HEAVY)
            if not wide.any():
                break
            inside = [begins[:-1][wide] + np.ceil(width[wide] * part / 4) for part in (1, 2, 3)]
            added = np.setdiff1d(np.concatenate(inside), begins)
            tails = np.concatenate([tails, self._tails(future, added)])
            order = np.argsort(np.concatenate([begins[1:], added]))
            begins, tails = np.sort(np.concatenate([begins, added])), tails[order]
        return self._mixed(future, begins, _between(tails))

    def _ahead(self, part: IntArray) -> ParamDraws:
        """Return the parameters of some futures, phase after phase, shape (draw, phase * row)."""
        return self.futures.params(self.draws, self.futures.columns(part))

    def _tails(self, part: IntArray, n: FloatArray) -> FloatArray:
        """Return P(n or more) of the living, shape (n, draw, phase * row)."""
        tails = self.futures.model.at_least(self._ahead(part), self.horizon, n[:, None, None])
        return np.broadcast_to(tails, (len(n), self.n_draws, self.futures.n_phases * len(part)))

    def _mixed(self, part: IntArray, begins: FloatArray, pmf: FloatArray) -> CountDistribution:
        """Weigh the pmf of the living by the chance to be alive, under each draw, for all histories with a future."""
        rows, place = self.futures.rows.members.within(part)
        alive = self.futures.alive_in_phases(self.draws, rows)
        ends = np.searchsorted(place, np.arange(len(part) + 1))
        out = np.empty((len(rows), len(pmf)))
        for j in range(len(part)):
            mine = slice(ends[j], ends[j + 1])
            phases = (pmf[:, :, i * len(part) + j] @ living[:, mine] for i, living in enumerate(alive))
            out[mine] = reduce(np.add, phases).T / alive.shape[1]
        out[:, 0] += 1 - in_any_phase(alive).mean(axis=0)
        return CountDistribution(rows, begins, out, lambda some, n: self._tail(rows[some], n))

    def _tail(self, histories: IntArray, n: FloatArray) -> FloatArray:
        """Return P(n or more) of some histories."""
        out = np.empty(len(histories))
        for some in blocks(len(histories), max(1, _CELLS // (_FEWEST * self.futures.n_phases * self.n_draws))):
            params = self._ahead(self.futures.rows.index[histories[some]])
            reached = self.futures.model.at_least(params, self.horizon, np.tile(n[some], self.futures.n_phases))
            alive = self.futures.alive_in_phases(self.draws, histories[some])
            by_phase = np.broadcast_to(reached, (self.n_draws, alive.shape[0] * alive.shape[2]))
            by_phase = by_phase.reshape(self.n_draws, *alive.shape[::2])
            out[some] = np.einsum("pdr,dpr->r", alive, by_phase) / self.n_draws
        return out


def growing_cells(most: float) -> FloatArray:
    """Return where cells begin up to a count: some counts alone, then cells that grow, the same for any ``most``."""
    begins = list(range(_ALONE + 1))
    while begins[-1] < most:
        begins.append(int(np.ceil(begins[-1] * _GROWTH)))
    return np.array(begins, dtype=np.float64)


def _between(tails: FloatArray) -> FloatArray:
    """Return the probabilities of cells from those to reach all but the first of them, by the first axis."""
    return np.maximum(-np.diff(tails, axis=0, prepend=1.0, append=0.0), 0.0)
