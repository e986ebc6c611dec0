"""Forecasters compared with each other on the same customers, drawn again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.evaluation.forecasts import Forecast
from clvmodels.evaluation.scores import concentration, gini_of, places

PAIRED = ("crps", "mae", "log_score", "gini_normalised", "capture_top10")
_LESS_IS_BETTER = ("crps", "mae", "log_score")
_MOST = 25_000  # customers that are drawn from; of more, a part tells how scores spread, which shrinks as 1 / root n
_SHARE = 0.1  # of the customers, of whose purchases or spend it is told how many they hold
_PER_CUSTOMER = ("crps", "mae", "log_score")
_POISSON = np.cumsum(np.exp(-1.0) / np.array([1, 1, 2, 6, 24, 120, 720, 5040, 40320]))  # the rest: one in a million
_SPREAD = 0x9E3779B97F4A7C15  # the constants of SplitMix64 (Steele, Lea & Flood 2014), whose numbers pass for random
_STIR = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SEEDS = 1_000_003  # draws of one seed are none of another's, as long as they are fewer


def drawn_scores(
    rows: Sequence[Forecast], actual: FloatArray, customer_id: AnyArray, *, n_bootstrap: int, seed: int
) -> dict[str, FloatArray]:
    """Return the scores of each forecast on customers drawn with replacement, by name.

    Parameters
    ----------
    rows : sequence of Forecast
        Of the same customers.
    actual : array, shape (customer,)
        Actual values.
    customer_id : array, shape (customer,)
        A draw counts a customer by the id and nothing else, so that whoever is known at several origins counts alike
        at all of them.
    n_bootstrap : int
        How often customers are drawn.
    seed : int
        Of the draws.

    Returns
    -------
    dict of str to array, shape (1 + n_bootstrap, score)
        The first row holds the scores themselves; columns are those of ``PAIRED``, NaN where a forecast has none.
    """
    codes = pd.util.hash_array(np.asarray(customer_id).astype(str).astype(object))
    of_all = _Scores(rows, actual).under(None)
    some = np.sort(np.argsort(codes, kind="stable")[:_MOST])
    part = _Scores([row.taken(some, row.total) for row in rows], actual[some])
    codes, base = codes[some], part.under(None)
    shrink = np.sqrt(len(some) / len(actual))
    draws = [of_all]
    for i in range(n_bootstrap):
        draws.append(of_all + shrink * (part.under(_counts(codes, seed, i)) - base))
    table = np.array(draws)
    return {row.name: table[:, k] for k, row in enumerate(rows)}


class _Scores:
    """What scores need of some customers, whatever their weights."""

    def __init__(self, rows: Sequence[Forecast], actual: FloatArray) -> None:
        self._actual = actual
        self._each = np.array([_each(row, actual) for row in rows])
        self._places: list[IntArray] = [places(-row.ranking) for row in rows]
        self._best = places(-actual)

    def under(self, weights: FloatArray | None) -> FloatArray:
        """Return all scores, shape (forecast, score), with customers counted so often; each once for None."""
        n, of_score, _ = self._each.shape
        found = np.full((n, len(PAIRED)), np.nan)
        if weights is not None and not weights.any():  # a handful of customers, none of them drawn
            return found
        found[:, :of_score] = self._each.mean(axis=2) if weights is None else self._each @ weights / weights.sum()
        best = gini_of(concentration(self._best, self._actual, weights))
        for row, place in zip(found, self._places, strict=True):
            curve = concentration(place, self._actual, weights)
            row[of_score] = gini_of(curve) / best if best else np.nan
            row[of_score + 1] = np.interp(_SHARE, *curve)
        return found


def _each(row: Forecast, actual: FloatArray) -> FloatArray:
    """Return the scores that are means over customers, shape (score, customer)."""
    nothing = np.full(len(actual), np.nan)
    error = nothing if row.point is None else np.abs(row.point - actual)
    found = {"crps": error if row.crps is None else row.crps, "mae": error, "log_score": row.log_score}
    return np.array([nothing if found[name] is None else found[name] for name in _PER_CUSTOMER])


def _counts(codes: AnyArray, seed: int, draw: int) -> FloatArray:
    """Return how often each customer is drawn: Poisson numbers of mean 1 that hang on the id, the seed and the draw."""
    mixed = codes + np.uint64((_SPREAD * (seed * _SEEDS + draw + 1)) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _STIR[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _STIR[1]
    uniform = ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2**53
    return np.searchsorted(_POISSON, uniform, side="right").astype(np.float64)


def difference_table(drawn: Sequence[Mapping[str, FloatArray]], names: Sequence[str], ci_prob: float) -> pd.DataFrame:
    """Return what sets each two forecasters apart, over the origins at which both forecast.

    Parameters
    ----------
    drawn : sequence of mapping of str to array, shape (1 + draw, score)
        From ``drawn_scores``, one an origin.
    names : sequence of str
        The forecasters, in the order of the table.
    ci_prob : float
        Probability inside the interval of a difference.

    Returns
    -------
    DataFrame
        One row a pair and score: ``first, second, score, difference, std_error, lower, upper, verdict``.
    """
    rows: list[dict[str, Any]] = []
    tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
    for first, second in combinations(names, 2):
        gaps = [found[first] - found[second] for found in drawn if first in found and second in found]
        gap = np.mean(gaps, axis=0) if gaps else np.empty((0, len(PAIRED)))
        for k, score in enumerate(PAIRED):
            if not gaps or not np.isfinite(gap[0, k]):
                continue
            lower, upper = np.nanquantile(gap[1:, k], tails) if len(gap) > 1 else (np.nan, np.nan)
            rows.append(
                {
                    "first": first,
                    "second": second,
                    "score": score,
                    "difference": float(gap[0, k]),
                    "std_error": float(np.nanstd(gap[1:, k])) if len(gap) > 1 else np.nan,
                    "lower": float(lower),
                    "upper": float(upper),
                    "verdict": _verdict(float(lower), float(upper), score),
                }
            )
    columns = ["first", "second", "score", "difference", "std_error", "lower", "upper", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _verdict(lower: float, upper: float, score: str) -> str:
    """Return what the first is beside the second, as far as the customers tell."""
    if not (lower > 0 or upper < 0):
        return "can't tell"
    return "better" if (upper < 0) == (score in _LESS_IS_BETTER) else "worse"
