"""Sums over customers, with intervals that hold parameters, chance and, where it is known, a common shock."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array, csr_array

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import Futures, blocks
from clvmodels.prediction.low_rank import equal_tails, over_draws
from clvmodels.prediction.total_interval import total_quantiles
from clvmodels.records import Estimate, ShockLaw, Total

_ROWS = 500  # x 4,000 draws x 8 bytes = 16 MB, and a few such arrays at a time


def membership(rows: IntArray, groups: IntArray, shape: tuple[int, int]) -> csr_array:
    """Return how many customers of each row are in each group, given the row and the group of each customer."""
    return coo_array((np.ones(len(rows)), (rows, groups)), shape=shape).tocsr()


def expected_purchases(futures: Futures, estimate: Estimate, periods: float) -> Iterator[tuple[slice, FloatArray]]:
    """Give the expected purchases of all histories for every draw, shape (draw, row), some rows at a time."""
    of = over_draws(futures, lambda model, params: model.expectation(params, periods), estimate.draws)
    for rows in blocks(len(futures.histories), _ROWS):
        yield rows, of(rows)


def expectation_bounds(
    futures: Futures, estimate: Estimate, periods: float, ci_prob: float
) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Return what the draws say of expected purchases.

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

    Returns
    -------
    dict of array, shape (history,)
        ``expected_purchases_lower, expected_purchases_upper``.
    array, shape (draw,)
        Expected purchases of the base.
    array, shape (history,)
        Variance of each history's expected purchases.
    """
    size = len(futures.histories)
    lower, upper, doubt = np.empty(size), np.empty(size), np.empty(size)
    totals = np.zeros(estimate.n_draws)
    for rows, expected in expected_purchases(futures, estimate, periods):
        totals += expected @ futures.histories.counts[rows]
        lower[rows], upper[rows] = equal_tails(expected, ci_prob)
        doubt[rows] = variance_over_draws(expected)
    return {"expected_purchases_lower": lower, "expected_purchases_upper": upper}, totals, doubt


def purchases_by_group(
    futures: Futures, estimate: Estimate, periods: float, weights: csr_array
) -> tuple[FloatArray, FloatArray]:
    """Return the expected purchases of each group for every draw, and the summed variances of its customers' own.

    Parameters
    ----------
    futures, estimate, periods
        As in `expectation_bounds`.
    weights : sparse array, shape (history, group)
        Customers of each history in each group.

    Returns
    -------
    array, shape (draw, group)
        Expected purchases.
    array, shape (group,)
        Sums over customers of the variance of their expected purchases: what their predictive variances hold of the
        parameters, and a sum of chances doesn't.
    """
    totals = np.zeros((estimate.n_draws, weights.shape[1]))
    doubt = np.zeros(weights.shape[1])
    for rows, expected in expected_purchases(futures, estimate, periods):
        totals += expected @ weights[rows]
        doubt += variance_over_draws(expected) @ weights[rows]
    return totals, doubt


def total_of(
    what: str,
    expected: float,
    draws: FloatArray,
    chance: float,
    ci_prob: float,
    law: ShockLaw | None = None,
    fixed: float = 0.0,
) -> Total:
    """Return a total whose interval holds its draws, chance, and the shock whose law is given.

    The sum of many customers is normal around each draw, and the shock multiplies it; quantiles of this mixture are
    found exactly.

    Parameters
    ----------
    what : str
        What is summed.
    expected : float
        At the point estimate.
    draws : array, shape (draw,)
        Its expectation for each draw of the parameters.
    chance : float
        Variance by chance.
    ci_prob : float
        Probability inside the interval.
    law : ShockLaw or None
        Of the common shock; one of size 0 is none.
    fixed : float
        What is taken off the total for certain, whatever the shock.
    """
    law = None if law is None or law.size == 0 else law
    spreads = {"chance": float(np.sqrt(max(chance, 0.0)))}
    if len(draws) > 1:
        spreads = {"parameters": float(np.sqrt(variance_over_draws(draws)))} | spreads
    if law is not None:
        spreads |= {"common shock": expected * law.size}
    contains = tuple(spreads)
    lower = upper = float("nan")
    if np.isfinite(expected) and np.isfinite(chance) and np.all(np.isfinite(draws)):
        spread = max(spreads["chance"], 1e-9 * max(abs(expected), 1.0))
        lower, upper = total_quantiles(draws, spread, law, ((1 - ci_prob) / 2, (1 + ci_prob) / 2))
    return Total(what, expected - fixed, lower - fixed, upper - fixed, ci_prob, contains, spreads)


def variance_over_draws(expected: FloatArray) -> FloatArray:
    """Return the variance over draws, the first axis; NaN where an expectation is infinite."""
    with np.errstate(invalid="ignore"):
        return np.asarray(expected.var(axis=0))
