"""The probability that a customer is among the best."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeIs

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import check_between
from clvmodels.prediction.count_distribution import CountDistribution
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.purchases import growing_cells
from clvmodels.records import AnyForecast, Histories
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.inversion import smallest_reaching
from clvmodels.valuation.money import money_of

_CELLS = 34  # of amounts, about a fifth apart: the probability to come out above another then errs by less than 1e-3
_ENDS = ((0.01, -1.5), (0.999, 2.0))  # a hundredth of the rows, and standard deviations: amounts are told apart between

type _Counts = list[CountDistribution]
type _Sums = list[tuple[IntArray, Compound]]


def p_top(forecast: AnyForecast, *, share: float = 0.1) -> FloatArray:
    """Return the probability that a customer's outcome is in the top share of all outcomes.

    The top begins at the amount that, over the whole base, the share of customers is expected to exceed. Where many are
    expected to come out at just this amount (a number of purchases, nothing at all), they share the places that are
    left in proportion to their probability of it. The probabilities add up to share x customers.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of a prediction come purchases; of a valuation value, in whose order margin and cost change nothing.
    share : float, in (0, 1)
        Of the customers.

    Returns
    -------
    array, shape (customer,)
        In [0, 1], parameters and chance together.

    Raises
    ------
    ArgumentError
        When the share is out of range.

    See Also
    --------
    rank : List the customers, best first.
    p_above : Return the probability that more comes from each customer than an amount.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    >>> top = clv.p_top(ahead, share=0.1)
    >>> round(float(top.sum()), 6), round(float(top.max()), 2)
    (235.7, 0.93)
    """
    why = "it is the part of the customers that makes the top"
    share = check_between("share", share, 0, 1, why, open_low=True, open_high=True)
    rows, parts = _outcomes(forecast)
    return _top(forecast, rows, parts, share)[rows.index]


def certainty(forecast: AnyForecast, share: float) -> dict[str, FloatArray]:
    """Return the probability that each customer's rank is right: ``p_top`` for a share, and ``p_outranks``.

    ``p_outranks`` is the probability that the customer's outcome exceeds that of another one, drawn at
    random from those of lower expectation; half the probability that both come out alike is counted in. It is NaN where
    nobody is lower. Amounts of money are compared on a grid, to about 1e-3, and under the draw of the spend parameters
    in the middle: these move both customers alike.
    """
    rows, parts = _outcomes(forecast)
    expected = forecast.expected[rows.members.order[rows.members.begins[:-1]]]
    beats = _beats(_cells(parts, rows), rows.counts, expected)
    return {"p_top": _top(forecast, rows, parts, share)[rows.index], "p_outranks": beats[rows.index]}


def _outcomes(forecast: AnyForecast) -> tuple[Histories, _Counts | _Sums]:
    """Return the distinct rows of a forecast, and their outcomes before margin and cost."""
    if forecast.valuation is not None:
        worth = money_of(forecast.valuation)
        return worth.rows, list(worth.revenues())
    counts = counts_of(forecast.prediction)
    return counts.rows, [part for _, part in counts.parts()]


def _top(forecast: AnyForecast, rows: Histories, parts: _Counts | _Sums, share: float) -> FloatArray:
    if forecast.valuation is not None and forecast.valuation.terms.margin == 0:  # then all come out at the same
        return np.full(len(rows), share)
    return _of_sums(parts, rows, share) if _are_sums(parts) else _of_counts(parts, rows, share)


def _are_sums(parts: _Counts | _Sums) -> TypeIs[_Sums]:
    return isinstance(parts[0], tuple)


def _of_counts(parts: _Counts, rows: Histories, share: float) -> FloatArray:
    def expected(count: float) -> float:
        """Return how many customers are expected to buy so often or more."""
        return sum(float(rows.counts[part.rows] @ part.sf(np.full(len(part), count - 1))) for part in parts)

    places = share * float(rows.counts.sum())
    first = _last_reached(expected, places)  # the last count that enough customers reach
    there, beyond = expected(first), expected(first + 1)
    rest = (places - beyond) / (there - beyond)
    top = np.empty(len(rows))
    for part in parts:
        above = part.sf(np.full(len(part), first))
        top[part.rows] = above + rest * (part.sf(np.full(len(part), first - 1)) - above)
    return top


def _last_reached(expected: Callable[[float], float], places: float) -> float:
    """Return the last count that so many customers are expected to reach."""
    low, high = 0.0, 1.0
    while expected(high) >= places:
        low, high = high, 2 * high
    while high - low > 1:
        middle = np.floor((low + high) / 2)
        low, high = (middle, high) if expected(middle) >= places else (low, middle)
    return float(low)


def _of_sums(sums: _Sums, rows: Histories, share: float) -> FloatArray:
    some = sum(float(rows.counts[part] @ (1 - law.none)) for part, law in sums)
    places = share * float(rows.counts.sum())
    rest = 0.0
    threshold = 0.0
    if places >= some:  # everybody who comes is at the top, and some who don't
        rest = (places - some) / (float(rows.counts.sum()) - some)
    else:
        threshold = amount_reached(sums, rows.counts, 1 - places / some)
    top = np.empty(len(rows))
    for part, law in sums:
        top[part] = 1 - law.cdf(np.full(len(part), threshold)) + rest * law.none
    return top


def _beats(cells: FloatArray, counts: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the probability that an outcome of each row lies above that of a customer of lower expectation, or, by
    half, in the same cell; given the probabilities of cells in rising order, shape (row, cell)."""
    order = np.argsort(expected, kind="stable")
    ranked, n_customers = cells[order], counts[order]
    # Of the customers up to each row: how many are expected below a cell, or in it by half.
    passed = np.cumsum(n_customers[:, None] * (np.cumsum(ranked, axis=1) - ranked / 2), axis=0)
    first = np.searchsorted(expected[order], expected[order], side="left")  # rows before it are lower
    below = np.cumsum(n_customers)[first - 1]
    out = np.empty(len(order))
    out[order] = np.where(first > 0, np.einsum("rc,rc->r", ranked, passed[first - 1]) / below, np.nan)
    return out


def _cells(parts: _Counts | _Sums, rows: Histories) -> FloatArray:
    """Return the probabilities of cells of outcomes in rising order, shape (row, cell)."""
    if _are_sums(parts):
        low, high = (
            float(np.quantile(np.concatenate([law.typical(np.array(far)) for _, law in parts]), p)) for p, far in _ENDS
        )
        reached = np.ones((_CELLS, len(rows)))
        for part, law in parts:
            for cell, edge in enumerate([0.0, *np.exp(np.linspace(low, high, _CELLS - 2))]):
                reached[cell, part] = law.centre.outline.cdf(np.full(len(part), edge))
        return np.diff(reached.T, prepend=0.0, axis=1)
    begins = growing_cells(max(float(counts.begins[-1]) for counts in parts))
    cells = np.zeros((len(rows), len(begins)))
    for counts in parts:
        cells[counts.rows] = counts.in_cells(begins)
    return cells


def amount_reached(sums: _Sums, weights: FloatArray, probability: float) -> float:
    """Return the quantile of the outcome of a row drawn by these weights, given that it isn't zero."""
    some = sum(float(weights[part] @ (1 - law.none)) for part, law in sums)

    def of_all(laws: _Sums, log_amount: FloatArray, _: IntArray) -> FloatArray:
        found = (law.reached(np.full(len(part), log_amount[0])) @ weights[part] for part, law in laws)
        total: FloatArray = sum(found, np.zeros(3))[:, None] / some
        return total

    middle = sum(float(weights[part] @ ((1 - law.none) * law.typical(np.array(0.0)))) for part, law in sums) / some
    outlines = [(part, law.centre.outline) for part, law in sums]
    wanted = np.array([probability])
    near = smallest_reaching(partial(of_all, outlines), wanted, np.array([middle]), roughly=True)
    return float(np.exp(smallest_reaching(partial(of_all, sums), wanted, near)[0]))
