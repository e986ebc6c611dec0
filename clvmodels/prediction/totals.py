"""Sums over customers, with intervals that hold parameters, chance and, where it is known, a common shock."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.customer_states import CustomerStates, OfRows
from clvmodels.prediction.grid_sums import GridSum
from clvmodels.prediction.low_rank import equal_tails, over_draws
from clvmodels.prediction.row_blocks import by_rows
from clvmodels.prediction.total_interval import few_quantiles, total_quantiles
from clvmodels.records import Estimate, ShockDistribution, Sum, Total


def membership(rows: IntArray, groups: IntArray, shape: tuple[int, int]) -> csr_array:
    """Return how many customers of each row are in each group, given the row and the group of each customer."""
    return coo_array((np.ones(len(rows)), (rows, groups)), shape=shape).tocsr()


def expected_purchases(states: CustomerStates, estimate: Estimate, periods: float) -> OfRows:
    """Return what gives the expected purchases of some histories for every draw, shape (draw, row)."""
    return over_draws(states, lambda model, params: model.expectation(params, periods), estimate.draws, (periods, 0.0))


def expectation_bounds(
    states: CustomerStates, estimate: Estimate, periods: float, ci_prob: float
) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Return what the draws say of expected purchases.

    Parameters
    ----------
    states : CustomerStates
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
    size, counts = len(states.histories), states.histories.counts
    lower, upper, parameter_variance = np.empty(size), np.empty(size), np.empty(size)
    totals = np.zeros(estimate.n_draws)
    of = expected_purchases(states, estimate, periods)

    def part(rows: slice) -> FloatArray:
        expected = of(rows)
        lower[rows], upper[rows] = equal_tails(expected, ci_prob)
        parameter_variance[rows] = variance_over_draws(expected)
        return expected @ counts[rows]

    for _, total in by_rows(part, size, estimate.n_draws):
        totals += total
    return {"expected_purchases_lower": lower, "expected_purchases_upper": upper}, totals, parameter_variance


def purchases_by_group(
    states: CustomerStates, estimate: Estimate, periods: float, weights: csr_array
) -> tuple[FloatArray, FloatArray]:
    """Return the expected purchases of each group for every draw, and the summed variances of its customers' own.

    Parameters
    ----------
    states, estimate, periods
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
    parameter_variance = np.zeros(weights.shape[1])
    of = expected_purchases(states, estimate, periods)

    def part(rows: slice) -> tuple[FloatArray, FloatArray]:
        expected = of(rows)
        return expected @ weights[rows], variance_over_draws(expected) @ weights[rows]

    for _, (total, variance) in by_rows(part, len(states.histories), estimate.n_draws):
        totals += total
        parameter_variance += variance
    return totals, parameter_variance


def total_of(
    what: str,
    summed: Sum,
    ci_prob: float,
    law: ShockDistribution | None = None,
    fixed: float = 0.0,
    few: GridSum | None = None,
) -> Total:
    """Return a total whose interval holds its draws, chance, and the shock whose distribution is given.

    The sum of many customers is normal around each draw, and the shock multiplies it; quantiles of this mixture are
    found exactly. That of a few has a distribution of its own.

    Parameters
    ----------
    what : str
        What is summed.
    summed : Sum
        What it's made of.
    ci_prob : float
        Probability inside the interval.
    law : ShockDistribution or None
        Of the common shock; one of size 0 is none.
    fixed : float
        What is taken off the total for certain, whatever the shock.
    few : GridSum or None
        The distribution of the sum where it is over a few customers.
    """
    expected, draws, chance = summed.expected, summed.draws, summed.chance
    law = None if law is None or law.size == 0 else law
    spreads = {"chance": float(np.sqrt(max(chance, 0.0)))}
    if len(draws) > 1:
        spreads = {"parameters": float(np.sqrt(variance_over_draws(draws)))} | spreads
    if law is not None:
        spreads |= {"common shock": expected * law.size}
    contains = tuple(spreads)
    lower = upper = float("nan")
    if np.isfinite(expected) and np.isfinite(chance) and np.all(np.isfinite(draws)):
        tails = ((1 - ci_prob) / 2, (1 + ci_prob) / 2)
        spread = max(spreads["chance"], 1e-9 * max(abs(expected), 1.0))
        if few is None:
            lower, upper = total_quantiles(draws, spread, law, tails)
        else:  # it holds the parameters of each customer, and not yet that they move all alike
            alike = float(variance_over_draws(draws)) + chance - few.variance
            lower, upper = few_quantiles(few, np.sqrt(max(alike, 0.0)) / max(expected, 1e-300), law, tails)
    return Total(what, expected - fixed, lower - fixed, upper - fixed, ci_prob, contains, spreads)


def variance_over_draws(expected: FloatArray) -> FloatArray:
    """Return the variance over draws, the first axis; NaN where an expectation is infinite."""
    with np.errstate(invalid="ignore"):
        return np.asarray(expected.var(axis=0))
