"""What winning a customer may cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import check_between
from clvmodels.prediction.totals import total_of
from clvmodels.records import Sum, Valuation
from clvmodels.valuation.money import money_of
from clvmodels.valuation.top import amount_reached
from clvmodels.valuation.totals import few_values, groups_of, shock_of, value_by_group


def allowable_cac(
    valuation: Valuation, *, by: str | None = None, customers: float | None = None, confidence: float = 0.9
) -> pd.DataFrame:
    """Return the largest cost of acquisition that customers repay with a chosen confidence.

    Value is the margin of all purchases within the horizon, discounted as the valuation is, before any cost that it
    takes off. It is ahead: what known customers have brought so far, and the first purchase of a new one, come on top.
    A channel's budget rests on new customers like its own: fit a model to the channel, or with the channel as a
    covariate, and value ``predict(estimate, None)``.

    Parameters
    ----------
    valuation : Valuation
        Of known customers, or of a customer not seen yet.
    by : str, optional
        A group column of the summary, such as the channel, or "cohort"; all customers together when left out.
    customers : float, optional
        How many customers share the cost, at least 1; as many as there are in the group when left out (one where
        nobody is known). Customers are drawn like those of the group, so for as many more the cost that chance leaves
        room for comes nearer to the expected value, while what isn't known of the parameters stays.
    confidence : float, in [0.5, 1)
        Probability that the cost comes back.

    Returns
    -------
    DataFrame
        One row a group, in sorted order: ``group, customers``; ``expected_value`` of one customer; ``allowable_cac``,
        the cost for each that the *mean* value of so many customers reaches with probability ``confidence``, from
        parameters, chance and, where the prediction has one, the common shock; ``allowable_cac_single``, the cost
        that *one* customer drawn from the group repays with that probability (0 where too many never buy again, which
        is usual; no shock); ``confidence``. The sum over more than 60 customers is taken as normal around each draw of
        the parameters; that over fewer has its own distribution.

    Raises
    ------
    ArgumentError
        When an argument is out of range, or there is no such column.

    See Also
    --------
    value : Value each customer's purchases ahead.
    capped_value : Say what each customer is worth where the expected value doesn't exist, and as a check where it
        does.

    Examples
    --------
    >>> import clvmodels as clv
    >>> buying = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> newcomer = clv.value(clv.predict(buying, None, horizon="1 year"), spend, margin=0.3)
    >>> found = clv.allowable_cac(newcomer, customers=1_000).iloc[0]
    >>> round(float(found["expected_value"]), 2), round(float(found["allowable_cac"]), 2)
    (15.29, 13.54)
    """
    why = "it is the probability that the cost comes back, and below a half that would be a loss more often than not"
    confidence = check_between("confidence", confidence, 0.5, 1, why, open_high=True)
    if customers is not None:
        customers = check_between("customers", customers, 1, np.inf, "they share the cost", open_high=True)
    labels, codes = groups_of(valuation, by, "month")
    known = np.bincount(codes)
    expected, draws, chance = value_by_group(valuation, codes)
    single = _single(valuation, codes, 1 - confidence)
    sizes = known if customers is None else np.full(len(known), customers)
    few = few_values(valuation, codes, sizes)
    law, rows = shock_of(valuation), []
    for i, label in enumerate(labels):
        n = sizes[i]
        alike = n / known[i]
        summed = Sum(alike * expected[i], alike * draws[:, i], alike * chance[i])
        total = total_of("value", summed, 2 * confidence - 1, law, few=few[i])
        rows.append((label, n, expected[i] / known[i], total.lower / n, single[i], confidence))
    names = ["group", "customers", "expected_value", "allowable_cac", "allowable_cac_single", "confidence"]
    return pd.DataFrame(rows, columns=names)


def _single(valuation: Valuation, codes: IntArray, probability: float) -> FloatArray:
    """Return the quantile of the value of a customer drawn from each group."""
    worth = money_of(valuation)
    base, sums = worth.base, list(worth.revenues())
    out = np.zeros(int(codes.max(initial=0)) + 1)
    for group in range(len(out)):
        n_customers = np.bincount(base.rows.index[codes == group], minlength=len(base.rows)).astype(np.float64)
        here = [(part[n_customers[part] > 0], law.take(np.flatnonzero(n_customers[part] > 0))) for part, law in sums]
        nothing = sum(float(n_customers[part] @ law.none) for part, law in here) / n_customers.sum()
        if nothing < probability:
            asked = (probability - nothing) / (1 - nothing)
            out[group] = valuation.terms.margin * amount_reached(here, n_customers, asked)
    return out
