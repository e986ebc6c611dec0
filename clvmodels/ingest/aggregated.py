"""From a table that is already aggregated to a summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, BoolArray, FloatArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.customers import group_column
from clvmodels.ingest.engines import Workbench, native_maker
from clvmodels.ingest.schema import N_SHOWN, as_names, count_of
from clvmodels.ingest.texts import Formats, roles_of
from clvmodels.ingest.typed_tables import typed
from clvmodels.records import Holdout, Period, Summary

_REQUIRED = ("frequency", "recency", "T")
_CONTRACT = ("ended", "membership", "price")
_OPTIONAL = ("monetary_value", "total_spend", "litt", *_CONTRACT, "holdout_frequency", "holdout_spend")
_ROUNDED = 0.01  # a logarithm of a time is off by that much in a rounded table; another unit shifts it by far more
_LEAST = np.finfo(float).tiny  # keeps the logarithm of a recency of 0 finite, where frequency is 0 too


def as_summary(
    frame: Any,
    *,
    period: str | timedelta | Period,
    holdout: float | str | None = None,
    groups: str | Sequence[str] = (),
    decimal: str | None = None,
    encoding: str | None = None,
) -> Summary:
    """Take over a table that has one row a customer already.

    Parameters
    ----------
    frame : table or path
        Anything that :func:`rfm_summary` reads, with the columns ``frequency`` (repeat purchases), ``recency`` (first
        to last purchase) and ``T`` (first purchase to the end of observation). Optional: ``customer_id``,
        ``monetary_value`` (mean of the repeat purchases, 0 where there is none), ``total_spend``, ``litt`` (sum of
        the logarithms of the times between purchases, in periods, 0 where there is no repeat purchase),
        ``holdout_frequency`` and ``holdout_spend``. Of contracts: ``ended`` (1 or 0) with ``membership`` (periods that
        each ran), and ``price`` of a period, as ``as_contracts`` makes them; without the first two they are left out.
    period : str, timedelta or Period
        The unit that ``recency`` and ``T`` are in.
    holdout : float or str, optional
        Length of the holdout, in periods or as a text with its unit; needed where there is a ``holdout_frequency``.
    groups : str or sequence of str
        Columns to carry along.
    decimal, encoding : str, optional
        Of text files, as in `rfm_summary`.

    Returns
    -------
    Summary
        The customers in the order of the table.

    Raises
    ------
    InputError
        When a column is missing, or rows contradict themselves.
    ArgumentError
        When a holdout is given without its column, or the other way round.

    See Also
    --------
    rfm_summary : Summarise a transaction log: frequency, recency, T and money of each customer.
    as_table : Take over customers who are aggregated already and too many for memory.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [2, 0], "recency": [30.43, 0.0], "T": [38.86, 38.86]})
    >>> as_summary(table, period="week")
    Summary(2 customers, 2 repeat purchases)
    """
    unit = Period.of(period)
    names = as_names(groups, "groups", optional=True)
    with Workbench() as bench:
        roles = roles_of(ids=(), time=(), numbers=_REQUIRED, groups=names)
        more = roles_of(ids=["customer_id"], time=(), numbers=_OPTIONAL, groups=())
        opened, _ = typed(
            bench, frame, "table", roles, optional=more, asked=Formats(None, decimal, None, encoding), frames=False
        )
        table = opened.collect("pyarrow").to_pandas()
    if table.empty:
        raise InputError(
            "The table has no rows, so there is no customer in it; check the file or the filter before it."
        )
    if not {"ended", "membership"} <= set(table):  # a price or an end alone may be anything
        table = table.drop(columns=list(_CONTRACT), errors="ignore")
    columns = {name: _numbers(table, name) for name in (*_REQUIRED, *_OPTIONAL) if name in table}
    _check(table, columns)
    return Summary(
        period=unit,
        customer_id=_ids(table),
        frequency=columns["frequency"],
        recency=columns["recency"],
        T=columns["T"],
        monetary_value=columns.get("monetary_value"),
        total_spend=columns.get("total_spend"),
        litt=columns.get("litt"),
        price=columns.get("price"),
        ended=columns.get("ended"),
        membership=columns.get("membership"),
        groups={name: group_column(table[name].to_numpy())[0] for name in names},
        holdout=_holdout(columns, unit, holdout),
        as_native=native_maker(frame),
    )


def _numbers(table: pd.DataFrame, name: str) -> FloatArray:
    values = table[name]
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        raise InputError(
            f"The column {name!r} holds {values.dtype}, not numbers; convert it first, e.g. with "
            f"pandas.to_numeric(table[{name!r}])."
        )
    numbers: FloatArray = values.to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse(table, ~np.isfinite(numbers), f"a {name} that is missing or not finite", "fill it in or leave them out")
    return numbers


def _check(table: pd.DataFrame, columns: dict[str, FloatArray]) -> None:
    x, t_x, T = (columns[name] for name in _REQUIRED)
    for name, values in columns.items():
        _refuse(
            table,
            (values < 0) & (name != "litt"),
            f"a negative {name}",
            "a count, a time or a mean spend can't be below 0; correct them",
        )
    same_unit = "recency and T must be in the same unit and from the same first purchase"
    _refuse(table, t_x > T, "a recency above T, a last purchase after the end of observation", same_unit)
    repeats = "frequency counts repeat purchases, the first one not among them"
    for name in ("frequency", "holdout_frequency"):
        if name in columns:
            broken = columns[name] != np.floor(columns[name])
            _refuse(table, broken, f"a {name} that is no whole number", "it counts purchases; correct them")
    _refuse(table, (x == 0) & (t_x > 0), "frequency 0 but a recency above 0", repeats)
    _refuse(
        table,
        (x > 0) & (t_x == 0),
        "a frequency above 0 but recency 0",
        f"{repeats}, and recency runs from the first purchase to the last; subtract 1 if the first was counted",
    )
    if "ended" in columns:
        neither = ~np.isin(columns["ended"], (0.0, 1.0))
        _refuse(table, neither, "an ended that is neither 0 nor 1", "it says whether a contract has ended; correct it")
    if "monetary_value" in columns:
        _refuse(
            table,
            (x == 0) & (columns["monetary_value"] > 0),
            "a monetary_value above 0 without a repeat purchase",
            "monetary_value is the mean of the repeat purchases; set it to 0 there and put all money in total_spend",
        )
    if "litt" in columns:
        # Times that add up to t_x have the largest sum of logarithms where they are equal; a single one is t_x.
        most, slack = x * np.log(np.maximum(t_x, _LEAST) / np.maximum(x, 1)), _ROUNDED * x
        litt = columns["litt"]
        _refuse(
            table,
            (litt > most + slack) | ((x < 2) & (litt < most - slack)),
            "a litt that doesn't fit frequency and recency",
            "litt is the sum of the natural logarithms of the times between purchases, 0 without a repeat purchase and "
            "at most frequency x ln(recency / frequency); take the times in the unit of recency",
        )
    if not T.any():
        raise InputError(
            "T is 0 for every customer, so nobody was observed for any time; T runs from the first purchase to the end "
            "of observation, in periods."
        )


def _ids(table: pd.DataFrame) -> AnyArray:
    if "customer_id" not in table:
        return np.arange(len(table))
    _refuse(table, table["customer_id"].isna().to_numpy(), "no customer_id", "give every row its own")
    twice = table["customer_id"].duplicated(keep=False).to_numpy()
    _refuse(table, twice, "a customer_id that occurs more than once", "a customer has one row; merge them")
    return table["customer_id"].to_numpy()


def _holdout(columns: dict[str, FloatArray], period: Period, holdout: float | str | None) -> Holdout | None:
    known = columns.get("holdout_frequency")
    if known is None and holdout is None:
        return None
    if known is None or holdout is None:
        given, missing = (
            ("holdout=", "column 'holdout_frequency'") if known is None else ("column 'holdout_frequency'", "holdout=")
        )
        raise ArgumentError(
            f"The {given} is there but the {missing} is not, and a holdout needs its length; give both."
        )
    return Holdout(period.horizon(holdout), known, columns.get("holdout_spend"))


def _refuse(table: pd.DataFrame, mask: BoolArray, trouble: str, remedy: str) -> None:
    n = int(np.count_nonzero(mask))
    if not n:
        return
    shown = [name for name in ("customer_id", *_REQUIRED, *_OPTIONAL) if name in table]
    rows = "; ".join(
        f"row {place}: " + ", ".join(f"{name}={value}" for name, value in row.items())
        for place, row in zip(
            np.flatnonzero(mask), table.loc[mask, shown].head(N_SHOWN).to_dict("records"), strict=False
        )
    )
    raise InputError(f"The table has {count_of(n, 'row')} with {trouble} (first: {rows}): {remedy}.")
