"""Carry a business rule forward over a customer base."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import InputError, check_between, check_known
from clvmodels.heuristics.base import (
    RULES,
    AbstractForecastingRule,
    AbstractHeuristic,
    AbstractPooledRule,
    AbstractRankingRule,
    Ahead,
)
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.bootstrap import resampled_sums
from clvmodels.heuristics.customers import HALF_A_YEAR, Customers, split
from clvmodels.heuristics.net_ltv import net_ltv
from clvmodels.heuristics.notes import notes_on
from clvmodels.heuristics.terms import HeuristicSettings, HeuristicTerms
from clvmodels.records import HeuristicForecast, Summary, Total


def forecast(
    name: str,
    summary: Summary,
    *,
    horizon: float | str | timedelta,
    terms: HeuristicTerms | None = None,
    settings: HeuristicSettings | None = None,
    by: str | None = None,
) -> HeuristicForecast:
    """Return what a business rule says of each customer and of the base.

    A multiplicative rule (`ltv`, `clv`, `arpu_ltv`) gives one number to everybody: a yearly rate times the shorter of
    the lifespan and the horizon, as if each customer began today. With ``by`` each group has its own figures
    and gives its own number; the total is then the sum over groups of customers times number. The rules on a
    customer's own past (`run_rate`, `recent_run_rate`) need a finite horizon, because there nobody leaves.

    Parameters
    ----------
    name : str
        A registered rule; see `rules`.
    summary : Summary
        The customers, at least one.
    horizon : float, str or timedelta
        Periods ahead, at least a day, or a text with its unit ("12 months"); ``inf`` for life as the rule sees it.
    terms : HeuristicTerms, optional
        Margin and costs; all revenue is value when left out.
    settings : HeuristicSettings, optional
        After how much silence a customer is gone, and how intervals are made.
    by : str, optional
        A group column of the summary.

    Returns
    -------
    HeuristicForecast
        Purchases, spend and value of each customer, the figures that entered, totals with bootstrap intervals over
        customers, and notes. Without amounts ``spend`` and ``value`` are None; for a rule that only ranks,
        ``purchases`` too.

    Raises
    ------
    ArgumentError
        When there is no such rule or group column, or the horizon is out of range.
    InputError
        When the summary lacks what the rule needs, or nobody is gone and a whole life is asked for.

    Examples
    --------
    >>> from clvmodels.records import Period
    >>> shop = Summary(Period.of("week"), np.arange(4), frequency=np.array([3.0, 0.0, 1.0, 0.0]),
    ...                recency=np.array([30.0, 0.0, 8.0, 0.0]), T=np.array([40.0, 40.0, 20.0, 20.0]))
    >>> ahead = forecast("run_rate", shop, horizon=20)
    >>> ahead.purchases.tolist()
    [1.5, 0.0, 1.0, 0.0]
    """
    check_known("business rule", name, RULES)
    rule, terms, settings = RULES[name], terms or HeuristicTerms(), settings or HeuristicSettings()
    periods = summary.period.horizon(horizon)
    days = periods * summary.period.days
    check_between("horizon (in days)", days, 1.0, float("inf"), "purchases are counted by day")
    customers = Customers.of(summary, gone_after=settings.gone_after)
    parts = split(summary, customers, by)
    rows = {label: _ingredients(rule, part, summary, settings) for label, (_, part) in parts.items()}
    ahead: dict[str, FloatArray] = {}
    totals: dict[str, Total] = {}
    if isinstance(rule, AbstractRankingRule):
        score = rule.score(customers)
    else:
        assert isinstance(rule, AbstractForecastingRule)  # a rule ranks or forecasts, there is no third kind
        ahead, sums, means = _carried(rule, parts, days, terms, settings)
        totals = {what: _total(what, values, settings.ci_prob) for what, values in sums.items()}
        rows = {label: {**row, **means[label]} for label, row in rows.items()}
        score = ahead.get("spend", ahead["purchases"])
    return HeuristicForecast(
        name=rule.name,
        title=rule.title,
        summary=summary,
        horizon=periods,
        purchases=ahead.get("purchases"),
        spend=ahead.get("spend"),
        value=ahead.get("value"),
        score=score,
        ingredients=pd.DataFrame([{"group": label, **row} for label, row in rows.items()]),
        totals=totals,
        notes=notes_on(rule, summary, customers, horizon=periods, terms=terms),
    )


def _carried(
    rule: AbstractForecastingRule,
    parts: Mapping[str, tuple[IntArray, Customers]],
    days: float,
    terms: HeuristicTerms,
    settings: HeuristicSettings,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], dict[str, dict[str, float]]]:
    """Return the forecast of each customer, the total of each base (the observed one first), each group's mean."""
    rng = np.random.default_rng(settings.seed)
    n_customers = sum(len(part) for _, part in parts.values())
    ahead: dict[str, FloatArray] = {}
    sums: dict[str, FloatArray] = {}
    means: dict[str, dict[str, float]] = {}
    for label, (rows, part) in parts.items():
        drawn = resampled_sums(rule.columns(part, days), n_bootstrap=settings.n_bootstrap, rng=rng)
        mean = rule.average(len(part), drawn, days)
        if not np.isfinite(mean.purchases[0]):
            raise InputError(
                f"No customer of group {label!r} counts as gone, so 1 / churn is a life without end; give a finite "
                f"horizon, or a gone_after below the longest silence."
            )
        for what, values in _with_value(rule.each(part, mean, days), terms).items():
            ahead.setdefault(what, np.zeros(n_customers))[rows] = values
        of_mean = _with_value(mean, terms)
        for what, values in of_mean.items():
            sums[what] = sums.get(what, 0.0) + len(part) * values
        means[label] = {"years_counted": float(mean.years[0])}
        means[label] |= {f"{what}_per_customer": float(values[0]) for what, values in of_mean.items()}
    return ahead, sums, means


def _with_value(ahead: Ahead, terms: HeuristicTerms) -> dict[str, FloatArray]:
    if ahead.spend is None:
        return {"purchases": ahead.purchases}
    ends = np.isfinite(ahead.years)  # a drawn base in which nobody is gone lives for ever
    years = np.where(ends, ahead.years, 0.0)
    value = net_ltv(
        terms.margin * np.where(ends, ahead.spend, 0.0),
        acquisition_cost=terms.acquisition_cost or 0.0,
        promotion_cost=terms.promotion_cost * years,
        service_cost=terms.service_cost * years,
    )
    return {"purchases": ahead.purchases, "spend": ahead.spend, "value": np.where(ends, value, np.inf)}


def _total(what: str, values: FloatArray, ci_prob: float) -> Total:
    lower, upper = float("nan"), float("nan")
    if len(values) > 1:
        tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
        lower, upper = np.quantile(values[1:], tails, method="inverted_cdf")  # a draw itself, so that inf may be one
    return Total(what, float(values[0]), float(lower), float(upper), ci_prob, ("sampling of customers",))


def _ingredients(
    rule: AbstractHeuristic, customers: Customers, summary: Summary, settings: HeuristicSettings
) -> dict[str, float | str]:
    row: dict[str, float | str] = {"customers": len(customers), "purchases": float(customers.purchases.sum())}
    if customers.spend is not None:
        row["spend"] = float(customers.spend.sum())
    if isinstance(rule, AbstractPooledRule):
        unit = summary.period
        silence = HALF_A_YEAR / unit.days if settings.gone_after is None else settings.gone_after
        row |= {
            "gone": float(customers.gone.sum()),
            "gone_rule": f"silent for more than {silence:.4g} {unit.name}s",
            "churn_per_period": float(np.asarray(BaseAggregates.of(customers).churn_per_day)[0]) * unit.days,
        }
    return row | dict(rule.ingredients(customers))
