"""What a worker of Spark does with its part of a log: the same as is done with a log on one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import narwhals as nw
import pyarrow as pa

from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.memory import rows_at_once
from clvmodels.ingest.orders import order_totals
from clvmodels.ingest.purchases import REFUNDED, purchase_days
from clvmodels.ingest.reading import Look, Question, Reading, as_asked
from clvmodels.ingest.schema import Survey, faults, first_rows, standardised, survey_totals
from clvmodels.ingest.streaming import Customers
from clvmodels.ingest.texts import Plan

_BATCH = 50_000  # rows handed back to Spark at once

type Part = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]
type _Telling = Callable[[Workbench, nw.LazyFrame[Any], pa.Schema], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class Worker:
    """What reads a part of a log. Each method returns what Spark applies to the batches of a part.

    Attributes
    ----------
    question : Question
        What is asked.
    memory : int or None
        Bytes that the engine may take.
    folder : str or None
        Where it spills.
    plan : Plan
        How columns of text are read.
    """

    question: Question
    memory: int | None
    folder: str | None
    plan: Plan

    def totals(self, kinds: Mapping[str, pa.DataType]) -> Part:
        """Tell the totals that make a survey, in one row of these types."""
        question = self.question

        def told(_: Workbench, rows: nw.LazyFrame[Any], __: pa.Schema) -> Iterator[pa.RecordBatch]:
            doubt = bool(self.plan.doubts)
            totals = survey_totals(
                question.columns, question.last_counted, drop_missing=question.drop_missing, doubt=doubt
            )
            found = rows.select(**totals).collect("pyarrow").to_native()
            yield from found.select(list(kinds)).cast(pa.schema(kinds)).to_batches()

        return self._part(told)

    def by_day(self) -> Part:
        """Tell how many rows each day has, and their money: what a look at the log can see without bringing customers
        together."""
        question = self.question
        totals = {"purchases": nw.len().cast(nw.Int64)}
        if question.columns.amount is not None:
            totals["value"] = nw.col("amount").sum()

        def told(_: Workbench, rows: nw.LazyFrame[Any], __: pa.Schema) -> Iterator[pa.RecordBatch]:
            counted = rows if question.last_counted is None else rows.filter(nw.col("day") <= question.last_counted)
            found = counted.group_by("day").agg(**totals).with_columns(nw.col("day").cast(nw.Int64))
            yield from found.collect("pyarrow").to_native().select(["day", *totals]).to_batches()

        return self._part(told)

    def first_rows(self, fault: str | None) -> Part:
        """Tell the first rows with a fault, as text; None asks for refunds, for which orders are whole in a part."""
        question, columns = self.question, self.question.columns

        def told(_: Workbench, rows: nw.LazyFrame[Any], __: pa.Schema) -> Iterator[pa.RecordBatch]:
            if fault is None:
                rows, mask = as_asked(rows, question), REFUNDED
            else:
                mask = faults(columns, drop_missing=question.drop_missing)[fault][0]
            yield pa.record_batch({"row": pa.array(first_rows(rows, columns, mask), pa.string())})

        return self._part(told)

    def order_totals(self, kinds: Mapping[str, pa.DataType]) -> Part:
        """Tell the totals over orders in one row of these types, all rows of a customer being in the part."""
        question = self.question

        def told(_: Workbench, rows: nw.LazyFrame[Any], __: pa.Schema) -> Iterator[pa.RecordBatch]:
            totals = order_totals(question.columns, question.last_counted)
            found = as_asked(rows, question).select(**totals).collect("pyarrow").to_native()
            yield from found.select(list(kinds)).cast(pa.schema(kinds)).to_batches()

        return self._part(told)

    def first_day(self, survey: Survey) -> Part:
        """Tell the day of the first purchase of some customers, all their rows being in the part."""
        columns, rules = self.question.columns, self.question.rules()

        def told(bench: Workbench, rows: nw.LazyFrame[Any], _: pa.Schema) -> Iterator[pa.RecordBatch]:
            asked = as_asked(rows, self.question)
            days = purchase_days(bench, asked, columns, rules, survey, foreign=False).days
            first = days.select(nw.col("day").min().cast(nw.Int64)).collect("pyarrow")
            yield from first.to_native().to_batches()

        return self._part(told)

    def customers(self, survey: Survey, start: int, names: Sequence[str], *, intervals: bool) -> Part:
        """Tell the customers of a part, all their rows being in it.

        Parameters
        ----------
        survey : Survey
            Of the whole log.
        start : int
            The day of its first purchase.
        names : sequence of str
            What is told of each customer, in order.
        intervals : bool
            Whether to look at the times between purchases.
        """
        question, at_once = self.question, rows_at_once(self.memory)
        columns = question.columns
        kept = {"customer_id": columns.customer[0]} | dict(zip(columns.group_ids, columns.groups, strict=True))

        def told(bench: Workbench, rows: nw.LazyFrame[Any], log: pa.Schema) -> Iterator[pa.RecordBatch]:
            reading = Reading.surveyed(bench, Look(as_asked(rows, question), survey), question, start=start)
            for table in Customers(reading, intervals, end_given=True, rows_at_once=at_once).tables():
                found = table.select(names)
                for to, name in kept.items():
                    found = _of_type(found, to, log.field(name).type)
                yield from found.to_batches(_BATCH)

        return self._part(told)

    def _part(self, told: _Telling) -> Part:
        """Return what tells of the rows of a part, which come as a stream and can be computed once."""

        def part(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            first = next(batches, None)
            if first is None:
                return
            # Spark runs a worker for each processor, so one thread is its share.
            with Workbench(memory=self.memory, folder=self.folder, threads=1) as bench:
                reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
                # The stream is kept: orders and what has none are two looks at it.
                frame = bench.put(reader) if self.question.columns.order is None else bench.keep(bench.put(reader))
                read = nw.from_native(self.plan.applied(nw.to_native(frame)))
                rows = standardised(read, self.question.columns, self.question.spec.tz)
                yield from told(bench, rows, first.schema)

        return part


def _of_type(table: pa.Table, name: str, kind: pa.DataType) -> pa.Table:
    """Return a table with a column in the type that Spark has for it; decimals that are floats by now stay so."""
    values = table[name]
    if pa.types.is_decimal(kind) and pa.types.is_floating(values.type):
        return table
    return table.set_column(table.schema.get_field_index(name), name, values.cast(kind))
