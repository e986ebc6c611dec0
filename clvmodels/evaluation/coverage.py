"""How often intervals and probabilities hold, beside how often they mean to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import InputError, check_between
from clvmodels.evaluation.outcomes import parts_of
from clvmodels.evaluation.scores import activity_sums, calibration_error
from clvmodels.records import AnyForecast, Holdout, Prediction


def coverage_table(forecast: AnyForecast, *, levels: Sequence[float] = (0.5, 0.8, 0.9, 0.95)) -> pd.DataFrame:
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

    See Also
    --------
    pit : Return the randomised probability integral transform of the actual values.
    activity_table : Return the probability to buy in the holdout against the share that did, in tenths of the
        probability.

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
    came = _came(forecast, holdout)
    for who, place, law in parts_of(forecast):
        for i, (low, high) in enumerate(tails):
            first, last = law.quantile(low), law.quantile(high)
            probability = law.cdf(last) - law.cdf(first) + law.exactly(first)
            meant[i] += probability[place].sum()
            held[i] += ((first[place] <= came[who]) & (came[who] <= last[place])).sum()
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

    See Also
    --------
    coverage_table : Return how many customers lie in their predictive intervals, and how many the forecast itself
        expects to.
    decile_table : Return predicted against actual purchases by decile of the prediction.

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
    active = (_holdout(prediction).frequency > 0).astype(np.float64)
    sums = activity_sums(prediction["p_active"], active)
    tenths = sums.shape[1]
    some = np.flatnonzero(sums[0])
    customers, predicted, bought = sums[:, some]
    table = pd.DataFrame(
        {
            "low": some / tenths,
            "high": (some + 1) / tenths,
            "customers": customers.astype(np.int64),
            "predicted": predicted / customers,
            "active": bought / customers,
        }
    )
    table.attrs["error"] = calibration_error(sums)
    return table


def _came(forecast: AnyForecast, holdout: Holdout) -> FloatArray:
    """Return the actual purchases, or the actual revenue, of each customer."""
    if forecast.valuation is None:
        return holdout.frequency
    if holdout.spend is None:
        raise InputError("The holdout has no amounts, so there is nothing to compare the value with.")
    return np.maximum(holdout.spend, 0.0)


def _holdout(forecast: AnyForecast) -> Holdout:
    """Return the truth that a forecast speaks of."""
    summary = forecast.summary
    if summary is None or summary.holdout is None:
        raise InputError("The customers have no holdout, so there is nothing to compare the forecast with.")
    if abs(summary.holdout.duration - forecast.prediction.horizon) > 1e-9:
        raise InputError(
            f"The forecast looks {forecast.prediction.horizon:g} {summary.period.name}s ahead and the holdout is "
            f"{summary.holdout.duration:g} long; predict over the same length."
        )
    return summary.holdout
