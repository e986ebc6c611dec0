"""When customers have paid back a cost: the first time that their margin reaches it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError, check_between, check_kind
from clvmodels.heuristics import payback_periods
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.customers import Customers
from clvmodels.prediction.grid_sums import FEW, few_sum, taken_from
from clvmodels.prediction.total_interval import p_few_reach, p_total_reaches
from clvmodels.prediction.totals import membership, variance_over_draws
from clvmodels.records import Payback, Period, ShockDistribution, Sum, Summary, Valuation
from clvmodels.valuation.money import Money
from clvmodels.valuation.revenue import expected_revenue
from clvmodels.valuation.total_path import worth_until
from clvmodels.valuation.totals import groups_of, shock_of

_MOST = 120  # steps: ten years of months; each takes about as long as a forecast
_HALF, _REST = 0.5, 0.8


def payback(
    valuation: Valuation,
    *,
    cost: float | FloatArray | None = None,
    received: float | FloatArray = 0.0,
    by: str | None = None,
    every: str | timedelta = "month",
) -> Payback:
    """Say when customers have paid back what winning them cost, with leaving in it.

    Value grows with time and never falls, so the time of payback is the first at which it reaches the cost, and P(paid
    back by t) is P(value by t >= cost), from the exact distribution of money within t.

    Parameters
    ----------
    valuation : Valuation
        Of customers not seen yet, for whom the cost is a plan, or of known ones; its horizon is how far is looked.
        Value is the margin ahead, discounted as the valuation is.
    cost : float or array, shape (customer,)
        What winning one cost, at least 0; the valuation's ``acquisition_cost`` when left out.
    received : float or array, shape (customer,)
        Margin that is there already at time 0, such as that of the first purchase, or of the period that a new
        contract has paid for: value ahead doesn't hold it.
    by : str, optional
        A group column of the summary, such as the channel, or "cohort".
    every : str or timedelta
        The step of time: "week", "month", "quarter", "year" or any length.

    Returns
    -------
    Payback
        ``groups`` (one row a group), ``customers`` (one row each) and ``path`` (share paid back by the end of each
        step), with the formula's payback, in which nobody leaves, beside. Probabilities hold parameters and chance;
        those of a whole group a common shock too, where the prediction has one.

    Raises
    ------
    ArgumentError
        When there is no cost, no margin, an argument is out of range, or the horizon has no end.
    InputError
        When costs are neither one number nor one for each customer.

    See Also
    --------
    allowable_cac : Return the largest cost of acquisition that customers repay with a chosen confidence.
    target_list : Say whom a campaign should go to: expected gain, size of the list, and the lift that it must have.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 1.2, "delta": 18.0}, period="month")
    >>> newcomer = clv.value(clv.predict(given, None, horizon="2 years"), 30.0, margin=0.8)
    >>> found = clv.payback(newcomer, cost=200.0, received=24.0)
    >>> found.to_frame()[["p_paid_back", "half_by", "most_by"]].round(3).to_dict("records")
    [{'p_paid_back': 0.645, 'half_by': 8.0, 'most_by': inf}]
    """
    check_kind("the valuation", valuation, Valuation, "give what value returns")
    prediction, margin = valuation.prediction, valuation.terms.margin
    if margin == 0:
        raise ArgumentError("The margin is 0, so nothing ever pays a cost back; value with a margin above 0.")
    if not np.isfinite(prediction.horizon):
        raise ArgumentError("The horizon has no end, so there is no last step to look at; predict for a finite one.")
    n = len(valuation)
    paid = _each("cost", valuation.terms.acquisition_cost if cost is None else cost, n)
    owed = np.maximum(paid - _each("received", received, n), 0.0)
    labels, codes = groups_of(valuation, by, "month")
    step = Period.of(every)
    length = step.days / prediction.estimate.time_unit.days
    ends = np.arange(1.0, min(np.ceil(prediction.horizon / length - 1e-9), _MOST) + 1)
    until = np.minimum(ends * length, prediction.horizon)
    ends = until / length
    sizes = np.bincount(codes)
    all_owed = np.bincount(codes, owed)
    chances, together = np.empty((len(ends), n)), np.empty((len(ends), len(labels)))
    for i, end in enumerate(until):
        worth = worth_until(valuation, float(end))
        chances[i] = _p_reached(worth, owed / margin)
        together[i] = _p_groups(worth, codes, all_owed / margin, shock_of(valuation))
    share = np.stack([np.bincount(codes, row) / sizes for row in chances])
    groups = pd.DataFrame(
        {
            "group": labels,
            "customers": sizes,
            "cost": np.bincount(codes, paid) / sizes,
            "p_paid_back": share[-1],
            **_first(ends, share),
            **{f"group_{name}": values for name, values in _first(ends, together).items()},
            "formula": _formula(valuation, codes, np.bincount(codes, owed) / sizes, margin, step),
        }
    )
    who = {} if valuation.summary is None else {"customer_id": valuation.summary.customer_id}
    customers = {**who, "group": labels[codes], "cost": paid, "p_paid_back": chances[-1], **_first(ends, chances)}
    path = {
        "group": np.repeat(labels, len(ends)),
        "end": np.tile(ends, len(labels)),
        "share": share.T.ravel(),
        "p_group": together.T.ravel(),
    }
    return Payback(step.name, float(ends[-1]), groups, pd.DataFrame(customers), pd.DataFrame(path))


def _each(name: str, given: float | FloatArray | None, n: int) -> FloatArray:
    """Return an amount for each customer."""
    if given is None:
        raise ArgumentError("There is no cost to be paid back; give cost=, or value with an acquisition_cost.")
    why = "it is an amount of money for one customer"
    if not isinstance(given, np.ndarray | pd.Series | list | tuple):
        return np.full(n, check_between(name, given, 0, np.inf, why, open_high=True))
    amounts = np.asarray(given, dtype=np.float64)
    if amounts.shape != (n,) or not (np.isfinite(amounts) & (amounts >= 0)).all():
        raise InputError(
            f"{name} has shape {amounts.shape}, or an amount that is missing or below 0; give one number from 0 on, or "
            f"one for each of the {n:,} customers in the order of the summary."
        )
    return amounts


def _p_reached(worth: Money, revenue: FloatArray) -> FloatArray:
    """Return the probability that the revenue of each customer reaches an amount, shape (customer,)."""
    found = np.empty(len(revenue))
    for rows, law in worth.revenues():
        customers, place = worth.rows.members.within(rows)
        mine, asked = law.take(place), revenue[customers]
        found[customers] = np.where(asked > 0, 1 - mine.cdf(asked) + mine.exactly(asked), 1.0)
    return np.clip(found, 0.0, 1.0)


def _p_groups(worth: Money, codes: IntArray, revenue: FloatArray, law: ShockDistribution | None) -> FloatArray:
    """Return the probability that the revenue of each group together reaches an amount, shape (group,)."""
    base, prediction, spend = worth.base, worth.prediction, worth.spend
    sizes = np.bincount(codes)
    n_customers = membership(base.rows.index, codes, (len(base.rows), len(sizes)))
    draws, parameter_variance = (
        np.zeros((max(prediction.estimate.n_draws, spend.n_draws), len(sizes))),
        np.zeros(len(sizes)),
    )
    for rows, total, variances in expected_revenue(
        base, prediction, spend, lambda rows, values: values @ n_customers[rows]
    ):
        draws += total
        parameter_variance += variances @ n_customers[rows]
    variance, small = np.zeros(len(sizes)), []
    wanted = base.rows.index[(sizes <= FEW)[codes]]
    for some, compound in worth.revenues():
        variance += compound.centre.moments()[1] @ n_customers[some]
        small += [(mine, law_of.roughly()) for mine, law_of in taken_from([(some, compound)], wanted)]
    expected = (base.discounted * base.spend) @ n_customers
    found = np.empty(len(sizes))
    for i, amount in enumerate(revenue):
        summed = Sum(float(expected[i]), draws[:, i], float(variance[i] - parameter_variance[i]))
        few = None
        if amount <= 0:
            found[i] = 1.0
            continue
        if sizes[i] <= FEW:
            mine = np.bincount(base.rows.index[codes == i], minlength=len(base.rows))
            few = few_sum(small, mine, summed.expected, float(variance[i]), whole=False)
        if few is None:
            spread = max(float(np.sqrt(max(summed.chance, 0.0))), 1e-9 * max(summed.expected, 1.0))
            found[i] = p_total_reaches(summed.draws, spread, law, np.array([amount]))[0]
        else:
            alike = float(variance_over_draws(summed.draws)) + summed.chance - few.variance
            moved = float(np.sqrt(max(alike, 0.0))) / max(summed.expected, 1e-300)
            found[i] = p_few_reach(few, moved, law, np.array([amount]))[0]
    return found


def _first(ends: FloatArray, chances: FloatArray) -> dict[str, FloatArray]:
    """Return the first step at which each column has reached a half, and 80%; inf where none has."""
    found = {}
    for name, wanted in (("half_by", _HALF), ("most_by", _REST)):
        reached = chances >= wanted
        found[name] = np.where(reached.any(axis=0), ends[reached.argmax(axis=0)], np.inf)
    return found


def _formula(valuation: Valuation, codes: IntArray, owed: FloatArray, margin: float, step: Period) -> FloatArray:
    """Return cost over margin a step, by what customers have spent so far: nobody leaves in it."""
    summary = valuation.summary
    unknown = np.full(len(owed), np.nan)
    if summary is None:
        a_month = valuation.path.revenue[:1].sum() / max(len(valuation), 1)
        first = valuation.path.month_end[:1].sum()
        a_year = 12 * a_month / first if first > 0 else 0.0
        return np.array([_periods(owed[0], a_year, margin, step)])
    return np.array([_of_known(summary.take(codes == i), owed[i], margin, step) for i in range(len(unknown))])


def _of_known(summary: Summary, owed: float, margin: float, step: Period) -> float:
    customers = Customers.of(summary)
    if customers.spend is None or not customers.member_days.sum() > 0:
        return float("nan")
    a_year = float(np.asarray(BaseAggregates.of(customers).arpu_per_year)[0])
    return _periods(owed, a_year, margin, step)


def _periods(owed: float, a_year: float, margin: float, step: Period) -> float:
    if not a_year > 0:
        return float("nan")
    return float(np.asarray(payback_periods(cac=owed, arpu=a_year / step.per_year, margin=margin)))
