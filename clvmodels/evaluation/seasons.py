"""The effects of a calendar, as factors with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar.clock import Clock
from clvmodels.records import Calendar, Estimate, check_estimate
from clvmodels.records.calendar import MONTHS

_YEAR = np.arange(np.datetime64("2023-01-01"), np.datetime64("2024-01-01")).astype(np.int64)  # days of a common year
_MONTH = _YEAR.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def season_table(estimate: Estimate, *, ci_prob: float = 0.9) -> pd.DataFrame:
    """Return what a fitted calendar says of months, weeks, events and the trend, as factors of the buying rate.

    Parameters
    ----------
    estimate : Estimate
        Fitted with ``calendar=``.
    ci_prob : float, in (0, 1)
        Probability inside the intervals.

    Returns
    -------
    DataFrame
        One row an effect: ``kind`` ("season", "event" or "trend"), ``name``, ``index`` (how often customers buy then
        relative to a typical day, 1.8 being 80% more; of the trend, per year), ``lower, upper``, ``times_seen``
        (separate spells in the log) and ``share`` (of the repeat purchases of the log, NaN of the trend). Waves
        are shown by month, and a known ``index=`` of the months is part of theirs.

    Raises
    ------
    ArgumentError
        For an estimate without a calendar.

    See Also
    --------
    fit : Fit a model to a summary.
    predict : Forecast each customer's purchases.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1998-06-30")
    >>> calendar = clv.Calendar(season=1, events={"easter": [("1997-03-28", "1997-03-31")]})
    >>> buying = clv.fit("mbgnbd", rfm, calendar=calendar)
    >>> clv.season_table(buying)["kind"].value_counts().to_dict()
    {'season': 12, 'event': 1}
    """
    clock = check_estimate(estimate).clock
    if clock is None or not isinstance(clock.calendar, Calendar):
        raise ArgumentError(
            f"This estimate of {estimate.model.title} was fitted without a calendar, so there is no season to show; "
            f"fit with calendar=clv.Calendar(season='month')."
        )
    why = "it is the probability inside the interval"
    tails = (1 - check_between("ci_prob", ci_prob, 0, 1, why, open_low=True, open_high=True)) / 2
    names, kinds, design, offset = _rows(clock, clock.calendar)
    point = np.array([estimate.params[name] for name in clock.names])
    draws = np.stack([estimate.draws[name] for name in clock.names], axis=-1)
    found = draws @ design.T + offset
    lower, upper = np.quantile(found, [tails, 1 - tails], axis=0)
    return pd.DataFrame(
        {
            "kind": kinds,
            "name": names,
            "index": np.exp(design @ point + offset),
            "lower": np.exp(lower),
            "upper": np.exp(upper),
            **_seen(clock, clock.calendar, kinds),
        }
    )


def _rows(clock: Clock, calendar: Calendar) -> tuple[list[str], list[str], FloatArray, FloatArray]:
    """Return names and kinds of rows, and how each is made of the effects and of the known index."""
    design, offset = np.eye(len(clock.names)), np.zeros(len(clock.names))
    names = [name.partition("[")[2].removesuffix("]") for name in clock.names]
    kinds = [name.partition("[")[0] for name in clock.names]
    if calendar.season == "week" or (calendar.season is None and calendar.index is None):
        return names, kinds, design, offset
    n_waves = kinds.count("season")
    year = calendar.design(_YEAR, float(_YEAR[0]))[:, :n_waves]
    monthly = np.array([year[i == _MONTH].mean(axis=0) for i in range(12)])
    known = np.array([calendar.offset(_YEAR)[i == _MONTH].mean() for i in range(12)])
    others = np.eye(len(names))[n_waves:]
    months = np.hstack([monthly, np.zeros((12, len(others)))])
    return (
        [*MONTHS, *names[n_waves:]],
        ["season"] * 12 + kinds[n_waves:],
        np.vstack([months, others]),
        np.concatenate([known, np.zeros(len(others))]),
    )


def _seen(clock: Clock, calendar: Calendar, kinds: list[str]) -> dict[str, FloatArray]:
    """Return how often each row was seen, and its share of repeat purchases where that is known."""
    times, shares = clock.times_seen(), np.asarray(clock.shares)
    if len(kinds) != len(times) or isinstance(calendar.season, int):
        days = clock.first + 1 + np.arange(clock.end - clock.first)
        n_waves = len(times) - (len(kinds) - 12)
        by_month = np.eye(12)[days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12]
        times = np.concatenate([clock.times_seen(by_month), times[n_waves:]])
        shares = np.concatenate([np.full(12, np.nan), shares[n_waves:]])
    steady = np.array(kinds) == "trend"
    return {"times_seen": np.where(steady, np.nan, times), "share": np.where(steady, np.nan, shares)}
