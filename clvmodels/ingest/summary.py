"""From a transaction log to one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.ingest.customers import carried_along, group_notes, logs_of, oddities, times_between
from clvmodels.ingest.engines import Workbench, native_maker
from clvmodels.ingest.log_checks import findings_in, profile_of
from clvmodels.ingest.log_checks.profile import Tops
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.periods import Day, as_date
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.reading import Question, Reading
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.remarks import remarks
from clvmodels.ingest.spark_frames import is_spark
from clvmodels.ingest.spark_log import summary_on_spark
from clvmodels.ingest.timeline import timeline_of
from clvmodels.records import Holdout, Note, Period, Summary
from clvmodels.records.log_check import about_the_log
from clvmodels.records.note import warn_of
from clvmodels.voice import is_muted


def rfm_summary(  # noqa: PLR0913
    log: Any,
    *,
    customer: str | Sequence[str],
    time: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order: str | None = None,
    period: str | timedelta | Period = "week",
    observation_end: Day | None = None,
    holdout_end: Day | None = None,
    collapse: Collapse = "day",
    refunds: Refunds = "error",
    zero_amounts: ZeroAmounts = "keep",
    missing_customers: MissingCustomers = "error",
    groups: str | Sequence[str] = (),
    same_customer: Any = None,
    tz: str | None = None,
    recent: float | str | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    intervals: bool = True,
) -> Summary:
    """Summarise a transaction log: frequency, recency, T and money of each customer.

    All purchases of a customer on one calendar day are one purchase, worth their sum. Customers who first bought after
    the end of observation are left out.

    Parameters
    ----------
    log : table or path
        A pandas or polars frame (eager or lazy), a pyarrow table, dataset or reader, anything that hands out a stream
        of Arrow, a DuckDB relation, an ibis table, a Spark frame (where it's read by the executors, without a
        timeline), or a path, glob or list of paths of CSV, Parquet or Excel files (the last with the extra ``excel``).
        It is only read. In text files ids are text, byte by byte but for spaces around them, amounts are numbers, and
        columns are found by name.
    customer : str or sequence of str
        The column of customer ids, or several: rows that share a value in any of them are of one customer, who is shown
        by the smallest known value of the first column that has one.
    time : str
        A column of dates or of dates with times; as text where one reading fits the whole column.
    amount : str, optional
        The column of money; without it the summary knows nothing of money.
    quantity, price : str, optional
        Two columns whose product is the money of a row, in place of ``amount``.
    order : str, optional
        The column of order numbers: rows of one order are one purchase on its first day, and rows with a negative
        amount take from the order that they name. Rows without a number stay as they are.
    period : str, timedelta or Period
        The unit of recency and T: "day", "week", "month" (365.25 / 12 days), "quarter", "year" or any length.
    observation_end : date, optional
        The last day of observation, included; by default the last day in the log.
    holdout_end : date, optional
        The last day of the holdout, which begins the day after ``observation_end`` and needs it given.
    collapse : "day" or "period"
        "period" counts at most one purchase in each whole period from the log's first day on, and recency and T in
        whole periods: coarser, with far fewer distinct histories. Months, quarters and years are those of the calendar,
        weeks begin on the weekday of the log's first day.
    refunds : "error", "day", "customer" or "drop"
        What rows with a negative amount do: "day" nets them against purchases of the same customer and day,
        "customer" against the customer's latest purchases up to that day, latest first; what is netted to nothing is no
        purchase. A refund in the holdout takes back nothing from the observation. "drop" ignores refund rows.
    zero_amounts : "keep" or "drop"
        Whether rows with an amount of zero are purchases.
    missing_customers : "error" or "drop"
        What is done with rows that have no customer; those that are dropped are counted in a note, with their money.
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
    date_format : str, optional
        How dates are written that a column of text or numbers leaves open: a pattern such as "%d/%m/%Y" or
        "dd/mm/yyyy", or one of "yyyymmdd", "excel", "epoch-seconds", "epoch-ms", "epoch-us", "epoch-ns".
    decimal : "." or ",", optional
        The decimal sign of amounts that a column of text leaves open.
    encoding : str, optional
        Of text files that aren't UTF-8, such as "cp1252" or "utf-16".
    intervals : bool
        Whether to look at the times between purchases too: all of them (``gaps``), which a model of sleep needs, and
        the sum of their logarithms (``litt``), which models of regular buying need. It brings every purchase day into
        memory; without it ten million rows are read in two thirds of the time.

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

    See Also
    --------
    rfm_table : Summarise a log that may be bigger than memory into a folder.
    as_summary : Take over a table that has one row a customer already.
    check_log : Look for what makes forecasts wrong: dates that can't be, copies, holes, guests, a unit that changes.
    fit : Fit a model to a summary.

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
    question = Question.of(LogSpec.among(locals()))
    if is_spark(log):
        summary = summary_on_spark(log, question, intervals=intervals)
        warn_of(about_the_log(summary.notes))
        return summary
    with Workbench() as bench:
        reading = Reading.of(bench, log, question)
        span, purchases = reading.span, reading.purchases
        table = reading.counted().sort("customer").collect("pyarrow").to_native()
        late = table.filter(pc.equal(table["n"], 0)).select(["customer"])
        table = table.filter(pc.greater(table["n"], 0))
        if len(late):
            purchases = purchases.join(bench.put(late), on="customer", how="anti")
        newcomers = np.unique(table["first"].to_numpy(), return_counts=True)
        timeline = timeline_of(reading.by_day_of(purchases), newcomers, span, has_amounts=reading.has_amounts)
        groups_found = reading.group_values()
        found = None if groups_found is None else groups_found.sort("customer").collect("pyarrow").to_native()
        checks = _checks(reading, table)
        gaps = times_between(purchases, table["n"].to_numpy(), span) if intervals else None
    columns: dict[str, Any] = reading.columns(table)
    carried = {} if found is None else carried_along(found, question.columns)
    odd = [] if found is None else group_notes(oddities(found, question.columns), question.columns)
    frequency, spend = columns.pop("holdout_frequency", None), columns.pop("holdout_spend", None)
    n_purchases = float(columns["frequency"].sum()) + len(table)
    ends = remarks(reading.survey, span, n_purchases, n_late=len(late), end_given=question.end is not None)
    summary = Summary(
        period=question.period,
        **columns,
        litt=None if gaps is None else logs_of(gaps),
        gaps=gaps,
        recent_window=question.window,
        groups=carried,
        holdout=None if frequency is None else Holdout(reading.holdout_length, frequency, spend),
        timeline=timeline,
        observation_end=as_date(span.observation_end),
        notes=(*reading.notes, *odd, *ends, *checks),
        as_native=native_maker(log),
    )
    warn_of(about_the_log(summary.notes))
    return summary


def _checks(reading: Reading, table: pa.Table) -> tuple[Note, ...]:
    """Return what a look at the log finds; nothing where nobody wants to hear it."""
    if is_muted():
        return ()
    tops = Tops()
    tops.add(table)
    return findings_in(profile_of(reading, tops))
