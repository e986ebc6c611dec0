"""What a reader should know before believing a business rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.heuristics.base import AbstractForecastingRule, AbstractHeuristic, AbstractOwnRule, AbstractPooledRule
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.customers import Customers
from clvmodels.heuristics.terms import HeuristicTerms
from clvmodels.heuristics.ticket_without_largest import ticket_without_largest
from clvmodels.records import Note, Summary
from clvmodels.records.period import DAYS_PER_YEAR

_LONG_LIFE = 3  # observed times in a lifespan: beyond it, two thirds of the life were never seen of anybody
_SKEWED = 0.1  # drop of the average ticket without the largest 1% of customers
_MANY_FIRST = 0.2  # share of first purchases: a rate a quarter above that of the repeat purchases alone
_SILENCES = (("a quarter", 0.25), ("half a year", 0.5), ("a year", 1.0))


def notes_on(
    rule: AbstractHeuristic, summary: Summary, customers: Customers, *, horizon: float, terms: HeuristicTerms
) -> tuple[Note, ...]:
    """Return the remarks that apply to a rule on a base, the rule's own weakness first."""
    found = [Note("rule", f"{rule.title}: {rule.caveat}")]
    if isinstance(rule, AbstractPooledRule):
        found += _on_lifespan(rule, summary, customers)
        found += _on_newcomers(customers)
        found += _on_skew(customers)
    if not isinstance(rule, AbstractOwnRule):
        found += _on_first_purchase(customers)
    if isinstance(rule, AbstractForecastingRule):
        found += _on_terms(customers, horizon * summary.period.days / DAYS_PER_YEAR, terms)
    return tuple(found)


def _on_lifespan(rule: AbstractPooledRule, summary: Summary, customers: Customers) -> Iterator[Note]:
    own = _lifespan(rule, customers)
    spans = [
        (words, _lifespan(rule, Customers.of(summary, gone_after=years * summary.period.per_year)))
        for words, years in _SILENCES
    ]
    ranges = ", ".join(f"{_years(span)} if counted as churned after {words}" for words, span in spans)
    yield Note(
        "churn_not_observed",
        f"Churn isn't observed: {customers.gone.mean():.0%} of the customers are counted as gone because they were "
        f"silent for long, which makes the lifespan {_years(own)} ({ranges} of silence), and the value moves with it.",
        "warning",
    )
    observed = float(customers.observed_days.max()) / DAYS_PER_YEAR
    if own > _LONG_LIFE * observed:
        yield Note(
            "lifespan_beyond_observation",
            f"The lifespan is {_years(own)}, but nobody has been observed for more than {_years(observed)}, so most of "
            f"the value comes from years that nobody has seen; give a horizon nearer to what was observed.",
            "warning",
        )


def _lifespan(rule: AbstractPooledRule, customers: Customers) -> float:
    return float(rule.lifespan(BaseAggregates.of(customers))[0])


def _years(span: float) -> str:
    return f"{span:.2f} years" if np.isfinite(span) else "without end"


def _on_newcomers(customers: Customers) -> Iterator[Note]:
    first = len(customers) / float(customers.purchases.sum())
    if first > _MANY_FIRST:
        yield Note(
            "first_purchases_counted",
            f"{first:.0%} of the purchases behind the rate were first purchases, which these customers won't make "
            f"again: it says what a newcomer is worth, and promises too much of a base that has been won.",
            "warning",
        )


def _on_skew(customers: Customers) -> Iterator[Note]:
    spend: FloatArray | None = customers.spend
    if spend is None or len(spend) < 2 or spend.min() < 0 or not spend.sum() > 0:
        return
    pull = ticket_without_largest(spend)
    if pull.drop > _SKEWED:
        yield Note(
            "skewed_spend",
            f"Without the largest 1% of customers ({pull.left_out:,}) the spend a customer falls by {pull.drop:.0%}, "
            f"from {pull.all_customers:,.2f} to {pull.without_largest:,.2f}: the mean speaks of few; look at groups or "
            f"at a model of each customer.",
            "warning",
        )


def _on_first_purchase(customers: Customers) -> Iterator[Note]:
    if customers.first_is_guessed:
        yield Note(
            "first_purchase_guessed",
            "The summary has no total_spend, so the mean repeat purchase of the base stands in for each first "
            "purchase; make the summary from the log to know better.",
            "warning",
        )


def _on_terms(customers: Customers, years: float, terms: HeuristicTerms) -> Iterator[Note]:
    if customers.spend is None and customers.repeat_spend is None:
        return
    if terms == HeuristicTerms():
        yield Note(
            "value_is_revenue",
            "No margin and no cost is given: value is revenue, and what it cost to win customers is counted nowhere.",
        )
    elif terms.acquisition_cost is None:
        yield Note(
            "acquisition_not_counted",
            "No acquisition cost is taken off: compare the value with CAC or give acquisition_cost, but not both.",
        )
    elif terms.acquisition_cost > 0:
        yield Note(
            "acquisition_counted",
            f"{terms.acquisition_cost:g} a customer is taken off for acquisition, though these customers have been won "
            f"and paid for; don't compare the value with CAC again, and leave it out to decide on what to do next.",
            "warning",
        )
    if years > 1:
        yield Note("not_discounted", "The rule looks ahead for more than a year and counts later money in full.")
