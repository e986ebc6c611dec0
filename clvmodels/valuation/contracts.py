"""What contracts are expected to bring: residual lifetimes, and the projection of a cohort."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.models import AbstractPurchaseModel, registry
from clvmodels.prediction.customer_states import CustomerStates, ParamDraws
from clvmodels.records import BusinessTerms, Estimate, Period, Summary
from clvmodels.valuation.discounting import discounted_expectation


def residual_lifetime(
    estimate: Estimate,
    contracts: Summary | None,
    *,
    discount_rate: float,
    renewals: int = 10,
    ci_prob: float = 0.9,
) -> pd.DataFrame:
    """Say how many renewals are still to come, and what they are worth in prices of one period.

    Parameters
    ----------
    estimate : Estimate
        Of a model of contracts.
    contracts : Summary or None
        From ``as_contracts``; None gives one row for each number of renewals made so far.
    discount_rate : float >= 0
        Per **year**, effective: 0.1 is 10% a year, whatever the period.
    renewals : int >= 0
        Without contracts, the most renewals made so far.
    ci_prob : float, in (0, 1)
        Probability inside the interval of the expectation.

    Returns
    -------
    DataFrame
        ``customer_id`` or ``renewals``; ``p_alive``; ``expected_renewals``, which is infinite where a few contracts
        would never end; and the discounted expected residual lifetime ``derl`` with ``derl_lower, derl_upper``, which
        bound it by what is known of the parameters. It is seen at the point of the next renewal, before it is known
        whether it is made: that renewal counts in full, the one after is discounted by a period. Times price and
        margin it is the value ahead. Without discount it may be infinite too.

    Raises
    ------
    ArgumentError
        For a model without contracts, or an argument out of range.

    See Also
    --------
    cohort_projection : Follow a cohort of new contracts: survival, retention, churn by age, and money.
    quantity_table : Return an estimate in quantities that people understand, beside the priors.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 0.668, "delta": 3.806}, period="year")
    >>> clv.residual_lifetime(given, None, discount_rate=0.1, renewals=2)["derl"].round(3).to_list()
    [5.415, 5.902, 6.294]
    """
    _, period = _contractual(estimate)
    tails = _tails(ci_prob)
    delta = BusinessTerms(discount_rate=discount_rate).force_of_interest(period)
    check_between("renewals", renewals, 0, 10_000, "it counts the renewals made so far")
    if contracts is None:
        so_far = np.arange(int(renewals) + 1.0)
        contracts = Summary(period, np.arange(len(so_far)), so_far, so_far, so_far)
        who: dict[str, AnyArray] = {"renewals": so_far.astype(np.int64)}
    else:
        who = {"customer_id": contracts.customer_id}
    states = CustomerStates.of(estimate, contracts)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    rows = states.rows.index[states.histories.index]

    def ahead(draws: ParamDraws, rate: float) -> FloatArray:
        return states.evaluate(lambda model, params: discounted_expectation(model, params, np.inf, rate), draws)

    to_next = np.exp(delta)  # seen from the point of the next renewal, not from the one before
    p_alive = states.p_alive(point, slice(0, len(states.histories)))[0][states.histories.index]
    lower, upper = np.quantile(to_next * ahead(estimate.draws, delta), tails, axis=0, method="inverted_cdf")
    columns = {
        "expected_renewals": ahead(point, 0.0)[0],
        "derl": to_next * ahead(point, delta)[0],
        "derl_lower": lower,
        "derl_upper": upper,
    }
    gone = p_alive == 0  # leaving is seen, so nothing is ahead, not 0 times infinity
    return pd.DataFrame(
        who | {"p_alive": p_alive} | {name: np.where(gone, 0.0, values[rows]) for name, values in columns.items()}
    )


def cohort_projection(
    estimate: Estimate,
    *,
    customers: float,
    price: float,
    horizon: float | str | timedelta,
    margin: float = 1.0,
    discount_rate: float = 0.0,
    ci_prob: float = 0.9,
) -> pd.DataFrame:
    """Follow a cohort of new contracts: survival, retention, churn by age, and money.

    Parameters
    ----------
    estimate : Estimate
        Of a model of contracts.
    customers : float >= 0
        Contracts at the start.
    price : float >= 0
        Of one period, paid when it begins.
    horizon : float, str or timedelta
        How far: whole periods, or a text with its unit ("5 years").
    margin : float, in [0, 1]
        Share of revenue that stays.
    discount_rate : float >= 0
        Per **year**, effective.
    ci_prob : float, in (0, 1)
        Probability inside the intervals, which hold what is unknown of the parameters and no chance.

    Returns
    -------
    DataFrame
        One row a renewal point, from 0 (the start) on: ``age``, ``survival`` with ``survival_lower, survival_upper``,
        ``retention`` and ``churn`` of that point (NaN at 0), ``customers`` and ``revenue`` expected, ``value`` (after
        margin and discount) and ``cumulative_value`` with ``cumulative_value_lower, cumulative_value_upper``.

    Raises
    ------
    ArgumentError
        For a model without contracts, or an argument out of range.

    See Also
    --------
    residual_lifetime : Say how many renewals are still to come, and what they are worth in prices of one period.
    value : Value each customer's purchases ahead.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 0.668, "delta": 3.806}, period="year")
    >>> table = clv.cohort_projection(given, customers=1000, price=100, horizon=3)
    >>> table[["age", "survival", "retention", "revenue"]].round(3)
       age  survival  retention     revenue
    0    0     1.000        NaN  100000.000
    1    1     0.851      0.851   85069.289
    2    2     0.747      0.878   74688.163
    3    3     0.670      0.897   66981.692
    """
    model, period = _contractual(estimate)
    tails = _tails(ci_prob)
    terms = BusinessTerms(margin, discount_rate)
    why = "it is multiplied with what survives"
    n_customers = check_between("customers", customers, 0, np.inf, why, open_high=True)
    paid = check_between("price", price, 0, np.inf, why, open_high=True)
    last = int(check_between("horizon", period.horizon(horizon), 1, 10_000, "a cohort is followed point by point"))
    age = np.arange(last + 1)
    worth = terms.margin * paid * n_customers * np.exp(-terms.force_of_interest(period) * age)

    def survival(draws: ParamDraws) -> FloatArray:
        made = model.pmf(draws, float(last), last + 1)[:-1]  # all the probability there is, by renewals made
        return np.cumsum(made[::-1], axis=0)[::-1]

    alive = survival({name: np.array([value]) for name, value in estimate.params.items()})[:, 0]
    drawn = survival(estimate.draws)
    lower, upper = np.quantile(drawn, tails, axis=1)
    money = np.quantile(np.cumsum(worth[:, None] * drawn, axis=0), tails, axis=1)
    retention = np.append(np.nan, alive[1:] / alive[:-1])
    return pd.DataFrame(
        {
            "age": age,
            "survival": alive,
            "survival_lower": lower,
            "survival_upper": upper,
            "retention": retention,
            "churn": 1 - retention,
            "customers": n_customers * alive,
            "revenue": n_customers * paid * alive,
            "value": worth * alive,
            "cumulative_value": np.cumsum(worth * alive),
            "cumulative_value_lower": money[0],
            "cumulative_value_upper": money[1],
        }
    )


def _contractual(estimate: Estimate) -> tuple[AbstractPurchaseModel, Period]:
    model = estimate.purchase_model
    if not model.contractual or estimate.period is None:
        known = [repr(m.name) for m in registry().values() if isinstance(m, AbstractPurchaseModel) and m.contractual]
        raise ArgumentError(
            f"{model.title} is for customers who leave without a word, and here contracts are asked for; fit "
            f"{' or '.join(known)} to contracts, or value customers with predict and value."
        )
    return model, estimate.period


def _tails(ci_prob: float) -> list[float]:
    inside = check_between(
        "ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True
    )
    return [(1 - inside) / 2, (1 + inside) / 2]
