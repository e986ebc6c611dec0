"""Models and business rules that forecast one holdout, and what is said of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import check_kind, check_known
from clvmodels.evaluation.forecasts import Forecast, of_model, of_rule
from clvmodels.evaluation.scores import bias, cumulative_gain, gini_normalised, mae, rmse, spearman
from clvmodels.heuristics.registry import rules
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.inference import fit
from clvmodels.inference.fixed_estimates import BY_COLUMN, USUAL, at_own_prices
from clvmodels.models import default_spend_model
from clvmodels.records import Estimate, Summary, Target
from clvmodels.valuation.customers import mean_trouble

_ALWAYS = ("all_zero", "run_rate", "past_spend")
_SHARE = np.array([0.1])  # of the customers, of whose purchases or spend it is told how many they hold

type Row = dict[str, str | float]


@dataclass(frozen=True, eq=False)
class Money:
    """How models forecast money in a holdout.

    Attributes
    ----------
    spend : Estimate or None
        The spend model; None where models forecast no money.
    targets : tuple of str
        What is forecast.
    trouble : str or None
        Why models forecast no money though there is some; rules do all the same.
    """

    spend: Estimate | None
    targets: tuple[Target, ...]
    trouble: str | None

    @classmethod
    def of(cls, spend: str | Estimate | None, summary: Summary) -> Self:
        """Fit a spend model where the summary and its holdout have money."""
        assert summary.holdout is not None  # who calls has looked
        if spend is None or summary.holdout.spend is None or summary.monetary_value is None:
            return cls(None, ("purchases",), None)
        worth = _learned(spend, summary) if isinstance(spend, str) else spend
        trouble = mean_trouble(worth, summary)
        return cls(worth if trouble is None else None, ("purchases", "spend"), trouble)


def _learned(spend: str, summary: Summary) -> Estimate:
    """Return what purchases are worth; where each contract has its price, the usual way is to take that."""
    if spend == BY_COLUMN or (spend == USUAL and summary.price is not None):
        return at_own_prices(summary)
    return fit(default_spend_model().name if spend == USUAL else spend, summary)


def rule_names(heuristics: str | Sequence[str], summary: Summary) -> list[str]:
    """Return the rules to run, the baselines last."""
    known = list(rules())
    check_kind("heuristics", heuristics, (str, Sequence), "give 'all', or names of business rules")
    if heuristics == "all":
        wanted = [name for name in known if name != "recent_run_rate" or summary.recent_purchases is not None]
    else:
        wanted = [heuristics] if isinstance(heuristics, str) else list(heuristics)
    for name in wanted:
        check_known("business rule", name, known)
    baselines = [name for name in _ALWAYS if name != "past_spend" or _has_money(summary)]
    return [name for name in wanted if name not in _ALWAYS] + baselines


def _has_money(summary: Summary) -> bool:
    return summary.total_spend is not None or summary.monetary_value is not None


def forecasts_of(
    estimates: Mapping[str, Estimate],
    money: Money,
    names: Sequence[str],
    settings: HeuristicSettings,
    summary: Summary,
    groups: tuple[IntArray, Sequence[Summary]],
) -> Iterator[dict[Target, list[Forecast]]]:
    """Give what models and rules say of the customers of each group, target by target.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        Models by the name of their row; they forecast all customers at once.
    money : Money
        How models forecast money.
    names : sequence of str
        Rules, which take each group's own figures.
    settings : HeuristicSettings
        Of the rules, and the probability inside all intervals.
    summary : Summary
        All customers.
    groups : tuple
        The group of each customer, from 0 on, and the customers of each group.
    """
    codes, parts = groups
    by_forecaster: list[list[dict[Target, Forecast]]] = [
        [
            {target: replace(row, name=label) for target, row in found.items()}
            for found in of_model(estimate, money.spend, summary, codes, settings.ci_prob)
        ]
        for label, estimate in estimates.items()
    ]
    by_forecaster += [[of_rule(name, part, settings) for part in parts] for name in names]
    for found in zip(*by_forecaster, strict=True):
        told: dict[Target, list[Forecast]] = {
            target: [forecasts[target] for forecasts in found if target in forecasts] for target in money.targets
        }
        yield {target: rows for target, rows in told.items() if rows}


def came(summary: Summary, target: Target) -> FloatArray:
    """Return the actual values of the holdout, shape (customer,)."""
    assert summary.holdout is not None  # who calls has looked
    actual = summary.holdout.frequency if target == "purchases" else summary.holdout.spend
    assert actual is not None  # there are forecasts of spend only where the holdout has it
    return actual


def scored(row: Forecast, actual: FloatArray) -> Row:
    """Return the row of a scorecard."""
    point, total = row.point, row.total
    error = float("nan") if point is None else mae(point, actual)
    return {
        "name": row.name,
        "kind": row.kind,
        "bias": float("nan") if point is None else bias(point, actual),
        "mae": error,
        "rmse": float("nan") if point is None else rmse(point, actual),
        "crps": error if row.crps is None else mean(row.crps),
        "log_score": mean(row.log_score),
        "coverage": mean(row.inside),
        "spearman": spearman(row.ranking, actual),
        "gini": gini_normalised(row.ranking, actual),
        "capture_top10": float(cumulative_gain(row.ranking, actual, _SHARE)[0]),
        "total": float("nan") if point is None else float(point.sum()),
        "total_lower": float("nan") if total is None else total.lower,
        "total_upper": float("nan") if total is None else total.upper,
        "actual": float(actual.sum()),
    }


def mean(values: FloatArray | None) -> float:
    """Return the mean of what is told of each customer; NaN where it isn't told."""
    return float("nan") if values is None else float(values.mean())
