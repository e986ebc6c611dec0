"""How often intervals and probabilities hold, beside how often they mean to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from clvmodels.arrays import BoolArray, FloatArray
from clvmodels.errors import InputError, check_between
from clvmodels.evaluation.outcomes import at_counts, purchases_of
from clvmodels.records import Holdout, Prediction, Valuation
from clvmodels.valuation.laws import customers_of
from clvmodels.valuation.predictive import compounds

type _Tails = Sequence[tuple[float, float]]
type _Found = Iterator[tuple[int, FloatArray, BoolArray]]  # which tails, and of each customer: P(inside), inside

_BINS = 10


def coverage_table(
    forecast: Prediction | Valuation, *, levels: Sequence[float] = (0.5, 0.8, 0.9, 0.95)
) -> pd.DataFrame:
    """Return how many customers lie in their predictive intervals, and how many the forecast itself expects to.

    Purchases are whole numbers, and no purchase has a probability of its own, so an interval that is asked for 80% must
    hold more. A forecast is honest where ``covered`` meets ``expected``, not where it meets ``level``.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Over the holdout of its summary: of purchases, or of revenue (discounted as the valuation is, before margin and
        cost).
    levels : sequence of float, in (0, 1)
        Probabilities asked for; intervals have equal tails.

    Returns
    -------
    DataFrame
        One row a level: ``level``, ``expected`` (the mean probability that the forecast gives to its intervals) and
        ``covered`` (the share of customers in them).

    Raises
    ------
    InputError
        When there is no holdout, or it has another length.
    ArgumentError
        For a level outside (0, 1).

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    >>> table = clv.coverage_table(ahead)
    >>> bool((table["expected"] >= table["level"]).all())
    True
    """
    for level in levels:
        check_between("a level", level, 0, 1, "it is the probability inside an interval", open_low=True, open_high=True)
    holdout = _holdout(forecast)
    tails = [((1 - level) / 2, (1 + level) / 2) for level in levels]
    meant, held = np.zeros(len(tails)), np.zeros(len(tails))
    if isinstance(forecast, Prediction):
        found = _of_purchases(forecast, holdout, tails)
    else:
        found = _of_spend(forecast, holdout, tails)
    for i, probability, inside in found:
        meant[i] += probability.sum()
        held[i] += inside.sum()
    return pd.DataFrame({"level": levels, "expected": meant / len(forecast), "covered": held / len(forecast)})


def activity_table(prediction: Prediction) -> pd.DataFrame:
    """Return the probability to buy in the holdout against the share that did, in tenths of the probability.

    Parameters
    ----------
    prediction : Prediction
        Of a summary with a holdout, over the holdout's length.

    Returns
    -------
    DataFrame
        One row a tenth that has customers: ``low, high`` (its bounds), ``customers``, ``predicted`` (mean of
        ``p_active``) and ``active`` (share who bought). ``attrs["error"]`` is the expected calibration error, the mean
        distance of the two over customers.

    Raises
    ------
    InputError
        When there is no holdout, or it has another length.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> table = clv.activity_table(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39))
    >>> bool(table["customers"].sum() == 2357 and table.attrs["error"] < 0.1)
    True
    """
    active = _holdout(prediction).frequency > 0
    predicted = prediction["p_active"]
    place = np.minimum((predicted * _BINS).astype(np.int64), _BINS - 1)
    customers = np.bincount(place, minlength=_BINS)
    some = np.flatnonzero(customers)
    means = [np.bincount(place, column, _BINS)[some] / customers[some] for column in (predicted, active)]
    table = pd.DataFrame(
        {
            "low": some / _BINS,
            "high": (some + 1) / _BINS,
            "customers": customers[some],
            "predicted": means[0],
            "active": means[1],
        }
    )
    table.attrs["error"] = float(customers[some] @ np.abs(means[0] - means[1]) / len(predicted))
    return table


def _of_purchases(prediction: Prediction, holdout: Holdout, tails: _Tails) -> _Found:
    for who, pmf in purchases_of(prediction, holdout.frequency):
        below, came = np.cumsum(pmf, axis=1), holdout.frequency[who]
        for i, (low, high) in enumerate(tails):
            # As the quantiles of a prediction are found, rounding of the sum included.
            first, last = ((below < tail - 1e-12).sum(axis=1).astype(np.float64) for tail in (low, high))
            probability = at_counts(below, last) - at_counts(below, first) + at_counts(pmf, first)
            yield i, probability, (first <= came) & (came <= last)


def _of_spend(valuation: Valuation, holdout: Holdout, tails: _Tails) -> _Found:
    if holdout.spend is None:
        raise InputError("The holdout has no amounts, so there is nothing to hold the value against.")
    came = np.maximum(holdout.spend, 0.0)
    base = customers_of(valuation)
    for rows, compound in compounds(base, valuation.prediction, valuation.spend):
        who, place = base.rows.members.within(rows)
        for i, (low, high) in enumerate(tails):
            first, last = compound.quantile(low), compound.quantile(high)
            probability = compound.cdf(last) - np.where(first > 0, compound.cdf(first), 0.0)
            yield i, probability[place], (first[place] <= came[who]) & (came[who] <= last[place])


def _holdout(forecast: Prediction | Valuation) -> Holdout:
    """Return the truth that a forecast speaks of."""
    prediction = forecast if isinstance(forecast, Prediction) else forecast.prediction
    summary = prediction.summary
    if summary is None or summary.holdout is None:
        raise InputError("The customers have no holdout, so there is nothing to hold the forecast against.")
    if abs(summary.holdout.duration - prediction.horizon) > 1e-9:
        raise InputError(
            f"The forecast looks {prediction.horizon:g} {summary.period.name}s ahead and the holdout is "
            f"{summary.holdout.duration:g} long; predict over the same length."
        )
    return summary.holdout
