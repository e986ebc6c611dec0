"""What can be said of money where its mean doesn't exist: quantiles, and a mean up to a cap."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar.model import as_spend_model
from clvmodels.kernels.special import betaln
from clvmodels.records import BusinessTerms, Estimate, Note, Prediction, Summary, Valuation
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers, mean_trouble
from clvmodels.valuation.no_mean import NO_MEAN
from clvmodels.valuation.predictive import compounds
from clvmodels.valuation.value import value

_FEW = 0.01  # of the customers have spent more than what counts
_AT_ONE = 1e-6  # a q nearer to 1 is moved so far, which moves a mean by as much; else digits cancel


def capped_value(
    prediction: Prediction,
    spend: Estimate,
    *,
    cap: float | None = None,
    margin: float = 1.0,
    discount_rate: float = 0.0,
) -> pd.DataFrame:
    """Say what each customer is worth where the expected value doesn't exist, and as a check where it does.

    A few customers who spend without measure can make the mean of all infinite, under a Gamma-Gamma with q at most 1.
    The median and every other quantile exist whatever the tail, and so does the mean of what is counted up to a cap.

    Parameters
    ----------
    prediction : Prediction
        From ``predict``; its horizon and ``ci_prob`` are used.
    spend : Estimate
        Of a spend model.
    cap : float > 0, optional
        Money before margin, discounted as the value is: of what a customer brings within the horizon, so much counts
        at most. Left out, what one customer in a hundred has exceeded so far.
    margin : float, in [0, 1]
        Share of revenue that stays.
    discount_rate : float >= 0
        Per **year**, effective.

    Returns
    -------
    DataFrame
        One row a customer in the order of the summary: ``customer_id``, where there are customers; ``median_value``,
        and ``value_lower``, ``value_upper``, between which the value lies with probability ``ci_prob``;
        ``capped_value``, the expectation of the value counted up to ``margin`` x cap; ``cap``. Values are in the
        currency of the log, after margin.

    Raises
    ------
    ArgumentError
        For an argument out of range, an unlimited horizon without discount, or when no cap is given and nothing says
        what customers have spent.

    See Also
    --------
    value : Value each customer's purchases ahead.
    allowable_cac : Return the largest cost of acquisition that customers repay with a chosen confidence.

    Examples
    --------
    >>> import clvmodels as clv
    >>> buying = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> heavy = clv.estimate_from("gammagamma", {"p": 6.25, "q": 0.9, "gamma": 3.2})
    >>> newcomer = clv.predict(buying, None, horizon="1 year")
    >>> clv.capped_value(newcomer, heavy, cap=1_000, margin=0.3).round(2).to_dict("records")
    [{'median_value': 0.0, 'value_lower': 0.0, 'value_upper': 198.34, 'capped_value': 27.98, 'cap': 1000.0}]
    """
    as_spend_model(spend.model)
    terms = BusinessTerms(margin, discount_rate)
    delta = terms.force_of_interest(prediction.estimate.time_unit)
    if np.isinf(prediction.horizon) and delta == 0:
        raise ArgumentError(
            "An unlimited horizon needs a discount_rate above 0: without it what a customer brings has no end. Give a "
            "rate a year, or a finite horizon."
        )
    most = _usual_cap(prediction.summary) if cap is None else cap
    why = "it is the most that a customer's purchases count for"
    most = check_between("cap", most, 0, np.inf, why, open_low=True, open_high=True)
    base = Customers.of(prediction, spend, delta, with_means=False)
    found = {name: np.empty(len(base.rows)) for name in ("median_value", "value_lower", "value_upper", "capped_value")}
    asked = {
        "median_value": 0.5,
        "value_lower": (1 - prediction.ci_prob) / 2,
        "value_upper": (1 + prediction.ci_prob) / 2,
    }
    for rows, revenue in compounds(base, prediction, spend):
        for name, probability in asked.items():
            found[name][rows] = revenue.quantile(probability)
        found["capped_value"][rows] = _mean_up_to(revenue, most)
    columns = {name: terms.margin * values[base.rows.index] for name, values in found.items()} | {"cap": most}
    summary = prediction.summary
    return pd.DataFrame(columns if summary is None else {"customer_id": summary.customer_id, **columns})


def valued_or_capped(
    prediction: Prediction, spend: Estimate, terms: BusinessTerms
) -> tuple[Valuation | None, pd.DataFrame | None, list[Note]]:
    """Return the value of known customers; or, where a mean is missing, none, what `capped_value` says, and why."""
    assert prediction.summary is not None  # they are known
    asked = {"margin": terms.margin, "discount_rate": terms.discount_rate}
    trouble = mean_trouble(spend, prediction.summary)
    if trouble is None:
        return value(prediction, spend, acquisition_cost=terms.acquisition_cost, **asked), None, []
    return None, capped_value(prediction, spend, **asked), [Note(NO_MEAN, trouble, "warning")]


def _usual_cap(summary: Summary | None) -> float:
    """Return what one customer in a hundred has spent more than so far."""
    if summary is None or (summary.total_spend is None and summary.monetary_value is None):
        raise ArgumentError(
            "cap is missing, and no summary says what customers have spent so far; give the most that a customer's "
            "purchases count for, such as cap=1000."
        )
    spent = summary.total_spend
    if spent is None:
        assert summary.monetary_value is not None  # one of the two is there
        spent = summary.monetary_value * summary.frequency
    return float(np.quantile(spent, 1 - _FEW, method="inverted_cdf"))


def _mean_up_to(revenue: Compound, cap: float) -> FloatArray:
    """Return E[min(revenue, cap)] of each row.

    With F and f of a beta-prime distribution of shapes a, q and scale s, integrating the derivative of c (c + s) f(c)
    gives E[X; X <= c] = (a s F(c) - c (c + s) f(c)) / (q - 1), whether the mean of X exists or not.
    """
    row, total = revenue.row, np.zeros(len(revenue.row))
    for (shape, log_scale), q in zip(revenue.shapes, revenue.q, strict=True):
        scale = np.exp(log_scale)
        share = cap / (cap + scale)
        tail = np.where(np.abs(q - 1) < _AT_ONE, 1 + _AT_ONE, q)[row]
        below = special.betainc(shape, tail, share)
        edge = np.exp(shape * np.log(share) + tail * np.log1p(-share) - betaln(shape, tail)) * (cap + scale)
        total += (shape * scale * below - edge) / (tail - 1) + cap * (1 - below)
    return np.bincount(row, revenue.mass * total, len(revenue)) / len(revenue.scale)
