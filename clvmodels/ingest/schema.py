"""What a log must look like, checked before anything is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np

from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.engines import day_number
from clvmodels.ingest.texts import DOUBT, Role, roles_of
from clvmodels.records import Note

N_SHOWN = 5  # offending rows in an error
_FACTORS = ("quantity", "price")
_BOTH = "both_negative"
LAST_DAY = np.iinfo(np.int32).max  # as a day number, beyond any date


@dataclass(frozen=True, slots=True)
class LogColumns:
    """The columns of a log, by their names in it."""

    customer: tuple[str, ...]
    time: str
    money: tuple[str, ...]  # an amount, a quantity and a price, or nothing
    groups: tuple[str, ...]
    order: str | None = None

    @property
    def amount(self) -> str | None:
        """What the money of a row is called in sentences; None where there is none."""
        return " x ".join(self.money) or None

    @property
    def ids(self) -> list[str]:
        """What the id columns are called once the log has been read."""
        return [f"id_{i}" for i in range(len(self.customer))]

    @property
    def group_ids(self) -> list[str]:
        """What the group columns are called once the log has been read."""
        return [f"group_{i}" for i in range(len(self.groups))]

    def named(self) -> dict[str, str]:
        """Return the name in the log for each name used after reading."""
        names = dict(zip(self.ids, self.customer, strict=True)) | {"time": self.time}
        if self.order is not None:
            names["order"] = self.order
        return names | self._factors() | dict(zip(self.group_ids, self.groups, strict=True))

    def _factors(self) -> dict[str, str]:
        return dict(zip(_FACTORS if len(self.money) > 1 else ("amount",), self.money, strict=False))

    def roles(self) -> dict[str, Role]:
        """Return what each column of the log is for."""
        order = () if self.order is None else (self.order,)
        return roles_of(ids=[*self.customer, *order], time=[self.time], numbers=self.money, groups=self.groups)


@dataclass(frozen=True, slots=True)
class Survey:
    """Counts over the rows of a log; day numbers count from 1970-01-01."""

    n_rows: int
    first_day: int
    last_day: int
    n_after: int
    n_negative: int = 0
    money_refunded: float = 0.0
    n_zero: int = 0
    n_missing: int = 0
    money_missing: float = 0.0
    money: float = 0.0


def count_of(n: int, noun: str) -> str:
    """Return "1 row" or "2,000 rows"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def as_name(value: object, argument: str) -> str:
    """Return the name of one column."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{argument} is {value!r}; give the name of a column, as text.")
    return value


def as_names(value: str | Sequence[str], argument: str, *, optional: bool = False) -> tuple[str, ...]:
    """Return one or several column names as a tuple."""
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else None
    good = names is not None and all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)
    if names is None or not good or not (names or optional):
        raise ArgumentError(f"{argument} is {value!r}; give a column's name, or several different ones as a list.")
    return names


def standardised(frame: nw.LazyFrame[Any], columns: LogColumns, tz: str | None) -> nw.LazyFrame[Any]:
    """Return the log with ``id_0``.., ``day``, ``amount``, ``order`` and ``group_0``.., as whole days and floats.

    Raises
    ------
    InputError
        When a column is of a type that can't be read as what it should be.
    """
    schema = frame.collect_schema()
    named = columns.named()
    _check_time(columns.time, schema[columns.time], tz)
    factors = columns._factors()
    chosen = [
        (nw.col(name) if to == "time" else _plain(nw.col(name), schema[name])).alias(to)
        for to, name in named.items()
        if to not in factors
    ]
    for name in (*columns.customer, *columns.groups, *([] if columns.order is None else [columns.order])):
        if schema[name].is_nested() or isinstance(schema[name], nw.Binary):
            raise InputError(
                f"The column {name!r} holds {schema[name]}, and only texts, numbers and dates can be compared; turn it "
                f"into text first."
            )
    for name in factors.values():
        if not schema[name].is_numeric():
            raise InputError(
                f"The amount column {name!r} holds {schema[name]}, not numbers, so nothing can be summed; convert it "
                f"first, e.g. with pandas.to_numeric(log[{name!r}])."
            )
    # DECIMAL columns are two orders of magnitude slower to read out than floats.
    values = [nw.col(name).cast(nw.Float64) for name in factors.values()]
    if len(values) == 1:
        chosen.append(values[0].alias("amount"))
    elif values:
        # Minus times minus would be money; such a row says something else.
        both = (values[0] < 0) & (values[1] < 0)
        chosen += [(values[0] * values[1]).alias("amount"), both.alias(_BOTH)]
    if DOUBT in schema:
        chosen.append(nw.col(DOUBT))
    return day_number(frame.select(*chosen), "time", tz, "day").drop("time")


def surveyed(
    log: nw.LazyFrame[Any], columns: LogColumns, *, last_counted: int | None, drop_missing: bool = False
) -> Survey | None:
    """Count what needs counting, in one pass, and refuse rows that have no customer, day or amount.

    Returns None where texts were left open by the plan that they were read by, so that the counts are good for nothing.

    Parameters
    ----------
    log : lazy frame
        As :func:`standardised` returns it.
    columns : LogColumns
        Names for the sentences.
    last_counted : int or None
        Refunds and zero amounts are counted up to this day, other rows are ``n_after``; None counts all.
    drop_missing : bool
        Whether rows without a customer are left out, and counted.
    """
    doubt = DOUBT in log.collect_schema().names()
    totals = survey_totals(columns, last_counted, drop_missing=drop_missing, doubt=doubt)
    found = log.select(**totals).collect("pyarrow").rows(named=True)[0]
    if found.pop(DOUBT, 0):
        return None
    wrong = faults(columns, drop_missing=drop_missing)
    return survey_of(found, columns, wrong, lambda fault: "; ".join(first_rows(log, columns, wrong[fault][0])))


def survey_totals(
    columns: LogColumns, last_counted: int | None, *, drop_missing: bool = False, doubt: bool = False
) -> dict[str, nw.Expr]:
    """Return what is counted: what a `Survey` holds, and the rows of each of the `faults`."""
    day, value = nw.col("day"), nw.col("amount")
    after = day > (LAST_DAY if last_counted is None else last_counted)
    totals = {"n_rows": nw.len()}
    if drop_missing:
        # As if the rows without a customer weren't there.
        nobody = _nobody(columns)
        day, after = nw.when(~nobody).then(day), ~nobody & after
        totals = {"n_rows": (~nobody).sum(), "n_missing": nobody.sum()}
    totals |= {"first_day": day.min(), "last_day": day.max(), "n_after": after.sum()}
    if columns.amount is not None:
        seen = ~after & ~_nobody(columns) if drop_missing else ~after
        refund = seen & (value < 0)
        totals |= {"n_negative": refund.sum(), "money_refunded": -nw.when(refund).then(value).sum()}
        totals["n_zero"] = (seen & (value == 0)).sum()
        if drop_missing:
            totals |= {"money_missing": nw.when(_nobody(columns)).then(value).sum(), "money": value.sum()}
    if doubt:
        totals[DOUBT] = nw.col(DOUBT).sum()
    return totals | {name: mask.sum() for name, (mask, _, _) in faults(columns, drop_missing=drop_missing).items()}


def survey_of(
    found: Mapping[str, Any],
    columns: LogColumns,
    wrong: Mapping[str, tuple[nw.Expr, str, str]],
    first: Callable[[str], str],
) -> Survey:
    """Return the totals as a survey; ``first`` shows the first rows with a fault, where there is one.

    Raises
    ------
    InputError
        When there are no rows, or rows with a fault.
    """
    if not found["n_rows"]:
        if found.get("n_missing"):
            raise InputError(
                f"No row of the log has a customer in {_listed(columns.customer)}, so nobody can be counted; name "
                f"another column."
            )
        raise InputError("The log has no rows, so there is nothing to count; check the file or the filter before it.")
    for name, (_, trouble, why) in wrong.items():
        if n := found[name]:
            raise InputError(
                f"The log has {count_of(n, 'row')} with {trouble} (first: {first(name)}), {why}; leave such rows out, "
                f"or fill them in."
            )
    return Survey(**{name: count or 0 for name, count in found.items() if name not in wrong and name != DOUBT})


def faults(columns: LogColumns, *, drop_missing: bool = False) -> dict[str, tuple[nw.Expr, str, str]]:
    """Return what makes rows unusable: where, what it is, and why it matters."""
    nobody = _nobody(columns)
    somebody = ~nobody
    missing = f"no customer in {_listed(columns.customer)}"
    bad = [] if drop_missing else [(nobody, missing, "and purchases of nobody can't be counted")]
    no_day = nw.col("day").is_null()
    bad.append(
        (no_day & somebody if drop_missing else no_day, f"no date in {columns.time!r}", "and a purchase needs its day")
    )
    if columns.amount is not None:
        unknown = (~nw.col("amount").is_finite()).fill_null(True)
        trouble = f"a missing or infinite amount in {columns.amount!r}"
        bad.append((unknown & somebody if drop_missing else unknown, trouble, "and it can't be summed"))
    if len(columns.money) > 1:
        why = "and their product would count as a purchase"
        bad.append((nw.col(_BOTH).fill_null(False), f"both {columns.money[0]!r} and {columns.money[1]!r} below 0", why))
    return {f"bad_{i}": fault for i, fault in enumerate(bad)}


def somebody(columns: LogColumns) -> nw.Expr:
    """Return where a row has a customer."""
    return ~_nobody(columns)


def missing_customers(survey: Survey, columns: LogColumns) -> Note:
    """Return the note on rows that were left out because they have no customer."""
    share = (
        f", {survey.money_missing:,.2f} or {survey.money_missing / survey.money:.1%} of all money"
        if survey.money
        else ""
    )
    rows = count_of(survey.n_missing, "row")
    text = f"Left out: {rows} without a customer in {_listed(columns.customer)}{share}; forecasts and totals lack them."
    return Note("missing_customers", text, "warning")


def _nobody(columns: LogColumns) -> nw.Expr:
    return nw.all_horizontal(*(nw.col(name).is_null() for name in columns.ids), ignore_nulls=False)


def first_rows(log: nw.LazyFrame[Any], columns: LogColumns, mask: nw.Expr) -> list[str]:
    """Return the first rows under a mask as text, with the log's own column names."""
    names = {to: name for to, name in columns.named().items() if not to.startswith("group")} | {"day": columns.time}
    if columns.amount is not None:
        names["amount"] = columns.amount
    rows = log.filter(mask).head(N_SHOWN).collect("pyarrow").rows(named=True)
    return [", ".join(f"{names[to]}={_cell(to, value)}" for to, value in row.items() if to in names) for row in rows]


def _check_time(name: str, dtype: nw.dtypes.DType, tz: str | None) -> None:
    if not isinstance(dtype, nw.Date | nw.Datetime):
        raise InputError(
            f"The time column {name!r} holds {dtype}, not dates; convert it first, e.g. with "
            f"pandas.to_datetime(log[{name!r}]) or CAST({name} AS DATE)."
        )
    aware = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
    if aware and tz is None:
        raise InputError(
            f"The time column {name!r} has a time zone, so the day of a purchase depends on where one looks from; "
            f"name the zone to count days in, e.g. tz='Europe/Berlin'."
        )
    if not aware and tz is not None:
        raise InputError(
            f"tz is {tz!r}, but the time column {name!r} has no time zone to convert from; leave tz out to take its "
            f"days as they are, or localise the column first."
        )
    if tz is not None:
        try:
            ZoneInfo(tz)
        except (KeyError, ValueError, OSError):
            raise ArgumentError(
                f"tz is {tz!r}, which is no IANA time zone; give one such as 'Europe/Berlin'."
            ) from None


def _plain(values: nw.Expr, dtype: nw.dtypes.DType) -> nw.Expr:
    """Return an id or group with its empty values as nulls, and enumerations as text, not in the order of levels."""
    if isinstance(dtype, nw.Enum | nw.Categorical):
        values = values.cast(nw.String)
    elif dtype.is_float():
        return nw.when(~values.is_nan()).then(values)
    elif not isinstance(dtype, nw.String):
        return values
    return nw.when(values != "").then(values)


def _listed(names: Sequence[str]) -> str:
    return " or ".join(repr(name) for name in names)


def _cell(column: str, value: object) -> str:
    if value is None:
        return "missing"
    return str(np.datetime64(value, "D")) if column == "day" and isinstance(value, int) else str(value)
