"""The monthly path of expected revenue."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.prediction.futures import Futures
from clvmodels.records import Estimate, Path, Period, Terms
from clvmodels.valuation.discounting import discounted_expectation

_MOST_MONTHS = 120  # a path of ten years; what lies beyond isn't planned by month


def monthly_path(
    futures: Futures, estimate: Estimate, horizon: float, living: tuple[FloatArray, FloatArray], terms: Terms
) -> Path:
    """Return what the base is expected to buy and spend in each month.

    Parameters
    ----------
    futures : Futures
        The base as its model sees it.
    estimate : Estimate
        Of the model of buying.
    horizon : float
        In periods; the path ends there, or after 120 months.
    living : pair of array, shape (future,)
        Living customers behind each future, as heads and as money a purchase.
    terms : Terms
        Margin and discount.
    """
    period = estimate.period or Period.of("month")
    month = Period.of("month").days / period.days
    delta = terms.force_of_interest(period)
    months = np.arange(1.0, min(np.ceil(horizon / month - 1e-9), _MOST_MONTHS) + 1)
    ends = np.minimum(months * month, horizon)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    heads, money = living

    def until(end: float, rate: float) -> FloatArray:
        ahead: FloatArray = futures.evaluate(
            lambda model, params: discounted_expectation(model, params, end, rate), point
        )[0]
        return ahead

    def monthly(weights: FloatArray, ahead: list[FloatArray]) -> FloatArray:
        return np.diff([float(weights @ each) for each in ahead], prepend=0.0)

    bought = [until(end, 0.0) for end in ends]
    revenue = monthly(money, bought)
    value = revenue if delta == 0 else monthly(money, [until(end, delta) for end in ends])
    return Path(ends / month, monthly(heads, bought), revenue, terms.margin * value)
