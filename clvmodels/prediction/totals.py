"""Sums over customers, with intervals that hold parameter uncertainty and chance."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from clvmodels.arrays import FloatArray
from clvmodels.prediction.futures import Futures, blocks
from clvmodels.records import Estimate, Total

_ROWS = 2_500  # x 1,000 draws x 8 bytes = 20 MB, and a few such arrays at a time


def expectation_bounds(
    futures: Futures, estimate: Estimate, periods: float, ci_prob: float, weights: FloatArray
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the interval of each history's expected purchases, and weighted sums of them for each draw.

    Parameters
    ----------
    futures : Futures
        The base as its model sees it.
    estimate : Estimate
        Whose draws are used.
    periods : float
        Horizon.
    ci_prob : float
        Probability inside the interval.
    weights : array, shape (history, group)
        Customers of each history in each group.

    Returns
    -------
    dict of array, shape (history,)
        ``expected_purchases_lower, expected_purchases_upper``.
    array, shape (draw, group)
        Expected purchases of each group.
    """
    draws = estimate.draws
    ahead = futures.evaluate(lambda model, params: model.expectation(params, periods), draws)
    tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
    lower, upper = np.empty(len(weights)), np.empty(len(weights))
    totals = np.zeros((len(ahead), weights.shape[1]))
    for rows in blocks(len(weights), _ROWS):
        expected = futures.weigh(futures.alive_in_phases(draws, rows), ahead, rows)
        totals += expected @ weights[rows]
        lower[rows], upper[rows] = np.quantile(expected, tails, axis=0, method="inverted_cdf")
    return {"expected_purchases_lower": lower, "expected_purchases_upper": upper}, totals


def total_of(what: str, expected: float, draws: FloatArray, variance: float, ci_prob: float) -> Total:
    """Return a total whose interval holds parameter uncertainty (its draws) and chance (a variance).

    The sum of many customers is normal around each draw; quantiles of this mixture of normals are found exactly.
    """
    contains = ("parameters", "chance") if len(draws) > 1 else ("chance",)
    if not (np.isfinite(expected) and np.isfinite(variance) and np.all(np.isfinite(draws))):
        return Total(what, expected, float("nan"), float("nan"), ci_prob, contains)
    spread = max(np.sqrt(variance), 1e-9 * max(abs(expected), 1.0))
    low, high = float(draws.min() - 12 * spread), float(draws.max() + 12 * spread)

    def quantile(probability: float) -> float:
        return float(brentq(lambda s: float(ndtr((s - draws) / spread).mean()) - probability, low, high))

    least = 0.0 if what == "purchases" else -np.inf
    lower, upper = quantile((1 - ci_prob) / 2), quantile((1 + ci_prob) / 2)
    return Total(what, expected, max(lower, least), upper, ci_prob, contains)
