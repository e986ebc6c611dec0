"""From a log bigger than memory to a table of customers in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.memory import engine_memory, rows_at_once
from clvmodels.ingest.on_spark import SparkTable
from clvmodels.ingest.parquet import write_tables
from clvmodels.ingest.periods import Day, as_date
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.reading import Question, Reading
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.schema import as_names
from clvmodels.ingest.spark_frames import is_spark
from clvmodels.ingest.spark_log import SparkLog
from clvmodels.ingest.stored import StoredTable
from clvmodels.ingest.streaming import Customers
from clvmodels.records import AbstractCustomerTable, Period
from clvmodels.records.log_check import about_the_log
from clvmodels.records.note import warn_of
from clvmodels.storage.files import FilePath, as_path, write_json
from clvmodels.storage.folder import all_or_nothing, check_summary_format, read_json, summary_content
from clvmodels.storage.lock import settled
from clvmodels.storage.stored_values import notes_of, stored_period

TABLE, CONTENT = "summary.parquet", "summary.json"


def rfm_table(  # noqa: PLR0913 - a log has as many sides
    log: Any,
    *,
    out: FilePath | None = None,
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
    intervals: bool = False,
    memory_limit: str | int | None = None,
    temp_folder: FilePath | None = None,
) -> AbstractCustomerTable:
    """Summarise a log that may be bigger than memory into a folder.

    The log is read, grouped and written by DuckDB, which spills what doesn't fit to a temporary folder that is gone
    afterwards. Every number is that of `rfm_summary`.

    A Spark frame is read where it is: its rows are brought together by customer, and the executors (which need this
    library) group them by the same code. Nothing is computed before something is asked of the table, and then anew
    each time: ``table.to_native().persist()`` keeps the customers on the cluster.

    Parameters
    ----------
    log : table or path
        As in `rfm_summary`; files are best, because they needn't be in memory.
    out : str or path
        The folder for ``summary.parquet`` (one row a customer, in no order) and ``summary.json`` (what holds for all);
        made where it isn't there. Not for a Spark frame.
    customer, time, amount, quantity, price, order : str
        As in `rfm_summary`.
    period, observation_end, holdout_end, collapse, recent : various
        As in `rfm_summary`.
    refunds, zero_amounts, missing_customers, groups, same_customer, tz : various
        As in `rfm_summary`.
    date_format, decimal, encoding : str, optional
        As in `rfm_summary`.
    intervals : bool
        Whether to look at the times between purchases too (``litt``), which models of regular buying need. It sorts
        all purchases, and takes about twice as long.
    memory_limit : str or int, optional
        What the process may take, "2GB" or a number of bytes; about four fifths of the machine when left out. On Spark
        what each Python worker may take, "1GB" when left out.
    temp_folder : str or path, optional
        Where to spill; the system's temporary folder when left out.

    Returns
    -------
    AbstractCustomerTable
        For `fit` and `score`; `open_table` opens a folder again, and on Spark ``to_native()`` is the frame of
        customers, whose notes say only what can be known of a log without having grouped it.

    Raises
    ------
    InputError
        As `rfm_summary`, and when memory or disk aren't enough.
    ArgumentError
        As `rfm_summary`, and when the folder is missing or can't be written.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     table = rfm_table(
    ...         clv.load_cdnow(), out=folder, customer="customer_id", time="date", amount="amount", memory_limit="1GB"
    ...     )
    ...     round(clv.fit("bgnbd", table).log_likelihood, 3)
    -173425.916
    """
    memory = engine_memory(memory_limit)
    question = Question.of(LogSpec.among(locals()))
    spill = None if temp_folder is None else str(temp_folder)
    if is_spark(log):
        if out is not None:
            raise ArgumentError(
                f"out is {str(out)!r}, but customers of a Spark frame stay on Spark; leave it out, and write "
                f"table.to_native() to where you want it."
            )
        on_spark = SparkLog.of(log, question, memory_limit=memory_limit, temp_folder=spill).table(intervals=intervals)
        warn_of(about_the_log(on_spark.notes))
        return on_spark
    if out is None:
        raise ArgumentError("out is missing; give the folder that the customers are written to.")
    folder = as_path(out)
    with all_or_nothing(folder) as place, Workbench(memory=memory, folder=spill) as bench:
        reading = Reading.of(bench, log, question)
        customers = Customers(reading, intervals, question.end is not None, rows_at_once(memory))
        write_tables(customers.tables(), place / TABLE)
        content = summary_content(
            period=question.period,
            observation_end=as_date(reading.span.observation_end),
            recent_window=question.window,
            groups=question.columns.groups,
            holdout=reading.holdout_length if reading.has_holdout else None,
            timeline=customers.timeline(),
            notes=customers.notes(),
        )
        write_json(content, place / CONTENT)
    table = open_table(folder, memory_limit=memory_limit, temp_folder=temp_folder)
    warn_of(about_the_log(table.notes))
    return table


def open_table(
    folder: FilePath, *, memory_limit: str | int | None = None, temp_folder: FilePath | None = None
) -> StoredTable:
    """Open a summary in a folder, of `rfm_table` or ``clv rfm``, without reading its customers.

    Parameters
    ----------
    folder : str or path
        With ``summary.parquet`` and ``summary.json``.
    memory_limit, temp_folder : str, int or path, optional
        As in `rfm_table`, for grouping.

    Returns
    -------
    StoredTable
        For `fit` and `score`.

    Raises
    ------
    InputError
        When it isn't there or isn't one.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = clv.rfm_table(clv.load_cdnow(sample=True), out=folder, customer="customer_id", time="date")
    ...     print(open_table(folder))
    StoredTable(2,357 customers, by week)
    """
    place = settled(as_path(folder))
    content = read_json(place / CONTENT, made_by="rfm_table or clv rfm")
    check_summary_format(content, place / CONTENT)
    try:
        period, end, notes = stored_period(content["period"]), content["observation_end"], notes_of(content["notes"])
        groups = {str(name): f"group_{i}" for i, name in enumerate(content["groups"])}
        last_day = None if end is None else np.datetime64(end)
    except Exception as error:  # what was changed may be anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{str(place / CONTENT)!r} is damaged ({reason}); make it again with rfm_table or clv rfm."
        ) from error
    return StoredTable(
        StoredTable.at(place / TABLE, period, {}).paths,
        period,
        groups,
        last_day,
        notes,
        memory_limit,
        None if temp_folder is None else str(temp_folder),
    )


def as_table(
    customers: Any,
    *,
    period: str | timedelta | Period,
    groups: str | Sequence[str] = (),
    memory_limit: str | int | None = None,
    temp_folder: FilePath | None = None,
) -> AbstractCustomerTable:
    """Take over customers who are aggregated already and too many for memory.

    Parameters
    ----------
    customers : path, folder, glob or list of paths, or Spark frame
        Of Parquet files with one row a customer: ``frequency, recency, T`` and, where present, ``customer_id,
        monetary_value, litt``, as in `as_summary`. Or a Spark frame with these columns.
    period : str, timedelta or Period
        The unit that ``recency`` and ``T`` are in.
    groups : str or sequence of str
        Columns that covariates or pooled groups may use.
    memory_limit, temp_folder : str, int or path, optional
        As in `rfm_table`, for grouping.

    Returns
    -------
    AbstractCustomerTable
        For `fit` and `score`.

    Raises
    ------
    InputError
        When a file or column is missing, or rows contradict themselves. That no customer has two rows is not looked at.

    Examples
    --------
    >>> import clvmodels as clv
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     base = pd.DataFrame({"frequency": [2, 0, 1], "recency": [30.0, 0.0, 9.0], "T": [38.0, 38.0, 20.0]})
    ...     base.to_parquet(f"{folder}/base.parquet")
    ...     table = as_table(f"{folder}/base.parquet", period="week")
    ...     print(table)
    StoredTable(3 customers, by week)
    """
    names = as_names(groups, "groups", optional=True)
    unit, known = Period.of(period), {name: name for name in names}
    table: SparkTable | StoredTable
    if is_spark(customers):
        table = SparkTable(customers, unit, known)
    else:
        spill = None if temp_folder is None else str(temp_folder)
        table = replace(StoredTable.at(customers, unit, known), memory_limit=memory_limit, temp_folder=spill)
    for name in names:
        if name not in table.columns:
            raise InputError(f"The table has no column {name!r}; it has: {', '.join(table.columns)}.")
    table.check()
    return table
