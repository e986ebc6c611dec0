"""Monthly recurring revenue, and what moved it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.errors import InputError, check_known
from clvmodels.ingest.contract_rows import RUNNING, ContractColumns, ContractRows, read_contract_rows
from clvmodels.ingest.periods import Day, as_date, day_of
from clvmodels.ingest.texts import Formats
from clvmodels.records import Period

type Step = Literal["month", "quarter", "year"]

_STEPS = {"month": (1, "M"), "quarter": (3, "Q"), "year": (12, "Y")}
_MONTHS_A_YEAR = 12
_CENT = 1e-9  # of a price: prices that are told twice are the same


def mrr_movements(  # noqa: PLR0913 - a table has as many sides
    table: Any,
    *,
    customer: str,
    start: str,
    end: str,
    price: str,
    observation_end: Day,
    period: str | timedelta | Period = "month",
    every: Step = "month",
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Say what moved the monthly recurring revenue: new, expansion, contraction, churned, reactivated.

    Parameters
    ----------
    table : table or path
        One row for each price that a customer pays or has paid; rows of a customer may follow each other (a change of
        price) or overlap (several products). Anything that :func:`rfm_summary` reads.
    customer, start, end, price : str
        The columns of ids, first days, days on which the row ended (missing while it runs) and the price of a period.
    observation_end : date
        The last day that is known, included.
    period : str, timedelta or Period
        What the price is for: a year's price is a twelfth of it a month.
    every : "month", "quarter" or "year"
        From one look to the next, by the calendar.
    date_format, decimal, encoding : str, optional
        As in `rfm_summary`.

    Returns
    -------
    DataFrame
        One row a month (quarter, year) of the calendar that is over by ``observation_end``: ``period``;
        ``mrr_start, new, reactivated, expansion, contraction, churned, mrr_end``, all positive and a month's, so that
        ``mrr_end`` is ``mrr_start + new + reactivated + expansion - contraction - churned``; ``nrr``, what of the
        revenue at the start is there at the end with expansion, and ``grr``, without it (NaN where there was none);
        ``customers_start, customers_new, customers_reactivated, customers_churned, customers_end`` and
        ``customer_churn``. Who comes and goes between two looks isn't seen.

    Raises
    ------
    InputError
        When a column is missing or of the wrong type, rows contradict themselves, or no month is over.
    ArgumentError
        For a date that is none, or an unknown step.

    See Also
    --------
    as_contracts : Count the renewals of contracts: subscriptions, memberships, policies.
    retention_table : Compare how many contracts survive each renewal point with what models say.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "account": ["a", "a", "b", "c"],
    ...         "from": ["2024-01-01", "2024-02-15", "2024-01-10", "2024-02-01"],
    ...         "to": ["2024-02-15", None, "2024-02-20", None],
    ...         "fee": [19.0, 49.0, 30.0, 10.0],
    ...     }
    ... )
    >>> found = mrr_movements(
    ...     table, customer="account", start="from", end="to", price="fee", observation_end="2024-02-29"
    ... )
    >>> found[["period", "mrr_start", "new", "expansion", "churned", "mrr_end", "nrr"]].round(2)
        period  mrr_start   new  expansion  churned  mrr_end  nrr
    0  2024-01        0.0  49.0        0.0      0.0     49.0  NaN
    1  2024-02       49.0  10.0       30.0     30.0     59.0  1.0
    """
    check_known("step", every, _STEPS)
    last = day_of(observation_end, "observation_end")
    columns = ContractColumns(start, end, customer, price, (), Formats(date_format, decimal, None, encoding))
    rows = read_contract_rows(table, columns, once=False)
    rows = rows.take(rows.begins <= last)
    months, letter = _STEPS[every]
    looks = _last_days(rows, last, months)
    if not len(looks):
        raise InputError(
            f"No {every} that began with a contract is over by observation_end {as_date(last)}; give a later day."
        )
    code, ends = _without_a_gap(rows)
    assert rows.prices is not None  # the column was named
    a_month = Period.of(period).per_year / _MONTHS_A_YEAR * rows.prices
    n_customers = int(code.max()) + 1
    before, seen = np.zeros(n_customers), np.zeros(n_customers, dtype=bool)
    found = []
    for look in looks:
        runs = (rows.begins <= look) & (ends > look)
        after = np.bincount(code[runs], a_month[runs], n_customers)
        label = str(pd.Timestamp(int(look), unit="D").to_period(letter))
        found.append({"period": label, **_moved(before, after, seen)})
        before, seen = after, seen | (after > 0)
    return pd.DataFrame(found)


def _moved(before: FloatArray, after: FloatArray, seen: BoolArray) -> dict[str, float]:
    """Return the movements from one look to the next; ``seen`` says who paid at any look before."""
    came, left, stayed = (before == 0) & (after > 0), (before > 0) & (after == 0), (before > 0) & (after > 0)
    change = np.where(stayed & (np.abs(after - before) > _CENT * before), after - before, 0.0)
    start, churned = float(before.sum()), float(before[left].sum())
    more, less = float(change[change > 0].sum()), float(np.abs(change[change < 0]).sum())
    kept = (start + more - less - churned) / start if start else np.nan
    n_start, n_left = int((before > 0).sum()), int(left.sum())
    return {
        "mrr_start": start,
        "new": float(after[came & ~seen].sum()),
        "reactivated": float(after[came & seen].sum()),
        "expansion": more,
        "contraction": less,
        "churned": churned,
        "mrr_end": float(after.sum()),
        "nrr": kept,
        "grr": (start - less - churned) / start if start else np.nan,
        "customers_start": n_start,
        "customers_new": int((came & ~seen).sum()),
        "customers_reactivated": int((came & seen).sum()),
        "customers_churned": n_left,
        "customers_end": int((after > 0).sum()),
        "customer_churn": n_left / n_start if n_start else np.nan,
    }


def _last_days(rows: ContractRows, last: int, months: int) -> IntArray:
    """Return the last days of the calendar's periods from the first start on that are over by a day."""
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    first = int(np.datetime64(int(rows.begins.min()), "D").astype("datetime64[M]").astype(np.int64))
    beyond = int(np.datetime64(last + 1, "D").astype("datetime64[M]").astype(np.int64))
    following = np.arange(first // months * months + months, beyond + 1, months)
    return np.asarray(following.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1, dtype=np.int64)


def _without_a_gap(rows: ContractRows) -> tuple[IntArray, IntArray]:
    """Return each row's customer, and its end, a day later where the same customer's next row begins on that day."""
    code = np.unique(rows.ids.astype(str), return_inverse=True)[1].astype(np.int64)
    key = code * (2 * RUNNING)
    follows = np.isin(key + rows.ends + 1, key + rows.begins) & ~np.isin(key + rows.ends, key + rows.begins)
    return code, rows.ends + follows
