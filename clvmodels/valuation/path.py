"""The monthly path of expected revenue."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.records import BusinessTerms, Estimate, Path, Period
from clvmodels.valuation.discounting import discounted_expectation

_MOST_MONTHS = 120  # a path of ten years; what lies beyond isn't planned by month


def monthly_path(
    states: CustomerStates,
    estimate: Estimate,
    horizon: float,
    living: tuple[FloatArray, FloatArray],
    terms: BusinessTerms,
) -> Path:
    """Return what the base is expected to buy and spend in each month.

    Parameters
    ----------
    states : CustomerStates
        The base as its model sees it.
    estimate : Estimate
        Of the model of buying.
    horizon : float
        In periods; the path ends there, or after 120 months.
    living : pair of array, shape (state,)
        Living customers behind each state: their number, and the money of a purchase of each.
    terms : BusinessTerms
        Margin and discount.
    """
    period = estimate.period or Period.of("month")
    month = Period.of("month").days / period.days
    delta = terms.force_of_interest(period)
    months = np.arange(1.0, min(np.ceil(horizon / month - 1e-9), _MOST_MONTHS) + 1)
    ends = np.minimum(months * month, horizon)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    n_customers, money = living

    def until(end: float, rate: float) -> FloatArray:
        ahead: FloatArray = states.evaluate(
            lambda model, params: discounted_expectation(model, params, end, rate), point
        )[0]
        return ahead

    def cumulative(weights: FloatArray, rate: float) -> FloatArray:
        return np.array([float(weights @ until(end, rate)) for end in ends])

    def monthly(totals: FloatArray) -> FloatArray:
        return np.diff(totals, prepend=0.0)

    revenue = monthly(cumulative(money, 0.0))
    value = revenue if delta == 0 else monthly(cumulative(money, delta))
    return Path(ends / month, monthly(cumulative(n_customers, 0.0)), revenue, terms.margin * value)
