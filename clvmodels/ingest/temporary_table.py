"""The customers of a log for as long as they are looked at, in memory that doesn't grow with their number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.memory import engine_memory, rows_at_once
from clvmodels.ingest.parquet import write_tables
from clvmodels.ingest.periods import Span, as_date
from clvmodels.ingest.reading import Question, Reading
from clvmodels.ingest.spark_frames import is_spark
from clvmodels.ingest.spark_log import SparkLog
from clvmodels.ingest.stored import StoredTable
from clvmodels.ingest.streaming import Customers
from clvmodels.records import AbstractCustomerTable
from clvmodels.scratch import spill_folder


def span_of(
    log: Any, question: Question, *, memory_limit: str | int | None = None, temp_folder: str | None = None
) -> Span:
    """Return the days of a log that a question looks at.

    Raises
    ------
    InputError
        As ``rfm_summary``.
    """
    if is_spark(log):
        return SparkLog.of(log, question, memory_limit=memory_limit, temp_folder=temp_folder).span
    with Workbench(memory=engine_memory(memory_limit), folder=temp_folder) as bench:
        return Reading.of(bench, log, question).span


@contextmanager
def temporary_table(
    log: Any,
    question: Question,
    *,
    intervals: bool,
    memory_limit: str | int | None = None,
    temp_folder: str | None = None,
) -> Iterator[tuple[AbstractCustomerTable, Span]]:
    """Give the customers of a log, in a file or on Spark, and the days that were looked at; afterwards they are gone.

    Raises
    ------
    InputError
        As ``rfm_summary``, and when memory or disk aren't enough.
    """
    if is_spark(log):
        read = SparkLog.of(log, question, memory_limit=memory_limit, temp_folder=temp_folder)
        table = read.table(intervals=intervals)
        kept = table.frame.persist()  # or each look at the customers would group the log anew
        try:
            yield table, read.span
        finally:
            kept.unpersist()
        return
    memory = engine_memory(memory_limit)
    with spill_folder(temp_folder) as scratch:
        place = scratch.path / "customers.parquet"
        with Workbench(memory=memory, folder=temp_folder) as bench:
            reading = Reading.of(bench, log, question)
            write_tables(Customers(reading, intervals, question.end is not None, rows_at_once(memory)).tables(), place)
        yield (
            StoredTable(
                (str(place),),
                question.period,
                {},
                as_date(reading.span.observation_end),
                memory_limit=memory_limit,
                temp_folder=temp_folder,
            ),
            reading.span,
        )
