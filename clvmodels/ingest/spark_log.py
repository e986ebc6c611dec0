"""A log in a frame of PySpark: read where it is, by the code that reads every log, some of the customers at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.errors import ArgumentError
from clvmodels.ingest.customers import carried_along
from clvmodels.ingest.engines import Workbench, native_maker
from clvmodels.ingest.log_checks import Profile, findings_in
from clvmodels.ingest.log_checks.profile import Daily, today
from clvmodels.ingest.log_notes import notes_of_log
from clvmodels.ingest.memory import engine_memory
from clvmodels.ingest.missing_columns import require
from clvmodels.ingest.on_spark import SparkTable, ddl, type_in
from clvmodels.ingest.orders import of_orders, order_totals
from clvmodels.ingest.periods import Span, as_date
from clvmodels.ingest.purchases import undecided, zeros
from clvmodels.ingest.reading import Question, first_day, holdout_length
from clvmodels.ingest.refunds import dropped, netted_in_parts
from clvmodels.ingest.schema import (
    N_SHOWN,
    Survey,
    faults,
    missing_customers,
    standardised,
    survey_of,
    survey_totals,
)
from clvmodels.ingest.spark_frames import one_sentence
from clvmodels.ingest.spark_parts import Part, Worker
from clvmodels.ingest.spark_texts import SparkRows
from clvmodels.ingest.texts import DOUBT, plan_of
from clvmodels.records import Holdout, Note, Summary
from clvmodels.voice import is_muted

_MEMORY = "1GB"  # of each worker, where nobody says more


@dataclass(frozen=True, eq=False)
class SparkLog:
    """A log on Spark, looked through once.

    Attributes
    ----------
    frame : pyspark.sql.DataFrame
        The columns that are needed.
    worker : Worker
        What reads a part of it, the end of observation known.
    survey : Survey
        Counts over the rows.
    span : Span
        The days that are looked at.
    end_given : bool
        Whether somebody said where the observation ends.
    told : tuple of Note
        What was decided about its columns and rows.
    """

    frame: Any
    worker: Worker
    survey: Survey
    span: Span
    end_given: bool
    told: tuple[Note, ...] = ()

    @classmethod
    @one_sentence()
    def of(
        cls, log: Any, question: Question, *, memory_limit: str | int | None = None, temp_folder: str | None = None
    ) -> SparkLog:
        """Look through a log.

        Raises
        ------
        InputError
            When a column is missing or of the wrong type, or rows can't be used.
        ArgumentError
            When customers are to be brought together from several ids.
        """
        columns = question.columns
        if len(columns.customer) > 1 or question.spec.same_customer is not None:
            raise ArgumentError(
                "The log is a Spark frame, whose rows can't be brought together by several id columns or "
                "same_customer=; resolve the ids first, and give the one column that names each customer."
            )
        require(question.names(), log.columns, "log")
        if question.spec.encoding is not None:
            raise ArgumentError("encoding is given, but a Spark frame is no text file; leave it out.")
        frame = log.select(*question.names())
        memory = engine_memory(_MEMORY if memory_limit is None else memory_limit)
        for thorough in (False, True):
            plan = plan_of(SparkRows(frame), columns.roles(), question.spec, thorough=thorough)
            with Workbench() as bench:  # no row is looked at: types are checked as those of any log
                read = plan.applied(nw.to_native(bench.put(frame.limit(0).toArrow())))
                standardised(nw.from_native(read), columns, question.spec.tz)
            worker = Worker(question, memory, temp_folder, plan)
            survey = _survey(frame, worker)
            if survey is not None:
                break
        assert survey is not None  # what is read thoroughly leaves no doubt
        worker, told = replace(worker, question=question.ending(survey)), list(plan.notes)
        if survey.n_missing:
            told.append(missing_customers(survey, columns))
        if columns.order is not None:
            survey, note = of_orders(survey, _orders(frame, worker), columns)
            told.append(note)
        if survey.n_negative and question.spec.refunds == "error":
            whole = frame if columns.order is None else _by_customer(frame, question)
            raise undecided(survey, columns, _first_rows(whole, worker, None))
        span = worker.question.span(_start(frame, worker, survey))
        if question.holdout_end is not None:
            holdout_length(span)
        return cls(frame, worker, survey, span, question.end is not None, tuple(told))

    def table(self, *, intervals: bool) -> SparkTable:
        """Return the customers, who are computed when something is asked of them."""
        question, columns = self.worker.question, self.worker.question.columns
        groups = dict(zip(columns.group_ids, columns.groups, strict=True))
        kinds = {"customer_id": type_in(self.frame, columns.customer[0])} | _numbers(question, intervals)
        for to, name in groups.items():
            kind = type_in(self.frame, name)
            kinds[to] = "double" if kind.startswith("decimal") else kind
        part = self.worker.customers(self.survey, self.span.start, list(kinds), intervals=intervals)
        return SparkTable(
            _by_customer(self.frame, question).mapInArrow(part, ddl(kinds)),
            question.period,
            {name: to for to, name in groups.items()},
            as_date(self.span.observation_end),
            self.notes(),
        )

    def notes(self, n_purchases: float = 0.0) -> tuple[Note, ...]:
        """Return what the survey has told; without the number of purchases a silent end isn't noticed."""
        survey, question = self.survey, self.worker.question
        notes, spec = [*self.told], question.spec
        if survey.n_negative:
            drop = spec.refunds == "drop"
            notes.append(dropped(survey) if drop else netted_in_parts(survey, spec.refunds))
        if survey.n_zero:
            notes.append(zeros(survey, spec.zero_amounts))
        ends = notes_of_log(survey, self.span, n_purchases, n_late=0, end_given=self.end_given)
        return (*notes, *ends, *(() if is_muted() else self._findings))

    @cached_property
    def _findings(self) -> tuple[Note, ...]:
        """What the days alone show; customers aren't brought together for it."""
        columns = self.worker.question.columns
        kinds = {"day": "bigint", "purchases": "bigint", **({"value": "double"} if columns.money else {})}
        with one_sentence():
            parts = _collected(self.frame, self.worker.by_day(), kinds)
        names = [name for name in kinds if name != "day"]
        days = parts.group_by("day").aggregate([(name, "sum") for name in names]).sort_by("day")
        values = {name: days[f"{name}_sum"].cast(pa.float64()).to_numpy() for name in names}
        return findings_in(Profile(Daily(days["day"].to_numpy().astype(np.int64), values), self.span, today()))


def summary_on_spark(log: Any, question: Question, *, intervals: bool) -> Summary:
    """Return the summary of a log on Spark in memory, without a timeline."""
    read = SparkLog.of(log, question)
    table = read.table(intervals=intervals)
    with one_sentence():
        rows: pa.Table = table.frame.toArrow().sort_by("customer_id")
    columns = {name: rows[name].to_numpy() for name in rows.column_names if not name.startswith(("group_", "holdout_"))}
    holdout = None
    if question.holdout_end is not None:
        spend = None if question.columns.amount is None else rows["holdout_spend"].to_numpy()
        holdout = Holdout(holdout_length(read.span), rows["holdout_frequency"].to_numpy(), spend)
    return Summary(
        period=question.period,
        **columns,
        recent_window=question.window,
        groups=carried_along(rows, question.columns),
        holdout=holdout,
        observation_end=table.observation_end,
        notes=read.notes(float(columns["frequency"].sum()) + len(rows)),
        as_native=native_maker(log),
    )


def _numbers(question: Question, intervals: bool) -> dict[str, str]:
    """Return what a summary tells of a customer, in its order, with the types that Spark has for it."""
    names = ["frequency", "recency", "T", "first_purchase", "recent_purchases"]
    money = question.columns.amount is not None
    names += ["monetary_value", "total_spend", "recent_spend"] if money else []
    if question.holdout_end is not None:
        names += ["holdout_frequency", *(["holdout_spend"] if money else [])]
    return dict.fromkeys([*names, *(["litt"] if intervals else [])], "double") | {"first_purchase": "date"}


def _by_customer(frame: Any, question: Question) -> Any:
    """Return a log with all rows of a customer in one part; the session says how many parts there are."""
    return frame.repartition(question.columns.customer[0])


def _survey(frame: Any, worker: Worker) -> Survey | None:
    """Count over the rows, and refuse those that can't be used; None where the plan leaves texts open."""
    question = worker.question
    doubt = bool(worker.plan.doubts)
    totals = survey_totals(question.columns, question.last_counted, drop_missing=question.drop_missing, doubt=doubt)
    found = _added(frame, worker.totals, list(totals))
    if found.pop(DOUBT, 0):
        return None
    wrong = faults(question.columns, drop_missing=question.drop_missing)
    return survey_of(found, question.columns, wrong, lambda fault: _first_rows(frame, worker, fault))


def _orders(frame: Any, worker: Worker) -> dict[str, Any]:
    """Count over the orders."""
    names = list(order_totals(worker.question.columns, worker.question.last_counted))
    return _added(_by_customer(frame, worker.question), worker.order_totals, names)


def _added(frame: Any, part: Callable[[Mapping[str, pa.DataType]], Part], names: Sequence[str]) -> dict[str, Any]:
    """Return what the parts of a frame have counted, together."""
    kinds = {name: pa.float64() if name.startswith("money") else pa.int64() for name in names}
    told = {name: "double" if kind == pa.float64() else "bigint" for name, kind in kinds.items()}
    parts = _collected(frame, part(kinds), told)
    added = {"first_day": pc.min, "last_day": pc.max}
    return {name: added.get(name, pc.sum)(parts[name]).as_py() for name in names}


def _first_rows(frame: Any, worker: Worker, fault: str | None) -> str:
    rows = frame.mapInArrow(worker.first_rows(fault), ddl({"row": "string"}))
    return "; ".join(rows.limit(N_SHOWN).toArrow()["row"].to_pylist())


def _start(frame: Any, worker: Worker, survey: Survey) -> int:
    """Return the day of the first purchase.

    Rows that are taken out may move it. Only whole periods depend on it; else that of the first row will do, for notes.
    """
    question, start = worker.question, survey.first_day
    fewer = survey.n_negative or (survey.n_zero and question.spec.zero_amounts == "drop")
    if fewer and question.whole:
        days = _collected(_by_customer(frame, question), worker.first_day(survey), {"day": "bigint"})
        start = pc.min(days["day"]).as_py()
    return first_day(start, question.rules().observation_end)


def _collected(frame: Any, part: Part, kinds: Mapping[str, str]) -> pa.Table:
    """Return the few rows that each part of a frame gives."""
    return frame.mapInArrow(part, ddl(kinds)).toArrow()
