"""Each customer's predictive distribution beside what came, a part of the base at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import Futures
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.records import Prediction, Valuation
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.predictive import compounds


def purchases_of(prediction: Prediction, actual: FloatArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """Give customers and their pmf, shape (customer, n), with every actual count below n."""
    futures = Futures.of(prediction.estimate, prediction.summary)
    counts = max(16, int(actual.max(initial=0.0)) + 1)
    for part in purchase_pmfs(futures, prediction.estimate, prediction.horizon, at_least=counts):
        customers, place = futures.histories.members.within(part.rows)
        yield customers, part.pmf[place]


def spend_of(valuation: Valuation) -> Iterator[tuple[IntArray, Compound]]:
    """Give customers and the distribution of their revenue, discounted as the valuation is."""
    period = valuation.prediction.estimate.period
    assert period is not None  # every estimate of a model of buying has one
    base = Customers.of(valuation.prediction, valuation.spend, valuation.terms.force_of_interest(period))
    for rows, compound in compounds(base, valuation.prediction, valuation.spend):
        customers, place = base.rows.members.within(rows)
        yield customers, compound.take(place)


def at_counts(pmf: FloatArray, actual: FloatArray) -> FloatArray:
    """Return the probability of each actual count."""
    chosen: FloatArray = pmf[np.arange(len(pmf)), actual.astype(np.int64)]
    return chosen
