"""The value of a base of contracts under any choice of corrections to a formula.

A contract counts as *weight x price x periods*. The formula puts 1, the mean price and a life of 1 / churn there, with
one churn rate pooled over all ages. The model puts whether the contract still runs, its own price, and the renewals
expected of a contract of its age: those who stayed are the loyal ones, so its churn is lower than the pooled rate, and
falls on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between
from clvmodels.evaluation.audit_base import AuditBase
from clvmodels.heuristics import HeuristicTerms
from clvmodels.kernels.discrete_survival import steps
from clvmodels.prediction.customer_states import ParamDraws
from clvmodels.records import Note, Summary
from clvmodels.valuation.discounting import discounted_expectation

CORRECTIONS = {
    "already_churned": "contracts that have ended already",
    "annuity": "a sure life of 1 / churn instead of a chance to leave at every renewal",
    "churn_by_age": "one churn rate for contracts of all ages",
    "survivors": "churn that falls on, because those who stay are the loyal ones",
    "own_price": "each contract's own price instead of the mean",
    "discount": "the discount",
    "horizon": "the horizon",
}
FORMULAS = {
    "ltv": "LTV: price x 1 / churn",
    "annuity_value": "Annuity over 1 / churn",
    "retention_value": "Value at constant retention",
}
_CUT = 16.0  # e^-16 = 1e-7: next to nothing is left of a renewal discounted by more


@dataclass(frozen=True, eq=False)
class ContractFormula:
    """A formula on contracts.

    Attributes
    ----------
    name, title : str
        As registered, and what people call it.
    churn : array, shape (group,)
        Contracts lost a renewal point, of those that reached it.
    price : array, shape (group,)
        Mean price of a period; NaN where the contracts carry none, and the valuation's then stands for it.
    horizon : tuple of float
        The formula's and the valuation's, in periods.
    terms : HeuristicTerms
        The margin and the costs that the formula takes off.
    notes : tuple of Note
        What to know about it on these contracts.
    """

    name: str
    title: str
    churn: FloatArray
    price: FloatArray
    horizon: tuple[float, float]
    terms: HeuristicTerms
    notes: tuple[Note, ...] = ()


def contract_formula(
    name: str,
    base: AuditBase,
    summary: Summary,
    *,
    horizon: float,
    churn: float | None,
    terms: HeuristicTerms,
) -> ContractFormula:
    """Return a formula on contracts with its churn rate and price, taken from the contracts where not given."""
    if name not in FORMULAS:
        raise ArgumentError(
            f"heuristic is {name!r}, but contracts are audited against {', '.join(map(repr, FORMULAS))}; other rules "
            f"take churn from silence, and contracts say when they end."
        )
    horizons = (horizon, base.valuation.prediction.horizon)
    if name == "ltv" and not np.isfinite(horizons).all():
        raise ArgumentError(
            "'ltv' doesn't discount, and without discount contracts without end may be worth infinitely much; give "
            "the prediction a finite horizon, or audit 'annuity_value' or 'retention_value', which discount."
        )
    if churn is None:
        ended = (summary.recency < summary.T).astype(np.float64)
        reached = base.by_group(base.by_pair(summary.frequency + ended))
        lost = base.by_group(base.by_pair(ended))
        if not (lost > 0).all():
            raise InputError(
                "No contract of some group has ended, so 1 / churn is a life without end; give churn=, or put the "
                "group with another."
            )
        rates = lost / reached
    else:
        why = "it is the share of contracts lost at a renewal point"
        rates = np.full(len(base.starts), check_between("churn", churn, 0, 1, why, open_low=True))
    price = np.full(len(base.starts), np.nan)
    if summary.total_spend is not None:
        paid = base.by_group(base.by_pair(summary.frequency + 1))
        price = base.by_group(base.by_pair(summary.total_spend)) / paid
    return ContractFormula(name, FORMULAS[name], rates, price, horizons, terms)


@dataclass(frozen=True, eq=False)
class ContractCorrections:
    """Revenue of the groups of a base of contracts under every choice of corrections."""

    base: AuditBase
    formula: ContractFormula

    @property
    def titles(self) -> dict[str, str]:
        """The corrections in the order of the axes."""
        return CORRECTIONS

    def idle(self) -> set[str]:
        """Return the corrections that change nothing, whatever the others."""
        found = {"annuity"} if self.formula.name == "retention_value" else set()
        found |= {"horizon"} if self.formula.horizon[0] == self.formula.horizon[1] else set()
        return found | ({"discount"} if self.formula.name != "ltv" or self.base.customers.delta == 0 else set())

    def periods(self) -> FloatArray:
        """Return the periods that the formula pays costs for, shape (2, group): the horizon corrected or not."""
        return np.stack([np.minimum(1 / self.formula.churn, window) for window in self.formula.horizon])

    def revenue(self, buying: ParamDraws, spend: ParamDraws) -> FloatArray:
        """Return revenue before margin, shape (group, draw, 2, ..., 2) with an axis for each of `CORRECTIONS`.

        Where a correction changes nothing, the place of it made may be left empty.
        """
        base, formula = self.base, self.formula
        n_draws = len(next(iter(buying.values())))
        histories = base.customers.states.histories
        runs = base.customers.states.alive_in_phases(buying, slice(0, len(histories)))[0][:, base.history]
        weights = (np.ones_like(runs), runs)
        n_customers = base.by_pair(np.ones(len(base.pair)))
        own = base.customers.expected_spend(spend, slice(None)) @ base.by_spend(np.ones(len(base.pair)))
        mean = base.by_group(own) / base.by_group(n_customers)
        mean = np.where(np.isnan(formula.price), mean, formula.price)[:, base.group]
        money = (n_customers * mean, own)
        base_curve = self._retention_ahead(buying, runs * n_customers)
        found = np.zeros((len(base.starts), n_draws, *(2,) * len(CORRECTIONS)))
        switches = ("annuity", "churn_by_age", "survivors", "discount", "horizon")
        ways = [(0,) if part in self.idle() else (0, 1) for part in switches]
        times: dict[tuple[int, int, int, float, float], FloatArray] = {}
        for sure, ages, survivors, discount, horizon in product(*ways):
            annuity = int(sure == 0 and formula.name != "retention_value")
            delta = base.customers.delta if discount or formula.name != "ltv" else 0.0
            key = (annuity, ages, survivors, delta, formula.horizon[horizon])
            if key not in times:
                times[key] = self._time(buying, base_curve, *key)
            for gone, own_price in product((0, 1), repeat=2):
                at = (gone, sure, ages, survivors, own_price, discount, horizon)
                total = base.by_group(weights[gone] * money[own_price] * times[key])
                found[(slice(None), slice(None), *at)] = total.T
        return found

    def _time(
        self,
        buying: ParamDraws,
        base_curve: FloatArray,
        annuity: int,
        ages: int,
        survivors: int,
        delta: float,
        window: float,
    ) -> FloatArray:
        """Return the periods to come at today's worth, shape (draw, pair)."""
        if not annuity:
            return self._renewals(buying, base_curve, ages, survivors, delta, window)
        life: FloatArray = np.minimum(1 + self._renewals(buying, base_curve, ages, survivors, 0.0, np.inf), window)
        paid: FloatArray = life if delta == 0 else -np.expm1(-delta * life) / np.expm1(delta)
        return paid

    def _renewals(
        self, buying: ParamDraws, base_curve: FloatArray, ages: int, survivors: int, delta: float, window: float
    ) -> FloatArray:
        """Return expected renewals at today's worth, shape (draw, pair)."""
        if survivors and ages:
            return self._of_model(buying, window, delta)
        last = float(steps(window)) if np.isfinite(window) else np.inf
        if not survivors:
            going_on = self._retention(buying, ages) * np.exp(-delta)
            with np.errstate(divide="ignore"):  # at a churn of 1 nothing goes on
                geometric: FloatArray = going_on * -np.expm1(last * np.log(going_on)) / (1 - going_on)
            return geometric
        pooled = (1 - self.formula.churn)[:, None, None]
        growth = base_curve / base_curve[..., :1]
        k = np.arange(1.0, growth.shape[-1] + 1)
        curve = np.cumprod(np.minimum(pooled * growth, 1.0), axis=-1)
        found: FloatArray = (curve * np.exp(-delta * k) * (k <= last)).sum(axis=-1)
        if np.isinf(last):  # the last churn that was followed goes on
            kept = np.minimum(pooled * growth, 1.0)[..., -1] * np.exp(-delta)
            with np.errstate(divide="ignore"):
                found = found + curve[..., -1] * np.exp(-delta * k[-1]) * kept / (1 - kept)
        spread: FloatArray = found[self.base.group].T
        return spread

    def _of_model(self, buying: ParamDraws, window: float, delta: float) -> FloatArray:
        states = self.base.customers.states
        ahead = states.evaluate(lambda model, params: discounted_expectation(model, params, window, delta), buying)
        mine: FloatArray = self.base.of_pairs(ahead)[0]
        return mine

    def _retention(self, buying: ParamDraws, ages: int) -> FloatArray:
        """Return the chance to make the next renewal, shape (draw, pair): at the contract's age, or pooled."""
        if ages:
            return self._of_model(buying, 1.0, 0.0)
        pooled = (1 - self.formula.churn)[self.base.group]
        return np.tile(pooled, (len(next(iter(buying.values()))), 1))

    def _retention_ahead(self, buying: ParamDraws, running: FloatArray) -> FloatArray:
        """Return the retention of the running contracts of each group, step after step, shape (group, draw, step)."""
        delta, windows = self.base.customers.delta, self.formula.horizon
        last = max(min(window, np.ceil(_CUT / delta) if delta else np.inf) for window in windows)
        survivors = [self.base.by_group(running)]
        before: FloatArray | float = 0.0
        for k in range(1, int(steps(last)) + 1):
            renewed = self._of_model(buying, float(k), 0.0)
            survivors.append(self.base.by_group(running * (renewed - before)))
            before = renewed
        left = np.stack(survivors, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            kept = left[..., 1:] / left[..., :-1]
        found: FloatArray = np.where(np.isfinite(kept), kept, 1.0).transpose(1, 0, 2)
        return found
