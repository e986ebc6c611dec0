"""The customers of an audit: distinct, by group, with the draws of the parameters that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.customer_states import ParamDraws
from clvmodels.records import Estimate, Valuation
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.money import money_of

_DRAWS = 400  # the bounds of a 90% interval then have a standard error of about one percentage point
_FEWER = 100  # of a base of many histories, where the parameters are known closely and time counts
_WORK = 40_000_000  # draws x pairs, about a quarter of a minute
_CELLS = 500_000  # draws x rows at a time: 4 MB an array


@dataclass(frozen=True, eq=False)
class AuditBase:
    """Distinct histories of buying, each once in every group that has it.

    Attributes
    ----------
    valuation : Valuation
        What the model says.
    customers : Customers
        The distinct customers of the valuation.
    pair : array of int, shape (customer,)
        Each customer's pair of a group and a history.
    history, group : array of int, shape (pair,)
        The history and the group of each pair.
    starts : array of int, shape (group,)
        The first pair of each group; pairs are sorted by group.
    """

    valuation: Valuation
    customers: Customers
    pair: IntArray
    history: IntArray
    group: IntArray
    starts: IntArray

    @classmethod
    def of(cls, valuation: Valuation, codes: IntArray) -> AuditBase:
        """Group the customers of a valuation; ``codes`` are their groups, from 0 on, none of them empty."""
        customers = money_of(valuation).base
        n_histories = len(customers.states.histories)
        history = customers.history[customers.rows.index]
        pairs, pair = np.unique(codes * n_histories + history, return_inverse=True)
        group = pairs // n_histories
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        return cls(valuation, customers, pair, pairs % n_histories, group, starts)

    def by_pair(self, values: FloatArray) -> FloatArray:
        """Return the sum over the customers of each pair, shape (pair,)."""
        return np.bincount(self.pair, values, len(self.history))

    def by_spend(self, values: FloatArray) -> csr_array:
        """Return the sum over the customers of each pair and row of the valuation, shape (row, pair)."""
        shape = (len(self.customers.rows), len(self.history))
        return csr_array((values, (self.customers.rows.index, self.pair)), shape=shape)

    def of_pairs(self, ahead: FloatArray) -> FloatArray:
        """Return the values of pairs from those of the futures, shape (draw, future), as (phase, draw, pair)."""
        return ahead[:, self.customers.states.index[:, self.history]].transpose(1, 0, 2)

    def by_group(self, values: FloatArray) -> FloatArray:
        """Return the sum over the pairs of each group, the last axis."""
        found: FloatArray = np.add.reduceat(values, self.starts, axis=-1)
        return found

    def point(self) -> tuple[ParamDraws, ParamDraws]:
        """Return the point estimates of buying and of spend as a single draw."""
        buying, spend = self.valuation.prediction.estimate, self.valuation.spend
        return _as_draw(buying), _as_draw(spend)

    def draw_blocks(self) -> Iterator[tuple[ParamDraws, ParamDraws]]:
        """Give draws of buying and of spend in pairs, some at a time; nothing where neither has several."""
        buying, spend = self.valuation.prediction.estimate, self.valuation.spend
        n = max(buying.n_draws, spend.n_draws)
        if n == 1:
            return
        looked_at = min(n, max(_FEWER, min(_DRAWS, _WORK // len(self.history))))
        chosen = np.unique(np.linspace(0, n - 1, looked_at).round().astype(np.int64))
        states = self.customers.states
        widest = max(len(self.customers.rows), states.n_phases * len(self.history))
        size = max(1, _CELLS // widest)
        for start in range(0, len(chosen), size):
            some = chosen[start : start + size]
            yield _some_draws(buying, some), _some_draws(spend, some)


def _as_draw(estimate: Estimate) -> ParamDraws:
    return {name: np.array([value]) for name, value in estimate.params.items()}


def _some_draws(estimate: Estimate, places: IntArray) -> ParamDraws:
    """Return some draws; an estimate with fewer of them begins anew."""
    return {name: values[places % len(values)] for name, values in estimate.draws.items()}
