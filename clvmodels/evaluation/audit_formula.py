"""What a business rule says, taken apart into rate, ticket, life and terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.heuristics import HeuristicSettings, HeuristicTerms, forecast, rules
from clvmodels.heuristics.base import AbstractPooledRule
from clvmodels.inference.fixed_estimates import price_of
from clvmodels.records import HeuristicForecast, Note, Summary, Valuation


@dataclass(frozen=True, eq=False)
class FormulaFactors:
    """A rule as a product: customers x purchases a period x money a purchase x periods.

    Attributes
    ----------
    title : str
        What people call the rule.
    repeat_rate : array, shape (customer,)
        Repeat purchases a period that the rule gives each customer.
    first_rate : array, shape (group,)
        First purchases a period that the rule counts as though each customer made them again; 0 where it doesn't.
    ticket : array, shape (customer,)
        Money a purchase.
    life : array, shape (2, group)
        Periods that the rule counts somebody as a customer, over its own horizon and over the valuation's.
    horizon : tuple of float
        Both horizons, in periods.
    terms : HeuristicTerms
        The margin and the costs that the rule takes off.
    notes : tuple of Note
        What to know about the rule on this base.
    """

    title: str
    repeat_rate: FloatArray
    first_rate: FloatArray
    ticket: FloatArray
    life: FloatArray
    horizon: tuple[float, float]
    terms: HeuristicTerms
    notes: tuple[Note, ...]


def formula_factors(  # noqa: PLR0913 - each is part of the question
    name: str,
    valuation: Valuation,
    summary: Summary,
    codes: IntArray,
    *,
    horizon: float,
    by: str | None,
    terms: HeuristicTerms,
    settings: HeuristicSettings,
) -> FormulaFactors:
    """Return the factors of a rule on a base."""
    ahead = valuation.prediction.horizon
    asked = {"terms": terms, "settings": settings, "by": by}
    own = forecast(name, summary, horizon=horizon, **asked)  # type: ignore[arg-type]
    whole = own if horizon == ahead else forecast(name, summary, horizon=ahead, **asked)  # type: ignore[arg-type]
    per_year = summary.period.per_year
    if own.purchases is None:
        raise ArgumentError(f"{own.title} only ranks customers and gives no money, so there is nothing to audit.")
    life = np.stack([found.ingredients["years_counted"].to_numpy(dtype=np.float64) for found in (own, whole)])
    if not (life > 0).all():
        raise ArgumentError(f"{own.title} counts nobody as a customer, so there is nothing to audit; take 'ltv'.")
    life = life * per_year
    rate = own.purchases / life[0][codes]
    first = np.zeros(len(own.ingredients))
    if isinstance(rules()[name], AbstractPooledRule):
        some = np.array([rate[codes == i][0] for i in range(len(first))])
        first = some * (own.ingredients["customers"] / own.ingredients["purchases"]).to_numpy(dtype=np.float64)
    return FormulaFactors(
        own.title,
        rate - first[codes],
        first,
        _ticket(own, valuation),
        life,
        (horizon, ahead),
        terms,
        own.notes,
    )


def _ticket(own: HeuristicForecast, valuation: Valuation) -> FloatArray:
    """Return the rule's money a purchase; of a customer without a purchase, what it is in the base."""
    assert own.purchases is not None  # a rule that only ranks was refused before
    if own.spend is None:
        price = price_of(valuation.spend)
        if price is None:
            raise InputError("The summary has no amounts, so the formula gives no money; give amount= to the log.")
        return np.full(len(own.purchases), price)
    bought = own.purchases > 0
    total = float(own.purchases.sum())
    mean = float(own.spend.sum()) / total if total > 0 else 0.0
    ticket: FloatArray = np.divide(own.spend, own.purchases, out=np.full(len(bought), mean), where=bought)
    return ticket
