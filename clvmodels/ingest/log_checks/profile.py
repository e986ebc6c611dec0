"""What checks look at: a log in a few small tables, made in a few passes inside the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.ingest.engines import share
from clvmodels.ingest.periods import Span, as_date
from clvmodels.ingest.schema import N_SHOWN

if TYPE_CHECKING:
    from clvmodels.ingest.reading import Reading  # it makes what a profile is made of

TOP = 60  # largest customers and purchases: enough to see how fast sizes fall
_SAMPLED = 200_000  # purchases of the customers who are looked at one by one


@dataclass(frozen=True, eq=False)
class Daily:
    """The log by days of purchase, in order; columns of shape (day,).

    Attributes
    ----------
    day : array of int
        Day numbers.
    columns : mapping of str to array
        ``purchases`` (customers who bought), and their ``value`` where there is money.
    """

    day: IntArray
    columns: dict[str, FloatArray]

    def __getitem__(self, name: str) -> FloatArray:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.day)

    @property
    def has_money(self) -> bool:
        """Whether the log tells money."""
        return "value" in self.columns

    def part(self, mask: BoolArray) -> Daily:
        """Return some of the days."""
        return Daily(self.day[mask], {name: values[mask] for name, values in self.columns.items()})

    def dense(self, values: FloatArray) -> FloatArray:
        """Return values of each calendar day from the first to the last, 0 where there was no purchase."""
        found = np.zeros(int(self.day[-1] - self.day[0]) + 1)
        found[self.day - self.day[0]] = values
        return found


@dataclass(eq=False)
class Tops:
    """The customers of a log as they are counted, some at a time: sums, the largest, and how many came on each day."""

    n: int = 0
    purchases: float = 0.0
    purchases_squared: float = 0.0
    spend: float = 0.0
    spend_squared: float = 0.0
    by_purchases: list[tuple[float, str, float]] = field(default_factory=list)
    by_spend: list[tuple[float, str, float]] = field(default_factory=list)
    arrivals: dict[int, int] = field(default_factory=dict)

    def add(self, table: pa.Table) -> None:
        """Add customers from rows of ``Reading.counted`` who bought in the observation."""
        n, spend = table["n"].to_numpy().astype(np.float64), table["spend"].to_numpy()
        self.n += len(n)
        self.purchases += float(n.sum())
        self.purchases_squared += float(n @ n)
        self.spend += float(spend.sum())
        self.spend_squared += float(spend @ spend)
        first = table["first"].to_numpy().astype(np.int64)
        lowest = int(first.min())
        for day, count in enumerate(np.bincount(first - lowest).tolist(), lowest):
            self.arrivals[day] = self.arrivals.get(day, 0) + count
        self.by_purchases = _largest(self.by_purchases, table, n, spend)
        self.by_spend = _largest(self.by_spend, table, spend, n)


def _largest(
    known: list[tuple[float, str, float]], table: pa.Table, sizes: FloatArray, others: FloatArray
) -> list[tuple[float, str, float]]:
    """Return the largest of those known and those in a table, as size, id and the other size."""
    rows = np.arange(len(sizes))
    if len(sizes) > TOP:
        least = np.partition(sizes, -TOP)[-TOP]
        rows = np.flatnonzero(sizes >= least)[: 10 * TOP]  # so many may tie
    ids = table["customer"].take(pa.array(rows)).to_pylist()
    found = [(float(sizes[row]), str(name), float(others[row])) for row, name in zip(rows, ids, strict=True)]
    return sorted([*known, *found], key=lambda one: (-one[0], one[1]))[:TOP]


@dataclass(frozen=True, eq=False)
class Sample:
    """Purchases of some customers, by customer and day; columns of shape (purchase,).

    Attributes
    ----------
    customer, day : array of int
        The number of the customer, and the day.
    value : array
        What it was worth; zeros where there is no money.
    least : array
        The least amount among its rows: a single row is worth that, and two of one amount twice as much.
    """

    customer: IntArray
    day: IntArray
    value: FloatArray
    least: FloatArray

    @property
    def is_first(self) -> BoolArray:
        """Whether it is the customer's first purchase."""
        changes: BoolArray = np.diff(self.customer, prepend=-1) != 0
        return changes

    def part(self, mask: BoolArray) -> Sample:
        """Return some of the purchases, customers numbered anew."""
        customer = np.cumsum(np.diff(self.customer[mask], prepend=-1) != 0)
        return Sample(customer, self.day[mask], self.value[mask], self.least[mask])

    @property
    def single(self) -> BoolArray:
        """Whether it is one row of the log; a row of amount 0 doesn't tell."""
        alone: BoolArray = (self.value == self.least) & (self.least != 0)
        return alone

    @property
    def alike(self) -> BoolArray:
        """Whether it is made of two rows of one amount."""
        pairs: BoolArray = (self.least > 0) & (self.value == 2 * self.least)
        return pairs


@dataclass(frozen=True, eq=False)
class Profile:
    """A log as checks see it.

    Attributes
    ----------
    daily : Daily
        By day of purchase.
    span : Span
        The days that are looked at.
    today : int
        The day number of today.
    customers : Tops or None
        Sums over customers and the largest; None on a cluster, where customers aren't counted before they are needed.
    sample : Sample or None
        Some of the customers, one by one.
    largest : list of (value, customer, day)
        The largest purchases, where there is money.
    show : callable
        From a mask over the purchases to the first of them, as text.
    pairs : callable
        How many purchases are made of two rows of one amount, what one row of each is worth together, and the first of
        them as text.
    """

    daily: Daily
    span: Span
    today: int
    customers: Tops | None = None
    sample: Sample | None = None
    largest: tuple[tuple[float, str, int], ...] = ()
    show: Callable[[nw.Expr], str] = lambda _: ""
    pairs: Callable[[], tuple[int, float, str]] = lambda: (0, 0.0, "")

    @property
    def has_money(self) -> bool:
        """Whether the log tells money."""
        return self.daily.has_money

    @property
    def by_chance(self) -> float:
        """How much the sum of all money moves by which customers happened to come: its standard error."""
        return 0.0 if self.customers is None else float(np.sqrt(self.customers.spend_squared))

    def without(self, wrong: BoolArray) -> Profile:
        """Return the profile without some days of purchase, for checks of the rest."""
        if not wrong.any():
            return self
        rest = self.daily.part(~wrong)
        first, last = int(rest.day[0]), min(int(rest.day[-1]), self.span.observation_end)
        span = replace(self.span, start=first, observation_end=last)
        sample = None if self.sample is None else self.sample.part(np.isin(self.sample.day, rest.day))
        return replace(self, daily=rest, span=span, sample=sample)


def profile_of(reading: Reading, customers: Tops) -> Profile:
    """Make the profile of a log that was read, its customers being counted."""
    days = reading.days.filter(nw.col("day") <= reading.span.holdout_end)
    daily = _daily(reading)
    n_shares = max(1, round(daily["purchases"].sum() / _SAMPLED))
    some = share(days.select("customer", "day", "value"), 0, n_shares)
    if reading.amounts is not None:
        some = some.join(_least(share(reading.amounts, 0, n_shares)), on=["customer", "day"], how="left")
    largest: tuple[tuple[float, str, int], ...] = ()
    if reading.has_amounts:
        top = days.select("value", "customer", "day").sort("value", "customer", "day", descending=[True, False, False])
        rows = top.head(TOP).collect("pyarrow").rows()
        largest = tuple((float(value), str(who), int(day)) for value, who, day in rows)

    def show(mask: nw.Expr, among: nw.LazyFrame[Any] = days) -> str:
        found = among.filter(mask).sort("day", "customer").head(N_SHOWN).collect("pyarrow").rows(named=True)
        money = reading.has_amounts
        return "; ".join(
            f"{row['customer']} on {as_date(row['day'])}{f', {row["value"]:,.2f}' if money else ''}" for row in found
        )

    def pairs() -> tuple[int, float, str]:
        assert reading.amounts is not None  # nobody asks where there is no money
        alike = (nw.col("least") > 0) & (nw.col("value") == 2 * nw.col("least"))
        both = days.select("customer", "day", "value").join(
            _least(reading.amounts), on=["customer", "day"], how="inner"
        )
        found = both.filter(alike).select(n=nw.len(), money=nw.col("least").sum()).collect("pyarrow").rows()[0]
        return int(found[0]), float(found[1] or 0.0), show(alike, both)

    sample = _sample(some.sort("customer", "day").collect("pyarrow").to_native(), reading.has_amounts)
    return Profile(daily, reading.span, today(), customers, sample, largest, show, pairs)


def _least(amounts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the least amount of each customer and day."""
    return amounts.group_by("customer", "day").agg(nw.col("least").min())


def _daily(reading: Reading) -> Daily:
    found = reading.by_day
    names = {"n": "purchases"} | ({"spend": "value"} if reading.has_amounts else {})
    columns = {to: found[name].to_numpy().astype(np.float64) for name, to in names.items()}
    return Daily(found["day"].to_numpy().astype(np.int64), columns)


def today() -> int:
    """Return the day number of today."""
    return int(np.datetime64(date.today(), "D").astype(np.int64))


def _sample(some: pa.Table, has_money: bool) -> Sample:
    """Return the purchases of some customers, which are in order."""
    who = some["customer"].combine_chunks()
    changes = np.ones(len(who), dtype=bool)
    changes[1:] = pc.not_equal(who[1:], who[:-1]).to_numpy(zero_copy_only=False)
    value = some["value"].to_numpy()
    least = some["least"].to_numpy() if has_money else value
    return Sample(np.cumsum(changes), some["day"].to_numpy().astype(np.int64), value, least)
