"""The rows of a table of contracts: who, from when, until when, at which price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.arrays import AnyArray, BoolArray, FloatArray, IntArray
from clvmodels.errors import InputError
from clvmodels.ingest.customers import group_column
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.schema import N_SHOWN, count_of
from clvmodels.ingest.texts import Formats, roles_of
from clvmodels.ingest.typed_tables import typed
from clvmodels.records import Note

RUNNING = 4_000_000  # as a day number in the year 12,921: an end that isn't there must still be a date
_NEXT_DAY = 1  # days between an end and a start that follow each other without a gap: the last day or the first after


@dataclass(frozen=True, slots=True)
class ContractColumns:
    """Which columns say what, and how texts in them are read.

    Attributes
    ----------
    start, end : str
        First days, and days on which contracts ended, missing while they run.
    customer, price : str or None
        Ids, and prices of one period.
    groups : tuple of str
        Columns to carry along.
    formats : Formats
        Of dates and numbers that came as text.
    """

    start: str
    end: str
    customer: str | None
    price: str | None
    groups: tuple[str, ...]
    formats: Formats

    @property
    def named(self) -> list[str]:
        """All of them."""
        return [self.start, self.end, *(name for name in (self.customer, self.price) if name is not None), *self.groups]


@dataclass(frozen=True, eq=False)
class ContractRows:
    """One entry a row.

    Attributes
    ----------
    ids : array, shape (row,)
        Customers.
    begins, ends : array of int, shape (row,)
        Day numbers; an end that isn't known lies far ahead.
    prices : array, shape (row,), or None
        Of one period.
    groups : dict of str to array, shape (row,)
        Columns carried along.
    notes : tuple of Note
        How texts were read.
    """

    ids: AnyArray
    begins: IntArray
    ends: IntArray
    prices: FloatArray | None
    groups: dict[str, AnyArray]
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return len(self.begins)

    def take(self, rows: IntArray | BoolArray) -> ContractRows:
        """Return some rows."""
        prices = None if self.prices is None else self.prices[rows]
        groups = {name: values[rows] for name, values in self.groups.items()}
        return ContractRows(self.ids[rows], self.begins[rows], self.ends[rows], prices, groups, self.notes)

    def joined(self, today: int) -> ContractRows:
        """Return one row a contract, where rows of a customer that follow each other or overlap are one contract.

        It costs what its rows cost together at its end, or today while it runs, and has the groups of the one that
        began last. After a gap a customer's next contract is another, named after its number.
        """
        code = np.unique(self.ids.astype(str), return_inverse=True)[1]
        order = np.lexsort((self.begins, code))
        rows, code = self.take(order), code[order]
        reached, contract = -RUNNING, np.zeros(len(rows), dtype=np.int64)
        nth = np.ones(len(rows), dtype=np.int64)
        for i in range(len(rows)):
            same = i > 0 and code[i] == code[i - 1]
            follows = same and rows.begins[i] <= reached + _NEXT_DAY
            reached = max(reached, int(rows.ends[i])) if follows else int(rows.ends[i])
            contract[i] = contract[i - 1] + (not follows) if i else 0
            nth[i] = nth[i - 1] + (not follows) if same else 1
        first = np.flatnonzero(np.diff(contract, prepend=-1))
        last = np.append(first[1:], len(rows)) - 1
        ends = np.maximum.reduceat(rows.ends, first)
        prices = None
        if rows.prices is not None:
            at_last = rows.ends >= np.minimum(ends[contract], today + 1)
            prices = np.add.reduceat(np.where(at_last, rows.prices, 0.0), first)
        named = [str(rows.ids[i]) if nth[i] == 1 else f"{rows.ids[i]} ({nth[i]})" for i in first]
        ids = rows.ids[first] if (nth == 1).all() else np.array(named, dtype=object)
        groups = {name: values[last] for name, values in rows.groups.items()}
        back = np.argsort(order[first], kind="stable")  # in the order in which customers came
        return ContractRows(ids, rows.begins[first], ends, prices, groups, rows.notes).take(back)


def last_day(rows: ContractRows) -> int:
    """Return the last day that a table of contracts names."""
    ends = rows.ends[rows.ends < RUNNING]
    return int(max(rows.begins.max(), ends.max(initial=0)))


def read_contract_rows(table: Any, columns: ContractColumns, *, once: bool) -> ContractRows:
    """Read a table of contracts and refuse rows that can't be.

    Parameters
    ----------
    table : table or path
        The table as it was handed in.
    columns : ContractColumns
        Which say what.
    once : bool
        Whether each customer may occur once only.

    Raises
    ------
    InputError
        When a column is missing or of the wrong type, or rows contradict themselves.
    """
    customer, price, shown = columns.customer, columns.price, columns.named
    ids_and_numbers = [[name] if name is not None else [] for name in (customer, price)]
    with Workbench() as bench:
        roles = roles_of(
            ids=ids_and_numbers[0],
            time=[columns.start, columns.end],
            numbers=ids_and_numbers[1],
            groups=columns.groups,
        )
        opened, said = typed(bench, table, "table of contracts", roles, asked=columns.formats)
        rows = opened.collect("pyarrow")
    if not len(rows):
        raise InputError("The table of contracts has no rows; check the file or the filter before it.")
    begins, ends = _days(rows, columns.start), _days(rows, columns.end, missing=RUNNING)
    _refuse(ends < begins, rows, shown, f"an end in {columns.end!r} before the start", "correct the dates")
    prices = None if price is None else _prices(rows, price, shown)
    ids = np.arange(len(rows)) if customer is None else _ids(rows, customer, shown, once=once)
    groups = {name: group_column(rows[name].to_pandas().to_numpy())[0] for name in columns.groups}
    return ContractRows(ids, begins, ends, prices, groups, said)


def _days(rows: nw.DataFrame[Any], name: str, missing: int | None = None) -> IntArray:
    """Return a column of dates as day numbers."""
    values = rows[name]
    arrow: Any = values.to_arrow()
    if arrow.null_count < len(arrow) and not isinstance(values.dtype, nw.Date | nw.Datetime):
        raise InputError(
            f"The column {name!r} holds {values.dtype}, not dates; convert it first, e.g. with "
            f"pandas.to_datetime(table[{name!r}])."
        )
    if isinstance(values.dtype, nw.Datetime) and values.dtype.time_zone is not None:
        raise InputError(
            f"The column {name!r} has a time zone, so its days depend on where one looks from; convert it to dates."
        )
    if missing is None:
        _refuse(
            arrow.is_null().to_numpy(zero_copy_only=False),
            rows,
            [name],
            f"no date in {name!r}",
            "a contract needs its first day",
        )
        missing = 0
    days = arrow.cast(pa.date32(), safe=False).cast(pa.int32()) if arrow.null_count < len(arrow) else None
    numbers = np.full(len(arrow), missing) if days is None else days.fill_null(missing).to_numpy()
    return np.asarray(numbers, dtype=np.int64)


def _prices(rows: nw.DataFrame[Any], name: str, shown: Sequence[str]) -> FloatArray:
    if not rows[name].dtype.is_numeric():
        raise InputError(f"The column {name!r} holds {rows[name].dtype}, not numbers; convert it first.")
    prices: FloatArray = rows[name].cast(nw.Float64).to_arrow().to_numpy(zero_copy_only=False)
    _refuse(~np.isfinite(prices), rows, shown, f"a missing or infinite price in {name!r}", "fill it in")
    _refuse(prices < 0, rows, shown, f"a negative price in {name!r}", "a period can't cost less than nothing")
    return prices


def _ids(rows: nw.DataFrame[Any], name: str, shown: Sequence[str], *, once: bool) -> AnyArray:
    ids = rows[name].to_pandas()
    _refuse(ids.isna().to_numpy(), rows, shown, f"no id in {name!r}", "give every contract its own")
    twice = ids.duplicated(keep=False).to_numpy() & once
    remedy = "give price_changes=True where a customer's rows follow each other, or take the contract's id"
    _refuse(twice, rows, shown, f"an id in {name!r} that occurs more than once", remedy)
    return ids.to_numpy()


def _refuse(mask: BoolArray, rows: nw.DataFrame[Any], shown: Sequence[str], trouble: str, remedy: str) -> None:
    n = int(np.count_nonzero(mask))
    if n:
        places = np.flatnonzero(mask)[:N_SHOWN]
        table = rows.select(*dict.fromkeys(shown)).rows(named=True)
        first = "; ".join(f"row {i}: " + ", ".join(f"{k}={v}" for k, v in table[i].items()) for i in places)
        raise InputError(f"The table of contracts has {count_of(n, 'row')} with {trouble} (first: {first}): {remedy}.")
