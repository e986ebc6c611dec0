"""From a table of tenures to contracts: how long each customer has been one, and whether they have left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import narwhals as nw
import numpy as np

from clvmodels.arrays import AnyArray, BoolArray, FloatArray
from clvmodels.errors import InputError
from clvmodels.ingest.customers import group_column
from clvmodels.ingest.engines import Workbench, native_maker
from clvmodels.ingest.schema import N_SHOWN, as_names, count_of
from clvmodels.ingest.texts import Formats, roles_of
from clvmodels.ingest.typed_tables import typed
from clvmodels.records import Period, Summary

_LEFT = ("yes", "y", "true", "t", "1", "1.0", "churned")
_STAYED = ("no", "n", "false", "f", "0", "0.0", "active")


def contracts_from_tenure(  # noqa: PLR0913 - a table has as many sides
    table: Any,
    *,
    tenure: str,
    churned: str,
    period: str | timedelta | Period = "month",
    customer: str | None = None,
    price: str | None = None,
    groups: str | Sequence[str] = (),
    decimal: str | None = None,
    encoding: str | None = None,
) -> Summary:
    """Take over customers of whom the tenure is known and whether they have left, but no dates.

    Parameters
    ----------
    table : table or path
        One row a customer; anything that :func:`rfm_summary` reads.
    tenure : str
        The column of periods that were paid for, whole numbers from 0 on; the last of them may still run.
    churned : str
        The column that says who has left: yes or no, true or false, 1 or 0.
    period : str, timedelta or Period
        What tenure counts.
    customer, price : str, optional
        The columns of ids, each of which occurs once, and of the price of one period.
    groups : str or sequence of str
        Columns to carry along.
    decimal, encoding : str, optional
        As in `rfm_summary`.

    Returns
    -------
    Summary
        As `as_contracts` makes it: a tenure of t periods are t - 1 renewals; who has left did not make the next one.
        Nothing is known of dates.

    Raises
    ------
    InputError
        When a column is missing, or holds something else.

    See Also
    --------
    as_contracts : Count the renewals of contracts: subscriptions, memberships, policies.
    contracts_from_survivors : Take over cohorts of which only the survivors were counted.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"tenure": [1, 34, 2], "Churn": ["No", "No", "Yes"], "fee": [29.85, 56.95, 53.85]})
    >>> base = contracts_from_tenure(table, tenure="tenure", churned="Churn", price="fee")
    >>> base.to_frame()[["frequency", "T", "ended", "membership"]]
       frequency     T  ended  membership
    0        0.0   0.0    0.0         1.0
    1       33.0  33.0    0.0        34.0
    2        1.0   2.0    1.0         2.0
    """
    names = as_names(groups, "groups", optional=True)
    optional = [[name] if name is not None else [] for name in (customer, price)]
    with Workbench() as bench:
        roles = roles_of(ids=optional[0], time=(), numbers=[tenure, *optional[1]], groups=[churned, *names])
        opened, said = typed(bench, table, "table of tenures", roles, asked=Formats(None, decimal, None, encoding))
        rows = opened.collect("pyarrow")
    if not len(rows):
        raise InputError("The table of tenures has no rows; check the file or the filter before it.")
    paid = _numbers(rows, tenure)
    _refuse(paid != np.floor(paid), rows, [tenure], "a tenure that is no whole number", "it counts periods")
    ended = _yes_or_no(rows, churned)
    made = np.maximum(paid - 1, 0)
    ids = np.arange(len(rows)) if customer is None else rows[customer].to_pandas().to_numpy()
    if customer is not None:
        series = rows[customer].to_pandas()
        _refuse(series.isna().to_numpy(), rows, [customer], "no id", "give every customer one")
        twice = series.duplicated(keep=False).to_numpy()
        _refuse(twice, rows, [customer], "an id that occurs more than once", "a customer has one row; merge them")
    prices = None if price is None else _numbers(rows, price)
    return Summary(
        period=Period.of(period),
        customer_id=ids,
        frequency=made,
        recency=made,
        T=made + ended,
        monetary_value=None if prices is None else np.where(made > 0, prices, 0.0),
        total_spend=None if prices is None else prices * paid,
        price=prices,
        ended=ended,
        membership=paid,
        groups={name: group_column(rows[name].to_pandas().to_numpy())[0] for name in names},
        notes=said,
        as_native=native_maker(table),
    )


def _numbers(rows: nw.DataFrame[Any], name: str) -> FloatArray:
    if not rows[name].dtype.is_numeric():
        raise InputError(f"The column {name!r} holds {rows[name].dtype}, not numbers; convert it first.")
    values: FloatArray = rows[name].cast(nw.Float64).to_arrow().to_numpy(zero_copy_only=False)
    _refuse(~np.isfinite(values), rows, [name], f"a missing or infinite {name!r}", "fill it in or leave the row out")
    _refuse(values < 0, rows, [name], f"a {name!r} below 0", "correct it")
    return values


def _yes_or_no(rows: nw.DataFrame[Any], name: str) -> FloatArray:
    texts: AnyArray = rows[name].to_pandas().astype(str).str.strip().str.lower().to_numpy()
    left, stayed = np.isin(texts, _LEFT), np.isin(texts, _STAYED)
    _refuse(~(left | stayed), rows, [name], f"a {name!r} that is neither yes nor no", "write yes or no, or 1 or 0")
    return left.astype(np.float64)


def _refuse(mask: BoolArray, rows: nw.DataFrame[Any], shown: Sequence[str], trouble: str, remedy: str) -> None:
    n = int(np.count_nonzero(mask))
    if n:
        places = np.flatnonzero(mask)[:N_SHOWN]
        values = rows.select(*shown).rows(named=True)
        first = "; ".join(f"row {i}: " + ", ".join(f"{k}={v}" for k, v in values[i].items()) for i in places)
        raise InputError(f"The table of tenures has {count_of(n, 'row')} with {trouble} (first: {first}): {remedy}.")
