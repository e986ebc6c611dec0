"""The figures around the formula, for a base or its groups."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError, check_between
from clvmodels.heuristics.arpu_ltv import ArpuLtv
from clvmodels.heuristics.average_ticket import average_ticket
from clvmodels.heuristics.base_aggregates import BaseAggregates
from clvmodels.heuristics.cac import cac
from clvmodels.heuristics.customers import Customers, split
from clvmodels.heuristics.formula import Quantity
from clvmodels.heuristics.ltv_to_cac import ltv_to_cac
from clvmodels.heuristics.pareto_share import pareto_share
from clvmodels.heuristics.payback_periods import payback_periods
from clvmodels.heuristics.repeat_rate import repeat_rate
from clvmodels.heuristics.ticket_without_largest import ticket_without_largest
from clvmodels.records import Summary

_EVERYBODY = "all"


def business_figures(
    summary: Summary,
    *,
    acquisition_spend: float | Mapping[str, float] | None = None,
    margin: float = 1.0,
    gone_after: float | None = None,
    by: str | None = None,
) -> pd.DataFrame:
    """Return the figures that businesses watch, one row a group and a last row for all.

    Parameters
    ----------
    summary : Summary
        The customers, at least one.
    acquisition_spend : float or mapping of str to float, optional
        Money spent to win these customers, all of whom count as won by it; by group where ``by`` is given.
    margin : float, in (0, 1]
        Share of revenue that stays, for LTV, LTV:CAC and payback.
    gone_after : float, optional
        Periods of silence after which a customer is declared gone; half a year when left out.
    by : str, optional
        A group column of the summary.

    Returns
    -------
    DataFrame
        ``group, customers, purchases, spend, average_ticket`` (spend a customer of the whole observation),
        ``average_purchase_value, purchases_per_year`` (of observed time), ``repeat_rate, arpu_per_year`` (of
        membership), ``churn_per_year`` (a rate, may be above 1), ``lifespan_years`` (1 / churn), ``ltv`` (ARPU x margin
        / churn), ``cac, ltv_to_cac, payback_years, top_20_share, ticket_without_largest_1pct, ticket_drop``. NaN
        where amounts or acquisition spend are missing, ``inf`` where nobody is gone.

    Raises
    ------
    ArgumentError
        When an argument is out of range, or acquisition spend isn't told for each group.
    InputError
        When the summary has no customers, or a group no time observed.

    Examples
    --------
    >>> from clvmodels.records import Period
    >>> shop = Summary(Period.of("week"), np.arange(2), frequency=np.array([3.0, 0.0]), recency=np.array([30.0, 0.0]),
    ...                T=np.array([40.0, 40.0]), total_spend=np.array([80.0, 20.0]))
    >>> table = business_figures(shop, acquisition_spend=30.0)
    >>> float(table["average_ticket"][0]), float(table["cac"][0]), float(table["repeat_rate"][0])
    (50.0, 15.0, 0.5)
    """
    check_between("margin", margin, 0.0, 1.0, "it is the share of revenue that pays", open_low=True)
    customers = Customers.of(summary, gone_after=gone_after)
    parts = {label: part for label, (_, part) in split(summary, customers, by).items()}
    spends = _spends(acquisition_spend, list(parts), by)
    rows = [{"group": label} | _row(part, spends.get(label), margin) for label, part in parts.items()]
    if by is not None:
        everything = sum(spends.values()) if spends else None
        rows.append({"group": _EVERYBODY} | _row(customers, everything, margin))
    return pd.DataFrame(rows)


def _spends(given: float | Mapping[str, float] | None, labels: list[str], by: str | None) -> dict[str, float]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        missing = [label for label in labels if label not in given]
        if missing:
            raise ArgumentError(
                f"acquisition_spend says nothing of {len(missing)} groups ({', '.join(missing[:5])}), so their CAC "
                f"isn't known; give a number for each, 0 where nothing was spent."
            )
        return {label: given[label] for label in labels}
    if by is not None:
        raise ArgumentError(
            "acquisition_spend is one number, but figures are asked by group; give a mapping of group to money spent."
        )
    return {_EVERYBODY: given}


def _row(customers: Customers, acquisition_spend: float | None, margin: float) -> dict[str, object]:
    aggregates = BaseAggregates.of(customers)
    n = len(customers)
    row: dict[str, object] = dict.fromkeys(_COLUMNS, float("nan")) | {
        "customers": n,
        "purchases": customers.purchases.sum(),
        "purchases_per_year": _only(aggregates.purchases_per_year),
        "repeat_rate": repeat_rate(repeaters=float((customers.repeat_purchases > 0).sum()), customers=n),
        "churn_per_year": _only(aggregates.churn_per_year),
        "lifespan_years": _only(aggregates.lifespan_years),
    }
    cost = None if acquisition_spend is None else cac(spend=acquisition_spend, new_customers=n)
    if cost is not None:
        row["cac"] = cost
    if customers.spend is None or not customers.spend.sum() > 0:
        return row
    worth = _only(ArpuLtv().spend(aggregates, aggregates.lifespan_years)) * margin
    revenue = _only(aggregates.arpu_per_year)
    row |= {
        "spend": customers.spend.sum(),
        "average_ticket": average_ticket(sales=customers.spend.sum(), customers=n),
        "average_purchase_value": _only(aggregates.average_purchase_value),
        "arpu_per_year": revenue,
        "ltv": worth,
        "top_20_share": pareto_share(customers.spend, top_share=0.2),
    }
    if n > 1 and customers.spend.min() >= 0:  # a customer of refunds alone has no ticket
        pull = ticket_without_largest(customers.spend, top_share=0.01)
        row |= {"ticket_without_largest_1pct": pull.without_largest, "ticket_drop": pull.drop}
    if cost is not None:
        row["payback_years"] = payback_periods(cac=cost, arpu=revenue, margin=margin)
        row["ltv_to_cac"] = ltv_to_cac(ltv=worth, cac=cost) if acquisition_spend else float("inf")
    return row


def _only(values: Quantity) -> float:
    return float(np.asarray(values)[0])


_COLUMNS = (
    "customers",
    "purchases",
    "spend",
    "average_ticket",
    "average_purchase_value",
    "purchases_per_year",
    "repeat_rate",
    "arpu_per_year",
    "churn_per_year",
    "lifespan_years",
    "ltv",
    "cac",
    "ltv_to_cac",
    "payback_years",
    "top_20_share",
    "ticket_without_largest_1pct",
    "ticket_drop",
)
