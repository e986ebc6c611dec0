"""A log, checked and grouped into purchases; what is asked of its customers is computed from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal, Self

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between, unknown_name
from clvmodels.ingest.customers import counted, group_values
from clvmodels.ingest.engines import Workbench, is_foreign, share
from clvmodels.ingest.periods import Day, Span, as_date, day_of, recent_periods
from clvmodels.ingest.purchases import Rules, ZeroAmounts, collapsed, purchase_days
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.schema import LogColumns, Survey, as_names, standardised, surveyed
from clvmodels.records import Note, Period

type Collapse = Literal["day", "period"]

_CHOICES = {
    "collapse": ("day", "period"),
    "refunds": ("error", "day", "customer", "drop"),
    "zero_amounts": ("keep", "drop"),
}


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
    refunds, zero_amounts, same_customer, tz
        As in ``rfm_summary``.
    """

    columns: LogColumns
    period: Period
    window: float
    end: int | None
    holdout_end: int | None
    whole: bool
    refunds: Refunds
    zero_amounts: ZeroAmounts
    same_customer: Any
    tz: str | None

    @classmethod
    def of(  # noqa: PLR0913 - a log has as many sides
        cls,
        *,
        customer: str | Sequence[str],
        time: str,
        amount: str | None,
        period: str | timedelta | Period,
        observation_end: Day | None,
        holdout_end: Day | None,
        collapse: Collapse,
        refunds: Refunds,
        zero_amounts: ZeroAmounts,
        groups: str | Sequence[str],
        same_customer: Any,
        tz: str | None,
        recent: float | str | None,
    ) -> Self:
        """Check the arguments of ``rfm_summary``."""
        for name, value in (("collapse", collapse), ("refunds", refunds), ("zero_amounts", zero_amounts)):
            if value not in _CHOICES[name]:
                raise unknown_name(f"way of {name}", value, _CHOICES[name])
        if amount is None and (refunds != "error" or zero_amounts != "keep"):
            raise ArgumentError("refunds and zero_amounts speak of money; give amount= as well, or leave them out.")
        columns = LogColumns(as_names(customer, "customer"), time, amount, as_names(groups, "groups", optional=True))
        unit = Period.of(period)
        end, last = _ends(observation_end, holdout_end)
        return cls(
            columns=columns,
            period=unit,
            window=recent_periods(recent, unit),
            end=end,
            holdout_end=last,
            whole=collapse == "period",
            refunds=refunds,
            zero_amounts=zero_amounts,
            same_customer=same_customer,
            tz=tz,
        )

    @property
    def last_counted(self) -> int | None:
        """The day up to which rows count, as far as it was given."""
        return self.end if self.holdout_end is None else self.holdout_end

    def names(self) -> list[str]:
        """Return the columns of the log that it asks for."""
        return [*self.columns.named().values()]

    def rules(self) -> Rules:
        """Return how rows become purchases, once it's known where the observation ends."""
        assert self.end is not None  # the survey has told it
        return Rules(self.refunds, self.zero_amounts, self.same_customer, self.end, self.holdout_end)

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
    purchases : lazy frame
        One row a purchase: ``customer``, ``day``, ``value``.
    notes : tuple of Note
        What reading has touched.
    """

    question: Question
    span: Span
    survey: Survey
    days: nw.LazyFrame[Any]
    purchases: nw.LazyFrame[Any]
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, bench: Workbench, log: Any, question: Question) -> Reading:
        """Check a log and group it.

        Raises
        ------
        InputError
            When the log can't be read, a column is missing or of the wrong type, or rows can't be used.
        """
        rows = standardised(bench.open(log, "log", question.names()), question.columns, question.tz)
        survey = surveyed(rows, question.columns, last_counted=question.last_counted)
        return cls.surveyed(bench, rows, question.ending(survey), survey, foreign=is_foreign(log))

    @classmethod
    def surveyed(
        cls,
        bench: Workbench,
        rows: nw.LazyFrame[Any],
        question: Question,
        survey: Survey,
        *,
        start: int | None = None,
        foreign: bool = False,
    ) -> Reading:
        """Group rows that were looked through before; ``start`` is the day of the first purchase, where it's known."""
        rules = question.rules()
        days, notes = purchase_days(bench, rows, question.columns, rules, survey, foreign=foreign)
        if start is None:
            start = days.select(nw.col("day").min()).collect("pyarrow")["day"].to_list()[0]
        span = question.span(first_day(start, rules.observation_end))
        return cls(question, span, survey, days, collapsed(bench, days, span) if span.whole else days, tuple(notes))

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
            "customer_id": table["customer"].to_numpy(zero_copy_only=False),
            "frequency": n - 1,
            "recency": self.span.time(first, table["last"].to_numpy()),
            "T": self.span.time(first, self.span.observation_end),
            "first_purchase": first.astype("datetime64[D]"),
            "recent_purchases": table["n_recent"].to_numpy().astype(np.float64),
        }
        if self.has_amounts:
            total = table["spend"].to_numpy()
            mean = np.where(n > 1, (total - table["first_value"].to_numpy()) / np.maximum(n - 1, 1), 0.0)
            found |= {"monetary_value": mean, "total_spend": total, "recent_spend": table["spend_recent"].to_numpy()}
        return found | (self._ahead(table) if self.has_holdout else {})

    def _ahead(self, table: pa.Table | pa.RecordBatch) -> dict[str, FloatArray]:
        if not self.later:  # the log ends with the observation
            names = ["holdout_frequency", *(["holdout_spend"] if self.has_amounts else [])]
            return {name: np.zeros(len(table)) for name in names}
        ahead = {"holdout_frequency": table["n_ahead"].to_numpy().astype(np.float64)}
        return ahead | ({"holdout_spend": table["spend_ahead"].to_numpy()} if self.has_amounts else {})


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
