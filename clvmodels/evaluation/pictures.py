"""The numbers behind the pictures, as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError, InputError
from clvmodels.evaluation.expected_past import expected_frequencies, expected_repeats
from clvmodels.evaluation.scores import cumulative_gain, gini
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.prediction.totals import membership, purchases_by_group, total_of
from clvmodels.records import Estimate, Prediction, Scorecard, Sum, Summary, Valuation

_SHARES = np.linspace(0, 1, 101)
_DECILES = 10
_CELLS = 40  # rows and columns of a matrix at most: more can't be read in a picture


def tracking_table(estimate: Estimate, summary: Summary) -> pd.DataFrame:
    """Return repeat purchases by period of the calendar: actual and expected by the model.

    Parameters
    ----------
    estimate : Estimate
        Of a model of buying.
    summary : Summary
        Made from a log (an aggregated table has no calendar).

    Returns
    -------
    DataFrame
        One row a whole period: ``period_end`` (periods since the first purchase of the log), ``actual, expected``
        (repeat purchases of the period) and ``observed`` (False in the holdout).

    Raises
    ------
    InputError
        When the summary has no timeline.

    See Also
    --------
    decile_table : Return predicted against actual purchases by decile of the prediction.
    purchase_frequency_table : Return how many customers made 0, 1, 2, ... repeat purchases, and how many the model
        expects.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.tracking_table(clv.fit("bgnbd", rfm), rfm).tail(1).round(1)
        period_end  actual  expected  observed
    38        39.0      62      53.3      True
    """
    timeline = summary.timeline
    if timeline is None:
        raise InputError(
            "The summary has no calendar (it was aggregated elsewhere, or is a part of a base), so purchases can't be "
            "followed over time; make it from the transaction log."
        )
    estimate.check_period(summary)
    ends = np.arange(1.0, len(timeline.repeat_purchases) + 1)
    until = expected_repeats(estimate, summary, ends)
    table = pd.DataFrame(
        {
            "period_end": ends,
            "actual": timeline.repeat_purchases.astype(np.int64),
            "expected": np.diff(until, prepend=0.0),
            "observed": ends <= timeline.n_observed,
        }
    )
    table.attrs["period"] = summary.period.name
    return table


def purchase_frequency_table(estimate: Estimate, summary: Summary, *, most: int = 7) -> pd.DataFrame:
    """Return how many customers made 0, 1, 2, ... repeat purchases, and how many the model expects.

    Parameters
    ----------
    estimate : Estimate
        Of a model of buying.
    summary : Summary
        The customers it was fitted to.
    most : int >= 1
        The last row counts this many purchases or more.

    Returns
    -------
    DataFrame
        ``frequency`` (a label), ``actual`` and ``expected`` customers.

    See Also
    --------
    tracking_table : Return repeat purchases by period of the calendar: actual and expected by the model.
    frequency_recency_table : Return P(alive), or expected purchases, by frequency and recency, for customers
        observed the longest.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.purchase_frequency_table(clv.fit("bgnbd", rfm), rfm, most=2).round(1)
      frequency  actual  expected
    0         0    1411    1407.7
    1         1     439     460.3
    2        2+     507     489.0
    """
    if most < 1:
        raise ArgumentError(f"most is {most!r}; it must be at least 1, so that there is a row to compare.")
    estimate.check_period(summary)
    expected = expected_frequencies(estimate, summary, most)
    actual = np.bincount(np.minimum(summary.frequency, most).astype(np.int64), minlength=most + 1)
    labels = [*map(str, range(most)), f"{most}+"]
    return pd.DataFrame({"frequency": labels, "actual": actual, "expected": expected})


def frequency_recency_table(estimate: Estimate, summary: Summary, *, horizon: float | None = None) -> pd.DataFrame:
    """Return P(alive), or expected purchases, by frequency and recency, for customers observed the longest.

    With covariates, for a customer at their centre: numeric ones at the mean, others at the level most customers have,
    pooled groups at one not seen.

    Parameters
    ----------
    estimate : Estimate
        Of a model of buying.
    summary : Summary
        Sets the ranges: frequency up to its 99.5th percentile (at least 5), recency up to the longest T.
    horizon : float, optional
        Periods ahead: expected purchases in them. Without it, P(alive).

    Returns
    -------
    DataFrame
        Index recency (periods), columns frequency; NaN where a history can't be (purchases without recency).

    Raises
    ------
    ArgumentError
        For contracts, whose frequency is their recency.

    See Also
    --------
    predict : Forecast each customer's purchases.
    purchase_frequency_table : Return how many customers made 0, 1, 2, ... repeat purchases, and how many the model
        expects.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> matrix = clv.frequency_recency_table(clv.fit("bgnbd", rfm), rfm)
    >>> bool(matrix.iloc[-1, 1] > matrix.iloc[1, 1])
    True
    """
    estimate.check_period(summary)
    facts = estimate.purchase_model
    if facts.contractual:
        raise ArgumentError(
            f"{facts.title} is for contracts, in which frequency and recency are one, so there is no matrix of them; "
            f"look at cohort_projection or residual_lifetime."
        )
    longest = float(summary.T.max())
    most = min(_CELLS, max(5, int(np.quantile(summary.frequency, 0.995))))
    frequency, recency = np.arange(most + 1.0), np.linspace(0, longest, min(_CELLS, max(2, int(longest) + 1)))
    if facts.discrete:
        recency = np.unique(np.round(recency))
    x, t_x = (values.ravel() for values in np.meshgrid(frequency, recency))
    can_be = ((x > 0) == (t_x > 0)) & ((x <= t_x) | (not facts.discrete))
    x, t_x = x[can_be], t_x[can_be]
    central = {} if estimate.covariates is None else estimate.covariates.centre
    groups = {name: np.full(len(x), value) for name, value in central.items()}
    grid = Summary(
        summary.period,
        np.arange(len(x)),
        x,
        t_x,
        np.full(len(x), longest),
        groups=groups,
        observation_end=summary.observation_end,
    )
    states = CustomerStates.of(estimate, grid)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    every = slice(0, len(states.histories))
    values = states.p_alive(point, every)[0]
    if horizon is not None:
        periods = summary.period.horizon(horizon)
        ahead = states.evaluate(lambda model, params: model.expectation(params, periods), point)[0]
        values = states.weigh(states.alive_in_phases(point, every)[:, 0], ahead, every)
    cells = np.full(len(can_be), np.nan)
    cells[can_be] = values[states.histories.index]
    table = pd.DataFrame(cells.reshape(len(recency), -1), index=recency, columns=frequency.astype(np.int64))
    table.attrs["period"] = summary.period.name
    return table


def decile_table(prediction: Prediction) -> pd.DataFrame:
    """Return predicted against actual purchases by decile of the prediction.

    Parameters
    ----------
    prediction : Prediction
        Of a summary with a holdout, over the holdout's length.

    Returns
    -------
    DataFrame
        ``decile`` (1 best), ``customers``, and means per customer: ``predicted, lower, upper`` (an interval of what the
        decile buys, parameters and chance) and ``actual``.

    Raises
    ------
    InputError
        When there is no holdout, or it has another length.

    See Also
    --------
    activity_table : Return the probability to buy in the holdout against the share that did, in tenths of the
        probability.
    tracking_table : Return repeat purchases by period of the calendar: actual and expected by the model.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    >>> clv.decile_table(ahead)[["decile", "predicted", "actual"]].head(2).round(2)
       decile  predicted  actual
    0       1       3.65    3.75
    1       2       1.11    1.30
    """
    summary = prediction.summary
    if summary is None or summary.holdout is None:
        raise InputError("The customers have no holdout, so there is nothing to compare the prediction with.")
    if abs(summary.holdout.duration - prediction.horizon) > 1e-9:
        raise InputError(
            f"The prediction looks {prediction.horizon:g} {summary.period.name}s ahead and the holdout is "
            f"{summary.holdout.duration:g} long; predict over the same length."
        )
    expected = prediction["expected_purchases"]
    order = np.argsort(-expected, kind="stable")
    decile = np.empty(len(order), dtype=np.int64)
    decile[order] = np.arange(len(order)) * _DECILES // len(order)
    states = counts_of(prediction).states
    weights = membership(states.histories.index, decile, (len(states.histories), _DECILES))
    draws, parameter_variance = purchases_by_group(states, prediction.estimate, prediction.horizon, weights)
    rows = []
    for i in np.unique(decile):
        mine = decile == i
        summed = Sum(
            float(expected[mine].sum()), draws[:, i], float(prediction.variance[mine].sum() - parameter_variance[i])
        )
        total = total_of("purchases", summed, prediction.ci_prob)
        n = int(mine.sum())
        rows.append(
            (
                i + 1,
                n,
                *(v / n for v in (total.expected, total.lower, total.upper)),
                float(summary.holdout.frequency[mine].mean()),
            )
        )
    return pd.DataFrame(rows, columns=["decile", "customers", "predicted", "lower", "upper", "actual"])


def lorenz_table(valuation: Valuation) -> pd.DataFrame:
    """Return which share of the value ahead, and of past spend, the best customers hold.

    Parameters
    ----------
    valuation : Valuation
        Of a base.

    Returns
    -------
    DataFrame
        ``share_customers`` (best first) and cumulative shares ``value ahead`` and, where known, ``past spend``;
        Gini coefficients in ``attrs["gini"]``.

    See Also
    --------
    lift_table : Return which share of the holdout's money (or purchases) each ranking reaches, by share of
        customers targeted.
    rank : List the customers, best first.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon="1 year")
    >>> worth = clv.value(ahead, clv.fit("gammagamma", rfm))
    >>> bool(clv.lorenz_table(worth).loc[20, "value ahead"] > 0.5)
    True
    """
    summary = valuation.prediction.summary
    curves = {"value ahead": valuation["clv"]}
    if summary is not None and summary.total_spend is not None:
        curves["past spend"] = summary.total_spend
    table = pd.DataFrame({"share_customers": _SHARES})
    ginis = {}
    for name, values in curves.items():
        table[name] = cumulative_gain(values, values, _SHARES)
        ginis[name] = gini(values, values)
    table.attrs["gini"] = ginis
    return table


def lift_table(scorecard: Scorecard) -> pd.DataFrame:
    """Return which share of the holdout's money (or purchases) each ranking reaches, by share of customers targeted.

    Parameters
    ----------
    scorecard : Scorecard
        From ``compare``, without groups.

    Returns
    -------
    DataFrame
        ``share_targeted``, one column a ranking, and ``perfect``: customers in the order of what they did.

    See Also
    --------
    lorenz_table : Return which share of the value ahead, and of past spend, the best customers hold.
    compare : Let models and business rules forecast the same holdout.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> lift = clv.lift_table(clv.compare(rfm, heuristics=[]))
    >>> lift.columns.to_list()
    ['share_targeted', 'mbgnbd', 'run_rate', 'perfect']
    """
    holdout = scorecard.summary.holdout
    assert holdout is not None  # a scorecard is made from a holdout
    in_money = "spend" in scorecard.forecasts and holdout.spend is not None
    actual = holdout.spend if in_money and holdout.spend is not None else holdout.frequency
    rankings = scorecard.forecasts["spend" if in_money else "purchases"]
    if not rankings:
        raise InputError("The scorecard was made by group, where rankings don't join; compare without by=.")
    table = pd.DataFrame({"share_targeted": _SHARES})
    for name, ranking in rankings.items():
        if np.ptp(ranking) > 0:  # a rule that gives everybody the same number ranks nobody
            table[name] = cumulative_gain(ranking, actual, _SHARES)
    table["perfect"] = cumulative_gain(actual, actual, _SHARES)
    return table
