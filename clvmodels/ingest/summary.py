"""From a transaction log to one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between, unknown_name
from clvmodels.ingest.customers import counted, group_values, interval_logs
from clvmodels.ingest.engines import Workbench, is_foreign, native_maker
from clvmodels.ingest.periods import Day, Span, as_date, day_of, recent_periods
from clvmodels.ingest.purchases import Rules, ZeroAmounts, collapsed, purchase_days
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.remarks import remarks
from clvmodels.ingest.schema import LogColumns, as_names, standardised, surveyed
from clvmodels.ingest.timeline import timeline_of
from clvmodels.records import Holdout, Period, Summary

type Collapse = Literal["day", "period"]

_CHOICES = {
    "collapse": ("day", "period"),
    "refunds": ("error", "day", "customer", "drop"),
    "zero_amounts": ("keep", "drop"),
}


def rfm_summary(  # noqa: PLR0913
    log: Any,
    *,
    customer: str | Sequence[str],
    time: str,
    amount: str | None = None,
    period: str | timedelta | Period = "week",
    observation_end: Day | None = None,
    holdout_end: Day | None = None,
    collapse: Collapse = "day",
    refunds: Refunds = "error",
    zero_amounts: ZeroAmounts = "keep",
    groups: str | Sequence[str] = (),
    same_customer: Any = None,
    tz: str | None = None,
    recent: float | str | None = None,
    intervals: bool = True,
) -> Summary:
    """Summarise a transaction log: frequency, recency, T and money of each customer.

    All purchases of a customer on one calendar day are one purchase, worth their sum. Customers who first bought after
    the end of observation are left out.

    Parameters
    ----------
    log : table or path
        A pandas or polars frame (eager or lazy), a pyarrow table, a DuckDB relation, or a path, glob or list of paths
        of CSV or Parquet files. It is only read.
    customer : str or sequence of str
        The column of customer ids, or several: rows that share a value in any of them are of one customer, who is shown
        by the smallest known value of the first column that has one.
    time : str
        A column of dates or of dates with times.
    amount : str, optional
        The column of money; without it the summary knows nothing of money.
    period : str, timedelta or Period
        The unit of recency and T: "day", "week", "month" (365.25 / 12 days), "quarter", "year" or any length.
    observation_end : date, optional
        The last day of observation, included; by default the last day in the log.
    holdout_end : date, optional
        The last day of the holdout, which begins the day after ``observation_end`` and needs it given.
    collapse : "day" or "period"
        "period" counts at most one purchase in each whole period from the log's first day on, and recency and T in
        whole periods: coarser, with far fewer distinct histories.
    refunds : "error", "day", "customer" or "drop"
        What rows with a negative amount do: "day" nets them against purchases of the same customer and day,
        "customer" against the customer's latest purchases up to that day, latest first; what is netted to nothing is no
        purchase. A refund in the holdout takes back nothing from the observation. "drop" ignores refund rows.
    zero_amounts : "keep" or "drop"
        Whether rows with an amount of zero are purchases.
    groups : str or sequence of str
        Columns to carry along; a customer has the value at the first purchase (the smallest, where that day has
        several).
    same_customer : dict or table, optional
        From ids in the log to the customers that they belong to, as a dict or as a table with the columns ``id`` and
        ``customer_id``; other ids stay. With several id columns it renames the first.
    tz : str, optional
        The IANA time zone to take calendar days in; needed where ``time`` has a time zone, and refused elsewhere.
    recent : float or str, optional
        Length of the window before ``observation_end`` in which recent purchases are counted, in periods or as a text
        with its unit; by default a quarter of a year.

    intervals : bool
        Whether to look at the times between purchases too (``litt``), which models of regular buying need. It brings
        every purchase day into memory; without it ten million rows are read in two thirds of the time.

    Returns
    -------
    Summary
        One row a customer, sorted by ``customer_id``; its ``notes`` say what was touched.

    Raises
    ------
    InputError
        When the log can't be read, a column is missing or of the wrong type, or rows can't be used.
    ArgumentError
        When an argument can't be what it is.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame(
    ...     {
    ...         "who": ["a", "a", "a", "b"],
    ...         "on": pd.to_datetime(["2024-01-01", "2024-01-15", "2024-01-15", "2024-01-08"]),
    ...         "paid": [10.0, 20.0, 4.0, 7.0],
    ...     }
    ... )
    >>> rfm = rfm_summary(log, customer="who", time="on", amount="paid", observation_end="2024-01-28")
    >>> rfm.to_frame()[["customer_id", "frequency", "recency", "T", "monetary_value"]]
      customer_id  frequency  recency         T  monetary_value
    0           a        1.0      2.0  3.857143            24.0
    1           b        0.0      0.0  2.857143             0.0
    """
    for name, value in (("collapse", collapse), ("refunds", refunds), ("zero_amounts", zero_amounts)):
        if value not in _CHOICES[name]:
            raise unknown_name(f"way of {name}", value, _CHOICES[name])
    if amount is None and (refunds != "error" or zero_amounts != "keep"):
        raise ArgumentError("refunds and zero_amounts speak of money; give amount= as well, or leave them out.")
    columns = LogColumns(as_names(customer, "customer"), time, amount, as_names(groups, "groups", optional=True))
    unit = Period.of(period)
    window = recent_periods(recent, unit)
    given_end, holdout = _ends(observation_end, holdout_end)
    with Workbench() as bench:
        rows = standardised(bench.open(log, "log", [*columns.named().values()]), columns, tz)
        survey = surveyed(rows, columns, last_counted=given_end if holdout is None else holdout)
        end = survey.last_day if given_end is None else given_end
        rules = Rules(refunds, zero_amounts, same_customer, end, holdout)
        days, notes = purchase_days(bench, rows, columns, rules, survey, foreign=is_foreign(log))
        span = Span(_first_day(days, end), end, end if holdout is None else holdout, unit, collapse == "period")
        purchases = collapsed(bench, days, span) if span.whole else days
        table = counted(purchases, span, window, later=survey.last_day > end)
        late = table.filter(pc.equal(table["n"], 0)).select(["customer"])
        table = table.filter(pc.greater(table["n"], 0))
        if len(late):
            purchases = purchases.join(bench.put(late), on="customer", how="anti")
        first_days = table["first"].to_numpy()
        timeline = timeline_of(purchases, first_days, span, has_amounts=amount is not None)
        carried, group_notes = group_values(days, columns, span)
        litt = interval_logs(purchases, table["n"].to_numpy(), span) if intervals else None
    notes += [*group_notes, *remarks(survey, span, table, n_late=len(late), end_given=given_end is not None)]
    n = table["n"].to_numpy().astype(np.float64)
    money = _money(table, n) if amount is not None else {}
    return Summary(
        period=unit,
        customer_id=table["customer"].to_numpy(),
        frequency=n - 1,
        recency=span.time(first_days, table["last"].to_numpy()),
        T=span.time(first_days, end),
        litt=litt,
        first_purchase=first_days.astype("datetime64[D]"),
        recent_purchases=table["n_recent"].to_numpy().astype(np.float64),
        recent_window=window,
        groups=carried,
        holdout=None if holdout is None else _holdout(table, span, has_amounts=amount is not None),
        timeline=timeline,
        observation_end=as_date(end),
        notes=tuple(notes),
        as_native=native_maker(log),
        **money,
    )


def _ends(observation_end: Day | None, holdout_end: Day | None) -> tuple[int | None, int | None]:
    end = None if observation_end is None else day_of(observation_end, "observation_end")
    if holdout_end is None:
        return end, None
    holdout = day_of(holdout_end, "holdout_end")
    if end is None:
        raise ArgumentError(
            f"holdout_end is {holdout_end!r} but observation_end is not given, so it's open where the holdout begins; "
            f"give both."
        )
    if holdout <= end:
        raise ArgumentError(
            f"holdout_end {as_date(holdout)} is not after observation_end {as_date(end)}, so the holdout has no days; "
            f"give a later one."
        )
    return end, holdout


def _first_day(days: nw.LazyFrame[Any], end: int) -> int:
    start: int | None = days.select(nw.col("day").min()).collect("pyarrow")["day"].to_list()[0]
    if start is None:
        raise InputError(
            "No purchase is left in the log once its refunds and zero amounts are out, so there is no customer; look "
            "at refunds= and zero_amounts=."
        )
    if start > end:
        raise ArgumentError(
            f"observation_end is {as_date(end)}, but the first purchase of the log is on {as_date(start)}, so no "
            f"customer would be observed; give a later day."
        )
    return start


def _money(table: pa.Table, n: FloatArray) -> dict[str, FloatArray]:
    total = table["spend"].to_numpy()
    repeats = np.maximum(n - 1, 1)
    mean = np.where(n > 1, (total - table["first_value"].to_numpy()) / repeats, 0.0)
    return {"monetary_value": mean, "total_spend": total, "recent_spend": table["spend_recent"].to_numpy()}


def _holdout(table: pa.Table, span: Span, *, has_amounts: bool) -> Holdout:
    duration = float(span.time(span.observation_end, span.holdout_end))
    check_between(
        "the holdout (in whole periods)", duration, 0.0, float("inf"), "it must hold something.", open_low=True
    )
    if "n_ahead" not in table.column_names:  # the log ends with the observation
        nothing = np.zeros(len(table))
        return Holdout(duration, nothing, nothing if has_amounts else None)
    frequency = table["n_ahead"].to_numpy().astype(np.float64)
    return Holdout(duration, frequency, table["spend_ahead"].to_numpy() if has_amounts else None)
