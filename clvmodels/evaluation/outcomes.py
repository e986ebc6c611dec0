"""Each customer's predictive distribution beside what came, a part of the base at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import Futures
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.records import Histories, Prediction, Valuation
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.laws import customers_of
from clvmodels.valuation.predictive import compounds


def purchases_of(prediction: Prediction, actual: FloatArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """Give customers and their pmf, shape (customer, n), with every actual count below n."""
    futures = Futures.of(prediction.estimate, prediction.summary, prediction.newcomers)
    counts = max(16, int(actual.max(initial=0.0)) + 1)
    for part in purchase_pmfs(futures, prediction.estimate, prediction.horizon, at_least=counts):
        customers, place = futures.histories.members.within(part.rows)
        yield customers, part.pmf[place]


def spend_of(valuation: Valuation, actual: FloatArray) -> Iterator[tuple[IntArray, IntArray, Compound, FloatArray]]:
    """Give customers beside the distribution of their revenue, discounted as the valuation is, and what came.

    Customers of one distribution to whom the same came are one case: given are customers, the case of each, and for the
    cases their distributions and what came.
    """
    base = customers_of(valuation)
    for rows, compound in compounds(base, valuation.prediction, valuation.spend):
        customers, place = base.rows.members.within(rows)
        cases = Histories.of({"row": place.astype(np.float64), "came": actual[customers]})
        yield customers, cases.index, compound.take(cases.columns["row"].astype(np.int64)), cases.columns["came"]


def at_counts(pmf: FloatArray, actual: FloatArray) -> FloatArray:
    """Return the probability of each actual count."""
    chosen: FloatArray = pmf[np.arange(len(pmf)), actual.astype(np.int64)]
    return chosen
