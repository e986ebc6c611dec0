"""How good a forecast was: each score a function of arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray

_ROUNDING = 1e-12  # of a value
_SMALLEST = 1e-300  # so that an outcome called impossible costs much, and not infinitely much by rounding
_PIT_GRID = np.linspace(0, 1, 201)[1:-1]  # a largest distance lies at most half a percent beside one of them
_BINS = 10


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
    """Return minus the log of the probability (or density) that was given to the actual values."""
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


def cumulative_gain(ranking: FloatArray, actual: FloatArray, share: FloatArray) -> FloatArray:
    """Return the share of the actual total that the best customers by a ranking hold, for shares of customers.

    Customers who are ranked alike count with their mean, so that the order of a table never earns a score.
    """
    customers, held = concentration(places(-ranking), actual)
    return np.interp(share, customers, held)


def concentration(
    place: IntArray, actual: FloatArray, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return shares of customers, best first, and the share of the actual total that they hold; from (0, 0) on.

    Parameters
    ----------
    place : array of int, shape (customer,)
        Place of each, 0 the best; one for all who are ranked alike.
    actual : array, shape (customer,)
        Actual values.
    weights : array, shape (customer,), optional
        How often each counts; once when left out.

    Returns
    -------
    tuple of array, shape (place + 1,)
        The second is NaN where nothing came.
    """
    weighed = actual if weights is None else weights * actual
    size, held = np.bincount(place, weights), np.bincount(place, weighed)
    total = float(actual.sum() if weights is None else weighed.sum())
    customers = np.concatenate([[0.0], np.cumsum(size)]) / (len(actual) if weights is None else weights.sum())
    if total == 0:
        return customers, np.full(len(customers), np.nan)
    return customers, np.concatenate([[0.0], np.cumsum(held)]) / total


def gini(ranking: FloatArray, actual: FloatArray) -> float:
    """Return how much of the actual total a ranking puts first: 2 x the area under ``cumulative_gain`` - 1.

    0 is no better than chance; the best that can be reached is the concentration of the actual itself.
    """
    points = np.linspace(0, 1, len(actual) + 1)
    area = float(2 * np.trapezoid(cumulative_gain(ranking, actual, points), points) - 1)
    return 0.0 if abs(area) < 1e-12 else area  # a rule that ranks nobody shall not print as -0.000


def gini_of(curve: tuple[FloatArray, FloatArray]) -> float:
    """Return the Gini of a curve of `concentration`: the same as `gini`, from the curve's own corners."""
    customers, held = curve
    return float(2 * np.trapezoid(held, customers) - 1)


def gini_normalised(ranking: FloatArray, actual: FloatArray) -> float:
    """Return `gini` as a share of the best that can be reached, that of the actual itself; NaN where all are alike."""
    best = gini(actual, actual)
    return gini(ranking, actual) / best if best else float("nan")


def interval_score(lower: FloatArray, upper: FloatArray, actual: FloatArray, ci_prob: float) -> FloatArray:
    """Return the width of each interval, and 2 / (1 - ci_prob) for each unit by which it was missed.

    Smallest, on average, for the true quantiles (Gneiting & Raftery 2007, Strictly Proper Scoring Rules, Prediction,
    and Estimation, Journal of the American Statistical Association 102, 359-378, equation 43).
    """
    missed = np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0)
    return upper - lower + 2 / (1 - ci_prob) * missed


def pit_curve(below: FloatArray, at: FloatArray) -> FloatArray:
    """Return the share of outcomes whose probability integral transform lies below each of 199 numbers in (0, 1).

    What has a probability of its own is spread evenly over its interval, by its mean and not by chance (Czado,
    Gneiting & Held 2009, Predictive Model Assessment for Count Data, Biometrics 65, 1254-1261). Under a right forecast
    it is these numbers themselves.

    Parameters
    ----------
    below, at : array, shape (customer,)
        Probabilities of less than the actual value, and of exactly that.
    """
    wide = np.maximum(at, _SMALLEST)
    return np.array([np.clip((u - below) / wide, 0, 1).mean() for u in _PIT_GRID])


def pit_distance(curve: FloatArray) -> float:
    """Return the largest distance of a `pit_curve` from what a right forecast gives (Kolmogorov and Smirnov's)."""
    return float(np.abs(curve - _PIT_GRID).max())


def activity_sums(p_active: FloatArray, active: FloatArray) -> FloatArray:
    """Return customers, their probabilities and those who bought, by tenths of the probability, shape (3, 10)."""
    place = np.minimum((p_active * _BINS).astype(np.int64), _BINS - 1)
    return np.array([np.bincount(place, weights, _BINS) for weights in (None, p_active, active)], dtype=np.float64)


def calibration_error(sums: FloatArray) -> float:
    """Return the expected calibration error: the mean distance of probability and share, over customers."""
    customers, predicted, active = sums
    return float(np.abs(predicted - active).sum() / customers.sum())
