"""The value of a base under any choice of corrections to a formula, for customers without contract.

A customer counts as *weight x rate x time x money a purchase*. The formula puts 1, a mean rate, its lifespan and a mean
ticket there; the model puts P(alive), the customer's own rate, the time that he is still expected to buy at it, and his
own spend. Each correction changes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from clvmodels.arrays import BoolArray, FloatArray
from clvmodels.evaluation.audit_base import AuditBase
from clvmodels.evaluation.audit_formula import FormulaFactors
from clvmodels.prediction.buying_rate import mean_rate, phase_shares
from clvmodels.prediction.customer_states import ParamDraws
from clvmodels.valuation.discounting import discounted_expectation

CORRECTIONS = {
    "first_purchases": "first purchases that can't be made again",
    "already_churned": "customers who are gone already",
    "future_churn": "churn still to come",
    "own_rate": "each customer's own purchase rate instead of the mean",
    "own_spend": "each customer's own spend instead of the mean",
    "discount": "the discount",
    "horizon": "the horizon",
}


@dataclass(frozen=True, eq=False)
class PurchaseCorrections:
    """Revenue of the groups of a base under every choice of corrections."""

    base: AuditBase
    formula: FormulaFactors
    counted: csr_array
    rated: csr_array
    tickets: FloatArray
    rated_tickets: FloatArray

    @classmethod
    def of(cls, base: AuditBase, formula: FormulaFactors) -> PurchaseCorrections:
        """Sum what a formula says of the customers of each pair."""
        ones, rate, ticket = np.ones(len(base.pair)), formula.repeat_rate, formula.ticket
        return cls(
            base,
            formula,
            base.by_spend(ones),
            base.by_spend(rate),
            base.by_pair(ticket),
            base.by_pair(rate * ticket),
        )

    @property
    def titles(self) -> dict[str, str]:
        """The corrections in the order of the axes."""
        return CORRECTIONS

    def idle(self) -> set[str]:
        """Return the corrections that change nothing, whatever the others."""
        found = set() if self.formula.first_rate.any() else {"first_purchases"}
        found |= {"horizon"} if self.formula.horizon[0] == self.formula.horizon[1] else set()
        return found | ({"discount"} if self.base.customers.delta == 0 else set())

    def revenue(self, buying: ParamDraws, spend: ParamDraws) -> FloatArray:
        """Return revenue before margin, shape (group, draw, 2, ..., 2) with an axis for each of `CORRECTIONS`.

        Where a correction changes nothing, the place of it made may be left empty.
        """
        base = self.base
        n_draws = len(next(iter(buying.values())))
        states = base.customers.states
        rate = base.of_pairs(states.evaluate(mean_rate, buying))
        alive = states.alive_in_phases(buying, slice(0, len(states.histories)))[:, :, base.history]
        weights = (phase_shares(alive), alive)
        money = base.customers.expected_spend(spend, slice(None))
        heads = (self.tickets, money @ self.counted)
        paced = (self.rated_tickets, money @ self.rated)
        found = np.zeros((len(base.starts), n_draws, *(2,) * len(CORRECTIONS)))
        ways = [(0,) if part in self.idle() else (0, 1) for part in ("future_churn", "discount", "horizon")]
        times: dict[tuple[int, float, float], FloatArray] = {}  # some are alike
        for leaving, discount, horizon in product(*ways):
            key = (leaving, discount * base.customers.delta, self.formula.horizon[horizon])
            if key not in times:
                times[key] = self._time(buying, rate, leaving, key[1], horizon)
            years = times[key]
            for gone, own_spend in product((0, 1), repeat=2):
                time = (weights[gone] * years).sum(axis=0)
                bought = (weights[gone] * rate * years).sum(axis=0)
                again = self.formula.first_rate * base.by_group(heads[own_spend] * time)
                for own_rate, sold in enumerate((paced[own_spend] * time, heads[own_spend] * bought)):
                    once = base.by_group(sold)
                    for first, total in enumerate((once + again, once)):
                        at = (first, gone, leaving, own_rate, own_spend, discount, horizon)
                        found[(slice(None), slice(None), *at)] = total.T
        return found

    def periods(self) -> FloatArray:
        """Return the periods that the formula pays costs for, shape (2, group): the horizon corrected or not."""
        return self.formula.life

    def _time(self, buying: ParamDraws, rate: FloatArray, leaving: int, delta: float, horizon: int) -> FloatArray:
        """Return how long a customer buys, in periods at today's worth, shape (phase or 1, draw or 1, pair)."""
        lives, window = self.formula.life[horizon], self.formula.horizon[horizon]
        if not leaving:
            return self._sure(lives[self.base.group], delta)[None, None, :]
        if np.isfinite(window) or delta > 0:
            return self._expected(buying, window, delta, slice(None)) / rate
        found = np.empty_like(rate)  # a life without end and discount may have no mean: the formula's life bounds it
        for i, life in enumerate(lives):
            mine = self.base.group == i
            found[:, :, mine] = self._expected(buying, float(life), 0.0, mine) / rate[:, :, mine]
        return found

    def _expected(self, buying: ParamDraws, window: float, delta: float, pairs: slice | BoolArray) -> FloatArray:
        """Return the expected discounted purchases of the living, shape (phase, draw, pair)."""
        states = self.base.customers.states
        ahead = states.evaluate(lambda model, params: discounted_expectation(model, params, window, delta), buying)
        return self.base.of_pairs(ahead)[:, :, pairs]

    def _sure(self, life: FloatArray, delta: float) -> FloatArray:
        """Return the worth of one unit a period for a fixed time; at the ends of periods where the model has steps."""
        if delta == 0:
            return life
        each = np.expm1(delta) if self.base.customers.states.model.discrete else delta
        return -np.expm1(-delta * life) / each
