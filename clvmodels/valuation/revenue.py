"""The expected revenue of distinct customers under every draw of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.prediction.customer_states import ParamDraws
from clvmodels.prediction.low_rank import over_draws
from clvmodels.prediction.row_blocks import by_rows
from clvmodels.prediction.totals import variance_over_draws
from clvmodels.records import Estimate, Prediction
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.discounting import discounted_expectation


def expected_revenue[T](
    base: Customers, prediction: Prediction, spend: Estimate, told: Callable[[slice, FloatArray], T]
) -> Iterator[tuple[slice, T, FloatArray]]:
    """Give what is to be told of the expected discounted revenue of rows of the base, some at a time.

    Parameters
    ----------
    base, prediction, spend
        Who buys what.
    told : callable
        Takes rows and their revenue for each pair of draws, of buying and of spend, shape (draw, row); on any thread.

    Yields
    ------
    slice
        Which rows.
    object
        What was told of them.
    array, shape (row,)
        The variance of their revenue that draws of buying bring, spend being as estimated: what the predictive
        variance of a customer holds of the parameters.
    """
    n_draws = max(prediction.estimate.n_draws, spend.n_draws)
    buying = _paired(prediction.estimate.draws, n_draws)
    spending = _paired(spend.draws, n_draws)
    of = over_draws(
        base.states,
        lambda model, params: discounted_expectation(model, params, prediction.horizon, base.delta),
        buying,
        (prediction.horizon, base.delta),
    )

    def part(rows: slice) -> tuple[T, FloatArray]:
        purchases = of(base.history[rows])
        variance = variance_over_draws(purchases) * base.spend[rows] ** 2
        return told(rows, base.expected_spend(spending, rows) * purchases), variance

    for rows, (answer, variance) in by_rows(part, len(base.rows), n_draws):
        yield rows, answer, variance


def _paired(draws: ParamDraws, n: int) -> ParamDraws:
    """Return n draws: as they are, or repeated in turn where the other model has more."""
    have = len(next(iter(draws.values())))
    return draws if have == n else {name: np.resize(values, n) for name, values in draws.items()}
