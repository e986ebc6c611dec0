"""Each customer's predictive distribution and actual outcome, a part of the base at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.counts import counts_of
from clvmodels.records import AnyForecast, Histories
from clvmodels.valuation.money import money_of


class Predictive(Protocol):
    """The predictive distributions of some rows, as far as scores need them; arrays of shape (row,)."""

    def quantile(self, probability: float) -> FloatArray:
        """Return the smallest outcome whose cumulative probability reaches ``probability``."""
        ...

    def cdf(self, amount: FloatArray) -> FloatArray:
        """Return the probability of at most an amount."""
        ...

    def exactly(self, amount: FloatArray) -> FloatArray:
        """Return the probability of exactly an amount."""
        ...

    def prob(self, amount: FloatArray) -> FloatArray:
        """Return the probability of an amount, or the density where each has none."""
        ...

    def crps(self, actual: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score of an outcome."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return some rows, in any order and as often as they are named."""
        ...


def parts_of(forecast: AnyForecast) -> Iterator[tuple[IntArray, IntArray, Predictive]]:
    """Give customers, the place of each among some rows, and the distributions of these: of purchases, or of revenue,
    discounted as the valuation is, before margin and cost."""
    if forecast.valuation is None:
        yield from counts_of(forecast.prediction).by_customer()
    else:
        for customers, place, law in money_of(forecast.valuation).by_customer():
            yield customers, place, law.revenue


def outcomes_of(
    forecast: AnyForecast, actual: FloatArray
) -> Iterator[tuple[IntArray, IntArray, Predictive, FloatArray]]:
    """Give customers, their predictive distributions and their actual outcomes.

    Customers with the same distribution and the same outcome are one case: given are customers, the case of each, and
    the distribution and outcome of each case. Where refunds exceed purchases, the outcome is 0.
    """
    came = np.maximum(actual, 0.0)
    for customers, place, law in parts_of(forecast):
        cases = Histories.of({"row": place.astype(np.float64), "came": came[customers]})
        yield customers, cases.index, law.take(cases.columns["row"].astype(np.int64)), cases.columns["came"]
