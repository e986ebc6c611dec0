"""From rows to purchases: one a customer and calendar day, after identities, refunds and zero amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw

from clvmodels.errors import InputError
from clvmodels.ingest.engines import Workbench, whole_period
from clvmodels.ingest.identities import with_customer
from clvmodels.ingest.log_checks.of_refunds import refund_findings
from clvmodels.ingest.periods import Span
from clvmodels.ingest.refunds import Refunds, dropped, netted_by_customer, netted_by_day
from clvmodels.ingest.schema import LogColumns, Survey, count_of, first_rows
from clvmodels.records import Note
from clvmodels.voice import is_muted

type ZeroAmounts = Literal["keep", "drop"]

REFUNDED = nw.col("amount") < 0


@dataclass(frozen=True, eq=False, slots=True)
class PurchaseDays:
    """One row a customer and day of purchase.

    Attributes
    ----------
    days : lazy frame
        ``customer``, ``day``, ``value``, and the range of each group column that day.
    amounts : lazy frame or None
        ``customer``, ``day`` and ``least``, whose minimum is the least amount among the rows of each day, refunds
        included; nothing of it is computed before somebody asks. None where there is no money.
    notes : list of Note
        What was touched.
    """

    days: nw.LazyFrame[Any]
    amounts: nw.LazyFrame[Any] | None
    notes: list[Note]


@dataclass(frozen=True, slots=True)
class Rules:
    """How rows become purchases; days are day numbers from 1970-01-01."""

    refunds: Refunds
    zero_amounts: ZeroAmounts
    same_customer: Any
    observation_end: int
    holdout_end: int | None


def purchase_days(
    bench: Workbench,
    rows: nw.LazyFrame[Any],
    columns: LogColumns,
    rules: Rules,
    survey: Survey,
    *,
    foreign: bool,
) -> PurchaseDays:
    """Return the days of purchase of each customer.

    The grouping by customer and day is the one heavy step; its result is kept, and all later questions are put to it.
    A second sum makes it half as slow again, so the least amount of a day is grouped along only where another look at
    some of the rows can't be had: somebody else's connection has them, or a customer has several ids.

    Raises
    ------
    InputError
        When the log has refunds and the rules don't say what to do with them.
    """
    notes: list[Note] = []
    if survey.n_negative and rules.refunds == "error":
        raise undecided(survey, columns, "; ".join(first_rows(rows, columns, REFUNDED)))
    if rules.holdout_end is not None:
        rows = rows.filter(nw.col("day") <= rules.holdout_end)
    if survey.n_negative and rules.refunds == "drop":
        rows = rows.filter(nw.col("amount") >= 0)
        notes.append(dropped(survey))
    if survey.n_zero:
        notes.append(zeros(survey, rules.zero_amounts))
        if rules.zero_amounts == "drop":
            rows = rows.filter(nw.col("amount") != 0)
    netted = bool(survey.n_negative) and rules.refunds in ("day", "customer")
    linked = len(columns.ids) > 1 or rules.same_customer is not None
    along = bool(columns.money) and (linked or foreign)
    days = bench.keep(_grouped(_measured(rows, columns, netted=netted, least=along), columns.ids), foreign=foreign)
    if linked:
        days, note = with_customer(bench, days, columns, rules.same_customer)
        days = bench.keep(_grouped(days, ["customer"]))
        notes.append(note)
    else:
        days = days.rename({"id_0": "customer"})
    amounts = None
    if columns.money:
        amounts = days if along else rows.select("day", customer=nw.col("id_0"), least=nw.col("amount"))
    if netted:
        notes += [] if is_muted() else refund_findings(days)
        if rules.refunds == "day":
            days, note = netted_by_day(days, survey)
        else:
            days, note = netted_by_customer(bench, days, rules.observation_end, survey)
        notes.append(note)
    return PurchaseDays(days, amounts, notes)


def collapsed(bench: Workbench, days: nw.LazyFrame[Any], span: Span) -> nw.LazyFrame[Any]:
    """Return one row a customer and whole period, on the first day of purchase in it.

    The period in which the observation ends is split there, so that its rest counts as holdout.
    """
    placed = whole_period(days, span.start, span.period.days, span.months)
    by_period = placed.with_columns(ahead=nw.col("day") > span.observation_end)
    return bench.keep(
        by_period.group_by("customer", "period", "ahead")
        .agg(nw.col("day").min(), nw.col("value").sum())
        .drop("period", "ahead")
    )


def _measured(rows: nw.LazyFrame[Any], columns: LogColumns, *, netted: bool, least: bool) -> nw.LazyFrame[Any]:
    value = nw.lit(0.0) if columns.amount is None else nw.col("amount")
    measures = {"value": value}
    if netted:
        measures["bought"] = nw.when(value > 0).then(value).otherwise(0.0)
        measures["n_refunds"] = nw.when(value < 0).then(1).otherwise(0)
    there = rows.collect_schema().names()
    if least:
        measures["least"] = value
    for name in columns.group_ids:
        for edge in (f"low_{name}", f"high_{name}"):  # orders have a range already
            measures[edge] = nw.col(edge if edge in there else name)
    return rows.select(*columns.ids, "day", **measures)


def _grouped(measured: nw.LazyFrame[Any], ids: list[str]) -> nw.LazyFrame[Any]:
    """Add up the measures by customer and day, and take the range of the group columns."""
    totals = []
    for name in measured.collect_schema().names():
        if name.startswith(("low_", "high_")):
            totals.append(nw.col(name).min() if name.startswith("low_") else nw.col(name).max())
        elif name in ("value", "bought"):
            totals.append(nw.col(name).sum())
        elif name == "least":
            totals.append(nw.col(name).min())
        elif name == "n_refunds":
            totals.append(nw.col(name).sum().cast(nw.Int64))
    return measured.group_by(*ids, "day").agg(*totals)


def undecided(survey: Survey, columns: LogColumns, first: str) -> InputError:
    """Return the error for refunds, the first rows of them given, where nobody said what they do."""
    return InputError(
        f"The log has {count_of(survey.n_negative, 'row')} with a negative {columns.amount!r} (first: {first}), and a "
        f"refund is no purchase; say what refunds do: refunds='day' nets them against purchases of the same day, "
        f"'customer' against the customer's latest purchases before, 'drop' leaves them out."
    )


def zeros(survey: Survey, zero_amounts: ZeroAmounts) -> Note:
    """Return the note on amounts of zero."""
    rows = f"{count_of(survey.n_zero, 'row')} with an amount of zero"
    if zero_amounts == "keep":
        return Note("zero_amounts", f"Counted as purchases: {rows}; zero_amounts='drop' leaves such rows out.")
    return Note("zero_amounts", f"Left out: {rows}; zero_amounts='keep' counts such rows as purchases.")
