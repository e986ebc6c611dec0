"""A log, checked and grouped into purchases; what is asked of its customers is computed from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between
from clvmodels.ingest.customers import counted, group_values
from clvmodels.ingest.engines import Workbench, is_foreign, share
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.ingest.orders import by_order, of_orders, order_totals
from clvmodels.ingest.periods import Day, Span, as_date, day_of, recent_periods
from clvmodels.ingest.purchases import Rules, collapsed, purchase_days
from clvmodels.ingest.schema import LogColumns, Survey, missing_customers, somebody, standardised, surveyed
from clvmodels.ingest.settled_sums import settled_sums
from clvmodels.ingest.timeline import by_day
from clvmodels.ingest.typed_tables import as_read
from clvmodels.records import Note, Period


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a log; days are day numbers from 1970-01-01.

    Attributes
    ----------
    columns : LogColumns
        Where it tells what.
    period : Period
        The unit of time.
    window : float
        Periods before the end of observation that count as recent.
    end, holdout_end : int or None
        Last days of observation and of holdout, as far as they were given.
    whole : bool
        Whether time is counted in whole periods.
    spec : LogSpec
        What was asked in words.
    """

    columns: LogColumns
    period: Period
    window: float
    end: int | None
    holdout_end: int | None
    whole: bool
    spec: LogSpec

    @classmethod
    def of(cls, spec: LogSpec) -> Self:
        """Check what is asked."""
        columns = spec.checked()
        unit = Period.of(spec.period)
        end, last = _ends(spec.observation_end, spec.holdout_end)
        return cls(
            columns=columns,
            period=unit,
            window=recent_periods(spec.recent, unit),
            end=end,
            holdout_end=last,
            whole=spec.collapse == "period",
            spec=spec,
        )

    @property
    def last_counted(self) -> int | None:
        """The day up to which rows count, as far as it was given."""
        return self.end if self.holdout_end is None else self.holdout_end

    def names(self) -> list[str]:
        """Return the columns of the log that it asks for."""
        return [*dict.fromkeys(self.columns.named().values())]

    @property
    def drop_missing(self) -> bool:
        """Whether rows without a customer are left out."""
        return self.spec.missing_customers == "drop"

    def rules(self) -> Rules:
        """Return how rows become purchases, once it's known where the observation ends."""
        assert self.end is not None  # the survey has told it
        spec = self.spec
        return Rules(spec.refunds, spec.zero_amounts, spec.same_customer, self.end, self.holdout_end)

    def span(self, start: int) -> Span:
        """Return the days that are looked at, from the first purchase on."""
        assert self.end is not None
        last = self.end if self.holdout_end is None else self.holdout_end
        return Span(start, self.end, last, self.period, self.whole)

    def ending(self, survey: Survey) -> Question:
        """Return the question with the last day of the log as the end where none was given."""
        return self if self.end is not None else replace(self, end=survey.last_day)


@dataclass(frozen=True, eq=False)
class Reading:
    """A log on a workbench.

    Attributes
    ----------
    question : Question
        What is asked, the end of observation known.
    span : Span
        The days that are looked at.
    survey : Survey
        Counts over the rows.
    days : lazy frame
        One row a customer and day of purchase, with the range of each group column that day.
    amounts : lazy frame or None
        What tells the least amount among the rows of each customer and day, computed when it's asked for.
    purchases : lazy frame
        One row a purchase: ``customer``, ``day``, ``value``.
    notes : tuple of Note
        What reading has touched.
    numbered : bool
        Whether ids are whole numbers here and text outside.
    """

    question: Question
    span: Span
    survey: Survey
    days: nw.LazyFrame[Any]
    amounts: nw.LazyFrame[Any] | None
    purchases: nw.LazyFrame[Any]
    notes: tuple[Note, ...]
    numbered: bool = False

    @classmethod
    def of(cls, bench: Workbench, log: Any, question: Question) -> Reading:
        """Check a log and group it.

        Raises
        ------
        InputError
            When the log can't be read, a column is missing or of the wrong type, or rows can't be used.
        """
        look = looked_through(bench, log, question)
        return cls.surveyed(bench, look, question.ending(look.survey))

    @classmethod
    def surveyed(cls, bench: Workbench, look: Look, question: Question, *, start: int | None = None) -> Reading:
        """Group rows that were looked through before; ``start`` is the day of the first purchase, where it's known."""
        rules, survey = question.rules(), look.survey
        found = purchase_days(bench, look.rows, question.columns, rules, survey, foreign=look.foreign)
        days = found.days
        if start is None:
            start = days.select(nw.col("day").min()).collect("pyarrow")["day"].to_list()[0]
        span = question.span(first_day(start, rules.observation_end))
        purchases = collapsed(bench, days, span) if span.whole else days
        notes = (*look.notes, *found.notes)
        return cls(question, span, survey, days, found.amounts, purchases, notes, look.numbered)

    @property
    def later(self) -> bool:
        """Whether the log goes on after the observation."""
        return self.survey.last_day > self.span.observation_end

    @property
    def has_amounts(self) -> bool:
        """Whether the log tells money."""
        return self.question.columns.amount is not None

    @property
    def has_holdout(self) -> bool:
        """Whether a holdout was asked for."""
        return self.question.holdout_end is not None

    @cached_property
    def holdout_length(self) -> float:
        """Periods of the holdout."""
        return holdout_length(self.span)

    @cached_property
    def by_day(self) -> pa.Table:
        """Days up to the end of the holdout, in order, with the number of customers who bought, and their ``spend``."""
        return by_day(self.days, self.span)

    def by_day_of(self, purchases: nw.LazyFrame[Any]) -> pa.Table:
        """Return the same of some of the purchases."""
        return self.by_day if purchases is self.days else by_day(purchases, self.span)

    def share(self, k: int, n: int) -> Reading:
        """Return the customers whose ids fall into share k of n, with all that is known of the whole log."""
        return replace(self, days=share(self.days, k, n), purchases=share(self.purchases, k, n))

    def counted(self) -> nw.LazyFrame[Any]:
        """Return one row a customer: first and last day, counts and sums."""
        return counted(self.purchases, self.span, self.question.window, later=self.later)

    def group_values(self) -> nw.LazyFrame[Any] | None:
        """Return the group columns, one row a customer; None where none was asked for."""
        return group_values(self.days, self.question.columns, self.span) if self.question.columns.groups else None

    def columns(self, table: pa.Table | pa.RecordBatch) -> dict[str, AnyArray]:
        """Return what a summary tells of the customers in some rows of ``counted``, holdout included, by its names."""
        n = table["n"].to_numpy().astype(np.float64)
        first = table["first"].to_numpy()
        found: dict[str, AnyArray] = {
            "customer_id": self.ids(table).to_numpy(zero_copy_only=False),
            "frequency": n - 1,
            "recency": self.span.time(first, table["last"].to_numpy()),
            "T": self.span.time(first, self.span.observation_end),
            "first_purchase": first.astype("datetime64[D]"),
            "recent_purchases": table["n_recent"].to_numpy().astype(np.float64),
        }
        if self.has_amounts:
            total, recent = (settled_sums(table[name].to_numpy()) for name in ("spend", "spend_recent"))
            repeats = settled_sums(total - table["first_value"].to_numpy())
            mean = np.where(n > 1, repeats / np.maximum(n - 1, 1), 0.0)
            found |= {"monetary_value": mean, "total_spend": total, "recent_spend": recent}
        return found | (self._ahead(table) if self.has_holdout else {})

    def ids(self, table: pa.Table | pa.RecordBatch) -> Any:
        """Return the ids of the customers in some rows of ``counted``."""
        return pc.cast(table["customer"], pa.string()) if self.numbered else table["customer"]

    def _ahead(self, table: pa.Table | pa.RecordBatch) -> dict[str, FloatArray]:
        if not self.later:  # the log ends with the observation
            names = ["holdout_frequency", *(["holdout_spend"] if self.has_amounts else [])]
            return {name: np.zeros(len(table)) for name in names}
        ahead = {"holdout_frequency": table["n_ahead"].to_numpy().astype(np.float64)}
        return ahead | ({"holdout_spend": settled_sums(table["spend_ahead"].to_numpy())} if self.has_amounts else {})


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """The rows of a log after they were looked through.

    Attributes
    ----------
    rows : lazy frame
        As `standardised` gives them.
    survey : Survey
        Counts over them.
    notes : tuple of Note
        What reading them decided.
    numbered : bool
        Whether ids that are text are counted with as whole numbers, which is faster.
    foreign : bool
        Whether they are computed on somebody else's connection.
    """

    rows: nw.LazyFrame[Any]
    survey: Survey
    notes: tuple[Note, ...] = ()
    numbered: bool = False
    foreign: bool = False


def looked_through(bench: Workbench, log: Any, question: Question) -> Look:
    """Read a log and count its rows.

    Text is read once: cutting it and turning it into numbers is dearer than to keep the numbers, and all that is asked
    is asked of those.

    Raises
    ------
    InputError
        When a column can't be read as what it should be, or rows can't be used.
    """
    columns, spec = question.columns, question.spec
    frame, files = bench.opened(log, "log", question.names(), encoding=spec.encoding)
    text = files is not None and files.kind == "csv"
    alone = len(columns.ids) == 1 and spec.same_customer is None  # ids aren't compared with other ids
    for thorough in (False, True):
        read, plan = as_read(frame, files, columns.roles(), spec, thorough=thorough, numbered=text and alone)
        rows = standardised(read, columns, spec.tz)
        rows = bench.keep(rows) if text else rows
        survey = surveyed(rows, columns, last_counted=question.last_counted, drop_missing=question.drop_missing)
        if survey is not None:
            break
        bench.drop(rows)
    assert survey is not None  # what is read thoroughly leaves no doubt
    numbered = text and rows.collect_schema()["id_0"] == nw.Int64
    notes = [*plan.notes, *_told(survey, columns)]
    rows = as_asked(rows, question.ending(survey))
    if columns.order is not None:
        rows = bench.keep(rows, foreign=is_foreign(log))
        found = rows.select(**order_totals(columns, question.last_counted)).collect("pyarrow").rows(named=True)[0]
        survey, note = of_orders(survey, found, columns)
        notes.append(note)
    ordered = columns.order is not None  # rows are kept then
    return Look(rows, survey, tuple(notes), numbered=numbered, foreign=is_foreign(log) and not ordered)


def as_asked(rows: nw.LazyFrame[Any], question: Question) -> nw.LazyFrame[Any]:
    """Return rows of known customers, brought together by orders where there are some; the end is known."""
    if question.drop_missing:
        rows = rows.filter(somebody(question.columns))
    if question.columns.order is None:
        return rows
    assert question.end is not None  # the survey has told it
    return by_order(rows, question.columns, question.end)


def _told(survey: Survey, columns: LogColumns) -> list[Note]:
    return [missing_customers(survey, columns)] if survey.n_missing else []


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


def holdout_length(span: Span) -> float:
    """Return the periods of the holdout."""
    duration = float(span.time(span.observation_end, span.holdout_end))
    return check_between(
        "the holdout (in whole periods)", duration, 0.0, float("inf"), "it must hold something.", open_low=True
    )


def first_day(start: int | None, end: int) -> int:
    """Return the day of the first purchase, None where there is none, when it lies in the observation."""
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
