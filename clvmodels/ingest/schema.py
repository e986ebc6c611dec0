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

N_SHOWN = 5  # offending rows in an error
LAST_DAY = np.iinfo(np.int32).max  # as a day number, beyond any date


@dataclass(frozen=True, slots=True)
class LogColumns:
    """The columns of a log, by their names in it."""

    customer: tuple[str, ...]
    time: str
    amount: str | None
    groups: tuple[str, ...]

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
        if self.amount is not None:
            names["amount"] = self.amount
        return names | dict(zip(self.group_ids, self.groups, strict=True))


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


def count_of(n: int, noun: str) -> str:
    """Return "1 row" or "2,000 rows"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def as_names(value: str | Sequence[str], argument: str, *, optional: bool = False) -> tuple[str, ...]:
    """Return one or several column names as a tuple."""
    names = (value,) if isinstance(value, str) else tuple(value)
    good = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    if not good or not (names or optional):
        raise ArgumentError(f"{argument} is {value!r}; give a column's name, or several different ones as a list.")
    return names


def standardised(frame: nw.LazyFrame[Any], columns: LogColumns, tz: str | None) -> nw.LazyFrame[Any]:
    """Return the log with ``id_0``.., ``day``, ``amount`` and ``group_0``.., as whole days and floats.

    Raises
    ------
    InputError
        When a column is of a type that can't be read as what it should be.
    """
    schema = frame.collect_schema()
    named = columns.named()
    _check_time(columns.time, schema[columns.time], tz)
    chosen = [
        (nw.col(name) if to == "time" else _plain(nw.col(name), schema[name])).alias(to)
        for to, name in named.items()
        if to != "amount"
    ]
    if columns.amount is not None:
        if not schema[columns.amount].is_numeric():
            raise InputError(
                f"The amount column {columns.amount!r} holds {schema[columns.amount]}, not numbers, so nothing can be "
                f"summed; convert it first, e.g. with pandas.to_numeric(log[{columns.amount!r}])."
            )
        # DECIMAL columns are two orders of magnitude slower to read out than floats.
        chosen.append(nw.col(columns.amount).cast(nw.Float64).alias("amount"))
    return day_number(frame.select(*chosen), "time", tz, "day").drop("time")


def surveyed(log: nw.LazyFrame[Any], columns: LogColumns, *, last_counted: int | None) -> Survey:
    """Count what needs counting, in one pass, and refuse rows that have no customer, day or amount.

    Parameters
    ----------
    log : lazy frame
        As :func:`standardised` returns it.
    columns : LogColumns
        Names for the sentences.
    last_counted : int or None
        Refunds and zero amounts are counted up to this day, other rows are ``n_after``; None counts all.
    """
    found = log.select(**survey_totals(columns, last_counted)).collect("pyarrow").rows(named=True)[0]
    return survey_of(found, columns, lambda fault: "; ".join(first_rows(log, columns, faults(columns)[fault][0])))


def survey_totals(columns: LogColumns, last_counted: int | None) -> dict[str, nw.Expr]:
    """Return what is counted: what a `Survey` holds, and the rows of each of the `faults`."""
    day, value = nw.col("day"), nw.col("amount")
    after = day > (LAST_DAY if last_counted is None else last_counted)
    totals = {"n_rows": nw.len(), "first_day": day.min(), "last_day": day.max(), "n_after": after.sum()}
    if columns.amount is not None:
        refund = ~after & (value < 0)
        totals |= {"n_negative": refund.sum(), "money_refunded": -nw.when(refund).then(value).sum()}
        totals["n_zero"] = (~after & (value == 0)).sum()
    return totals | {name: mask.sum() for name, (mask, _, _) in faults(columns).items()}


def survey_of(found: Mapping[str, Any], columns: LogColumns, first: Callable[[str], str]) -> Survey:
    """Return the totals as a survey; ``first`` shows the first rows with a fault, where there is one.

    Raises
    ------
    InputError
        When there are no rows, or rows with a fault.
    """
    if not found["n_rows"]:
        raise InputError("The log has no rows, so there is nothing to count; check the file or the filter before it.")
    bad = faults(columns)
    for name, (_, trouble, why) in bad.items():
        if n := found[name]:
            raise InputError(
                f"The log has {count_of(n, 'row')} with {trouble} (first: {first(name)}), {why}; leave such rows out, "
                f"or fill them in."
            )
    return Survey(**{name: count or 0 for name, count in found.items() if name not in bad})


def faults(columns: LogColumns) -> dict[str, tuple[nw.Expr, str, str]]:
    """Return what makes rows unusable: where, what it is, and why it matters."""
    nobody = nw.all_horizontal(*(nw.col(name).is_null() for name in columns.ids), ignore_nulls=False)
    bad = [(nobody, f"no customer in {_listed(columns.customer)}", "and purchases of nobody can't be counted")]
    bad.append((nw.col("day").is_null(), f"no date in {columns.time!r}", "and a purchase needs its day"))
    if columns.amount is not None:
        unknown = (~nw.col("amount").is_finite()).fill_null(True)
        bad.append((unknown, f"a missing or infinite amount in {columns.amount!r}", "and it can't be summed"))
    return {f"bad_{i}": fault for i, fault in enumerate(bad)}


def first_rows(log: nw.LazyFrame[Any], columns: LogColumns, mask: nw.Expr) -> list[str]:
    """Return the first rows under a mask as text, with the log's own column names."""
    names = {to: name for to, name in columns.named().items() if not to.startswith("group")} | {"day": columns.time}
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
