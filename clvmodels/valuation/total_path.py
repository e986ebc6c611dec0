"""The base's total as it grows over the horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.grid_sums import FEW, GridSum, few_sum
from clvmodels.prediction.totals import expectation_bounds, total_of
from clvmodels.records import AnyForecast, Period, Prediction, Sum, Total, Valuation, check_forecast
from clvmodels.valuation.money import Money, money_of
from clvmodels.valuation.revenue import expected_revenue
from clvmodels.valuation.totals import told

_MOST = 120  # ends: ten years of months; each takes about as long as a forecast


def total_path(forecast: AnyForecast, *, every: str | timedelta = "month") -> pd.DataFrame:
    """Return what the base has bought, or been worth, by the end of each month (or week, quarter) of the horizon.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of purchases, or of value after margin and cost; a cost of acquisition is spent at the start.
    every : str or timedelta
        The step: "day", "week", "month", "quarter", "year" or any length.

    Returns
    -------
    DataFrame
        One row a step, at most 120 of them: ``end`` (steps from now; the last may be cut by the horizon), then
        cumulative ``expected, lower, upper, sd_parameters, sd_chance, sd_common_shock`` and ``contains`` as in
        `totals`. ``attrs`` name the step ("every") and what is summed ("what"). A common shock that was learned
        grows with the horizon, one that was given is as large after a step as at the end.

    See Also
    --------
    totals : Return the totals of groups of customers, with honest intervals.
    predict : Forecast each customer's purchases.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon="3 months")
    >>> path = clv.total_path(ahead)
    >>> bool(abs(path["expected"].iloc[-1] - ahead.total.expected) < 1e-6)
    True
    """
    check_forecast(forecast)
    prediction, worth = forecast.prediction, forecast.valuation
    step = Period.of(every)
    length = step.days / prediction.estimate.time_unit.days
    # A horizon of whole steps ends with the last of them, whatever its rounding.
    ends = np.arange(1.0, min(np.ceil(prediction.horizon / length - 1e-9), _MOST) + 1)
    until = np.minimum(ends * length, prediction.horizon)
    if worth is None:
        found = [_purchases_until(prediction, float(end)) for end in until]
    else:
        found = [_value_until(worth, float(end)) for end in until]
    table = pd.DataFrame({"end": end / length, **told(total)} for end, total in zip(until, found, strict=True))
    table.attrs |= {"every": step.name, "what": found[0].what}
    return table


def _purchases_until(prediction: Prediction, end: float) -> Total:
    estimate, purchases = prediction.estimate, counts_of(prediction).until(end)
    states, counts = purchases.states, purchases.rows.counts
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    every = slice(0, len(states.histories))
    ahead = states.evaluate(lambda model, params: model.expectation(params, end), point)[0]
    expected = states.weigh(states.alive_in_phases(point, every)[:, 0], ahead, every)
    _, draws, parameter_variance = expectation_bounds(states, estimate, end, prediction.ci_prob)
    variance, parts = 0.0, []
    for rows, part in purchases.parts():
        variance += float(counts[rows] @ part.moments()[1])
        if counts.sum() <= FEW:
            parts.append((rows, part))
    summed = Sum(float(counts @ expected), draws, variance - float(counts @ parameter_variance))
    few = few_sum(parts, counts, summed.expected, variance, whole=True)
    law = None if prediction.shock is None else prediction.shock.law("purchases", end)
    return total_of("purchases", summed, prediction.ci_prob, law, few=few)


def worth_until(valuation: Valuation, end: float) -> Money:
    """Return the value of the same customers within another horizon, as a distribution."""
    purchases = counts_of(valuation.prediction).until(end)
    prediction = replace(valuation.prediction, horizon=end, distribution=purchases)
    return money_of(replace(valuation, prediction=prediction, distribution=None))


def _value_until(valuation: Valuation, end: float) -> Total:
    terms, found = valuation.terms, valuation.prediction.shock
    summed, few = sum_of(worth_until(valuation, end))
    cost = (terms.acquisition_cost or 0.0) * float(money_of(valuation).rows.counts.sum())
    shock = None if found is None else found.law("spend", end)
    return total_of("value", summed, valuation.prediction.ci_prob, shock, cost, few)


def sum_of(worth: Money) -> tuple[Sum, GridSum | None]:
    """Return what the margin of all customers is made of, before costs, and its distribution where they are few."""
    prediction, spend, margin, base = worth.prediction, worth.spend, worth.terms.margin, worth.base
    counts = base.rows.counts
    draws, parameter_variance = np.zeros(max(prediction.estimate.n_draws, spend.n_draws)), 0.0
    revenues = expected_revenue(base, prediction, spend, lambda rows, revenue: revenue @ counts[rows])
    for rows, total, variances in revenues:
        draws += total
        parameter_variance += float(counts[rows] @ variances)
    variance, parts = 0.0, []
    for members, compound in worth.revenues():
        variance += float(counts[members] @ compound.centre.moments()[1])
        if counts.sum() <= FEW:
            parts.append((members, compound.roughly()))
    expected = float(counts @ (base.discounted * base.spend))
    few = few_sum(parts, counts, expected, variance, whole=False)
    summed = Sum(margin * expected, margin * draws, margin**2 * (variance - parameter_variance))
    return summed, None if few is None else few.times(margin)
