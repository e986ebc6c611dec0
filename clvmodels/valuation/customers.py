"""The distinct customers that a valuation works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import FitError
from clvmodels.inference.fitting import PRICE
from clvmodels.models import spend_model
from clvmodels.prediction.futures import Futures
from clvmodels.records import Estimate, Histories, Prediction
from clvmodels.valuation.discounting import discounted_expectation


@dataclass(frozen=True, eq=False)
class Customers:
    """A history of buying joined with a history of spend, each pair once.

    Attributes
    ----------
    futures : Futures
        The base as the model of buying sees it.
    rows : Histories
        The pairs; ``rows.index`` leads from customers to pairs.
    history : array of int, shape (row,)
        The row's history of buying, among ``futures.histories``.
    n, m : array, shape (row,)
        Its history of spend.
    alive : array, shape (phase, row)
        P(alive, in each phase of waiting).
    spend, discounted : array, shape (row,)
        Expected value of a purchase, expected discounted purchases.
    delta : float
        Force of interest a period.
    """

    futures: Futures
    rows: Histories
    history: IntArray
    n: FloatArray
    m: FloatArray
    alive: FloatArray
    spend: FloatArray
    discounted: FloatArray
    delta: float

    @classmethod
    def of(cls, prediction: Prediction, spend: Estimate, delta: float) -> Customers:
        """Join what a prediction and a spend model know.

        Raises
        ------
        FitError
            When the mean spend of some customers doesn't exist.
        """
        futures = Futures.of(prediction.estimate, prediction.summary)
        summary = prediction.summary
        if summary is None or (summary.monetary_value is None and spend.method == PRICE):
            unknown = np.zeros(len(prediction))
            spends = Histories.of({"n": unknown, "m": unknown})
        else:
            spends = summary.spend_histories
        rows = Histories.of(
            {"history": futures.histories.index.astype(np.float64), "spend": spends.index.astype(np.float64)}
        )
        history = rows.columns["history"].astype(np.int64)
        place = rows.columns["spend"].astype(np.int64)
        n, m = spends.columns["n"][place], spends.columns["m"][place]
        _check_mean(spend, n, rows.counts)
        point = {name: np.array([v]) for name, v in prediction.estimate.params.items()}
        ahead = futures.evaluate(
            lambda model, params: discounted_expectation(model, params, prediction.horizon, delta), point
        )
        alive = futures.alive_in_phases(point, slice(0, len(futures.histories)))[:, 0, history]
        worth = spend_model(spend.model.name).expected_spend(spend.params, n, m)
        return cls(futures, rows, history, n, m, alive, worth, futures.weigh(alive, ahead[0], history), delta)

    def living(self) -> tuple[FloatArray, FloatArray]:
        """Return for each future the living customers behind it: as heads, and as the money of one purchase of each."""
        future = self.futures.index[:, self.history].ravel()
        heads = self.rows.counts * self.alive
        size = self.futures.n_phases * len(self.futures.rows)
        return np.bincount(future, heads.ravel(), size), np.bincount(future, (heads * self.spend).ravel(), size)


def _check_mean(spend: Estimate, n: FloatArray, counts: FloatArray) -> None:
    model = spend_model(spend.model.name)
    exists = np.broadcast_to(model.mean_exists(spend.params, n), n.shape)
    if not exists.all():
        raise FitError(
            f"The expected spend of {counts[~exists].sum():,.0f} customers doesn't exist under these "
            f"{model.title} parameters "
            f"(for them q + p n is not above 1): the tail of large spenders is too heavy for a mean. Look for "
            f"outliers in the "
            f"amounts, or value only customers with more repeat purchases."
        )
