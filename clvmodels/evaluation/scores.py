"""How good a forecast was: each score a function of arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray

_ROUNDING = 1e-12  # of a value
_SMALLEST = 1e-300  # so that an outcome called impossible costs much, and not infinitely much by rounding


def bias(forecast: FloatArray, actual: FloatArray) -> float:
    """Return the relative error of the sum: 0.1 is 10% too much; NaN where nothing happened."""
    total = float(actual.sum())
    return float(forecast.sum()) / total - 1 if total else float("nan")


def mae(forecast: FloatArray, actual: FloatArray) -> float:
    """Return the mean absolute error."""
    return float(np.abs(forecast - actual).mean())


def rmse(forecast: FloatArray, actual: FloatArray) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.square(forecast - actual).mean()))


def log_score_of(probability: FloatArray) -> FloatArray:
    """Return minus the log of the probability (or density) that was given to what came."""
    scores: FloatArray = -np.log(np.maximum(probability, _SMALLEST))
    return scores


def places(values: FloatArray) -> IntArray:
    """Return the place of each value in rising order, from 0 on; equal ones, but for rounding, share one.

    Sums of the same amounts in another order differ in their last digits, and no score may hang on these.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    with np.errstate(invalid="ignore"):  # between two infinities lies nothing
        apart = np.diff(ordered) > _ROUNDING * np.minimum(np.abs(ordered[1:]), np.abs(ordered[:-1]))
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.append(0, np.cumsum(apart))
    return found


def spearman(forecast: FloatArray, actual: FloatArray) -> float:
    """Return the rank correlation; NaN where all forecasts (or all outcomes) are equal."""
    ranks = np.array([pd.Series(places(values)).rank().to_numpy() for values in (forecast, actual)])
    if np.any(np.ptp(ranks, axis=1) == 0):
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def captured(ranking: FloatArray, actual: FloatArray, share: FloatArray) -> FloatArray:
    """Return the share of the actual total that the best customers by a ranking hold, for shares of customers.

    Customers who are ranked alike count with their mean, so that the order of a table never earns a score.
    """
    codes = places(-ranking)
    size, held = np.bincount(codes), np.bincount(codes, actual)
    total = float(actual.sum())
    if total == 0:
        return np.full(np.shape(share), np.nan)
    customers = np.concatenate([[0.0], np.cumsum(size)]) / len(actual)
    return np.interp(share, customers, np.concatenate([[0.0], np.cumsum(held)]) / total)


def gini(ranking: FloatArray, actual: FloatArray) -> float:
    """Return how much of the actual total a ranking puts first: 2 x the area under ``captured`` - 1.

    0 is no better than chance; the best that can be reached is the concentration of the actual itself.
    """
    points = np.linspace(0, 1, len(actual) + 1)
    area = float(2 * np.trapezoid(captured(ranking, actual, points), points) - 1)
    return 0.0 if abs(area) < 1e-12 else area  # a rule that ranks nobody shall not print as -0.000
