"""Totals of the base, of its groups and of its cohorts."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.errors import InputError, check_kind, check_known
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.prediction.grid_sums import FEW, GridSum, few_sum, taken_from
from clvmodels.prediction.totals import membership, purchases_by_group, total_of
from clvmodels.records import (
    AnyForecast,
    Prediction,
    ShockDistribution,
    Sum,
    Total,
    Valuation,
    check_forecast,
    check_summary,
)
from clvmodels.valuation.money import money_of
from clvmodels.valuation.revenue import expected_revenue

type Calendar = Literal["week", "month", "quarter", "year"]

COHORT = "cohort"
_CALENDAR = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_PARTS = ("parameters", "chance", "common shock")


def totals(forecast: AnyForecast, *, by: str | None = None, cohort: Calendar = "month") -> pd.DataFrame:
    """Return the totals of groups of customers, with honest intervals.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of purchases, or of value after margin and cost; a common shock is in the intervals where it was predicted with
        one.
    by : str, optional
        A group column of the summary, or "cohort" for customers by the time of their first purchase; one row of all
        customers when left out.
    cohort : "week", "month", "quarter" or "year"
        The calendar unit that makes a cohort.

    Returns
    -------
    DataFrame
        One row a group, groups in sorted order: ``group, customers, expected, lower, upper, sd_parameters, sd_chance,
        sd_common_shock`` and ``contains``, what the interval holds. A part that isn't known is 0 and not in
        ``contains``. Expectations add up over groups, bounds don't: parameters and shock move all groups together.

    Raises
    ------
    ArgumentError
        For an unknown group column or calendar unit.
    InputError
        For cohorts of a summary without days of first purchase.

    See Also
    --------
    total_path : Return what the base has bought, or been worth, by the end of each month (or week, quarter) of the
        horizon.
    quantiles : Return quantiles of each customer's outcome, parameters and chance together.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39, shock=0.1)
    >>> clv.totals(ahead, by="cohort")[["group", "customers", "contains"]]
         group  customers                             contains
    0  1997-01        781  parameters, chance and common shock
    1  1997-02        857  parameters, chance and common shock
    2  1997-03        719  parameters, chance and common shock
    """
    check_known("calendar unit", cohort, _CALENDAR)
    if by is not None:
        check_kind("by", by, str, "name a group column")
    labels, codes = groups_of(forecast, by, cohort)
    found = totals_of(forecast, codes)
    customers = np.bincount(codes, minlength=len(labels))
    return pd.DataFrame(
        {"group": label, "customers": n, **told(total)}
        for label, n, total in zip(labels, customers, found, strict=True)
    )


def totals_of(forecast: AnyForecast, codes: IntArray) -> list[Total]:
    """Return the total of each group; ``codes`` are the groups of the customers, from 0 on, none of them empty."""
    worth = forecast.valuation
    return _of_purchases(forecast.prediction, codes) if worth is None else _of_value(worth, codes)


def told(total: Total) -> dict[str, float | str]:
    """Return a total as the columns of a table."""
    bounds = {"expected": total.expected, "lower": total.lower, "upper": total.upper}
    parts = {f"sd_{part.replace(' ', '_')}": total.parts.get(part, 0.0) for part in _PARTS}
    return {**bounds, **parts, "contains": total.sources}


def groups_of(forecast: AnyForecast, by: str | None, cohort: Calendar) -> tuple[AnyArray, IntArray]:
    """Return the labels of the groups in sorted order, and the group of each customer."""
    check_forecast(forecast)
    summary = forecast.summary
    if by is None or summary is None:
        return np.array(["all"]), np.zeros(len(forecast), dtype=np.int64)
    check_summary(summary)
    if by == COHORT and COHORT not in summary.groups:
        if summary.first_purchase is None:
            raise InputError(
                "The summary has no first_purchase (it was aggregated elsewhere), so customers can't be put into "
                "cohorts; make it from the transaction log, or carry the cohort along as a group column."
            )
        values = pd.PeriodIndex(summary.first_purchase, freq=_CALENDAR[cohort]).astype(str).to_numpy()
    else:
        values = summary.group(by).astype(str)
    labels, codes = np.unique(values, return_inverse=True)
    return labels, codes.astype(np.int64)


def _of_purchases(prediction: Prediction, codes: IntArray) -> list[Total]:
    states = counts_of(prediction).states
    n_groups = int(codes.max(initial=0)) + 1
    weights = membership(states.histories.index, codes, (len(states.histories), n_groups))
    draws, parameter_variance = purchases_by_group(states, prediction.estimate, prediction.horizon, weights)
    law = None if prediction.shock is None else prediction.shock.law("purchases", prediction.horizon)
    expected, variance = _summed(codes, prediction["expected_purchases"], prediction.variance)
    chance = variance - parameter_variance
    few = _few_purchases(prediction, states, codes, expected, variance)
    return [
        total_of("purchases", Sum(expected[i], draws[:, i], chance[i]), prediction.ci_prob, law, few=few[i])
        for i in range(n_groups)
    ]


def _few_purchases(
    prediction: Prediction, states: CustomerStates, codes: IntArray, expected: FloatArray, variance: FloatArray
) -> list[GridSum | None]:
    """Return the distributions of the purchases of small groups; None for each other."""
    small = np.bincount(codes) <= FEW
    if not small.any():
        return [None] * len(small)
    parts = list(taken_from(counts_of(prediction).parts(), states.histories.index[small[codes]]))
    size = len(states.histories)
    return [
        few_sum(parts, np.bincount(states.histories.index[codes == i], minlength=size), e, v, whole=True)
        for i, (e, v) in enumerate(zip(expected, variance, strict=True))
    ]


def _of_value(valuation: Valuation, codes: IntArray) -> list[Total]:
    value, draws, chance = value_by_group(valuation, codes)
    cost = (valuation.terms.acquisition_cost or 0.0) * np.bincount(codes)
    law, ci_prob = shock_of(valuation), valuation.prediction.ci_prob
    few = few_values(valuation, codes, np.bincount(codes))
    return [
        total_of("value", Sum(value[i], draws[:, i], chance[i]), ci_prob, law, cost[i], few[i])
        for i in range(len(value))
    ]


def few_values(valuation: Valuation, codes: IntArray, sizes: AnyArray) -> list[GridSum | None]:
    """Return the distributions of the value of groups before any cost, None for each that is large.

    Parameters
    ----------
    valuation : Valuation
        Of the customers.
    codes : array of int, shape (customer,)
        Their groups.
    sizes : array, shape (group,)
        For how many customers like those of the group: their number, or a multiple of it.
    """
    known = np.bincount(codes)
    alike = np.round(sizes / known)
    small = (sizes <= FEW) & (alike > 0) & (sizes == alike * known)
    if not small.any() or valuation.terms.margin == 0:
        return [None] * len(small)
    known_worth, margin = money_of(valuation), valuation.terms.margin
    base, wanted = known_worth.base, known_worth.rows.index[small[codes]]
    parts = [(rows, law.roughly()) for rows, law in taken_from(known_worth.revenues(), wanted)]
    worth, variance = _summed(codes, valuation["clv"] + (valuation.terms.acquisition_cost or 0.0), valuation.variance)
    found: list[GridSum | None] = []
    for i, n in enumerate(alike):
        n_customers = n * np.bincount(base.rows.index[codes == i], minlength=len(base.rows)) * small[i]
        few = few_sum(parts, n_customers, n * worth[i] / margin, n * variance[i] / margin**2, whole=False)
        found.append(None if few is None else few.times(margin))
    return found


def value_by_group(valuation: Valuation, codes: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the value of each group before any cost: expected, expected under each draw, and its variance by chance.

    Shapes (group,), (draw, group) and (group,); ``codes`` are the groups of the customers.
    """
    prediction, terms = valuation.prediction, valuation.terms
    base = money_of(valuation).base
    n_groups = int(codes.max(initial=0)) + 1
    weights = membership(base.rows.index, codes, (len(base.rows), n_groups))
    draws = np.zeros((max(prediction.estimate.n_draws, valuation.spend.n_draws), n_groups))
    parameter_variance = np.zeros(n_groups)

    def told(rows: slice, revenue: FloatArray) -> FloatArray:
        return terms.margin * (revenue @ weights[rows])

    for rows, total, variances in expected_revenue(base, prediction, valuation.spend, told):
        draws += total
        parameter_variance += variances @ weights[rows]
    value, variance = _summed(codes, valuation["clv"] + (terms.acquisition_cost or 0.0), valuation.variance)
    return value, draws, variance - terms.margin**2 * parameter_variance


def shock_of(valuation: Valuation) -> ShockDistribution | None:
    """Return the distribution of the common shock of money, where the prediction has one."""
    shock = valuation.prediction.shock
    return None if shock is None else shock.law("spend", valuation.prediction.horizon)


def _summed(codes: IntArray, *columns: FloatArray) -> list[FloatArray]:
    return [np.bincount(codes, column) for column in columns]
