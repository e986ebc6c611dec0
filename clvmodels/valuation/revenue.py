"""The expected revenue of distinct customers under every draw of the parameters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.prediction.futures import ParamDraws, blocks
from clvmodels.prediction.low_rank import over_draws
from clvmodels.prediction.totals import variance_over_draws
from clvmodels.records import Estimate, Prediction
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.discounting import discounted_expectation

_ROWS = 500  # x 4,000 draws x 8 bytes = 16 MB, and a few such arrays at a time


def expected_revenue(
    base: Customers, prediction: Prediction, spend: Estimate
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Give the expected discounted revenue of rows of the base, some at a time.

    Yields
    ------
    slice
        Which rows.
    array, shape (draw, row)
        Their revenue for each pair of draws, of buying and of spend.
    array, shape (row,)
        The variance of their revenue that draws of buying bring, spend being as estimated: what the predictive
        variance of a customer holds of the parameters.
    """
    n_draws = max(prediction.estimate.n_draws, spend.n_draws)
    buying = _paired(prediction.estimate.draws, n_draws)
    spending = _paired(spend.draws, n_draws)
    of = over_draws(
        base.futures,
        lambda model, params: discounted_expectation(model, params, prediction.horizon, base.delta),
        buying,
    )
    for rows in blocks(len(base.rows), _ROWS):
        worth = base.expected_spend(spending, rows)
        purchases = of(base.history[rows])
        yield rows, worth * purchases, variance_over_draws(purchases) * base.spend[rows] ** 2


def _paired(draws: ParamDraws, n: int) -> ParamDraws:
    """Return n draws: as they are, or repeated in turn where the other model has more."""
    have = len(next(iter(draws.values())))
    return draws if have == n else {name: np.resize(values, n) for name, values in draws.items()}
