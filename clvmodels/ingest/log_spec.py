"""What is asked of a log: its columns and how they are read, in one record for every way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Literal, Self

from clvmodels.errors import ArgumentError, unknown_name
from clvmodels.ingest.dates import check_date_format
from clvmodels.ingest.encodings import check_encoding
from clvmodels.ingest.number_columns import check_decimal
from clvmodels.ingest.periods import Day
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.schema import LogColumns, as_name, as_names
from clvmodels.records import Period

type Collapse = Literal["day", "period"]
type MissingCustomers = Literal["error", "drop"]

_CHOICES = {
    "collapse": ("day", "period"),
    "refunds": ("error", "day", "customer", "drop"),
    "zero_amounts": ("keep", "drop"),
    "missing_customers": ("error", "drop"),
}


@dataclass(frozen=True, kw_only=True)
class LogSpec:
    """The columns and options that read a log, as in ``rfm_summary``; every way in has the same words.

    Attributes
    ----------
    customer, time, amount, quantity, price, order, groups
        Columns of the log.
    period, observation_end, holdout_end, collapse, recent
        How time is counted.
    refunds, zero_amounts, missing_customers, same_customer, tz
        What is done with rows.
    date_format, decimal, encoding
        How texts are read.
    """

    customer: str | Sequence[str]
    time: str
    amount: str | None = None
    quantity: str | None = None
    price: str | None = None
    order: str | None = None
    period: str | timedelta | Period = "week"
    observation_end: Day | None = None
    holdout_end: Day | None = None
    collapse: Collapse = "day"
    refunds: Refunds = "error"
    zero_amounts: ZeroAmounts = "keep"
    missing_customers: MissingCustomers = "error"
    groups: str | Sequence[str] = ()
    same_customer: Any = None
    tz: str | None = None
    recent: float | str | None = None
    date_format: str | None = None
    decimal: str | None = None
    encoding: str | None = None

    @classmethod
    def among(cls, given: Mapping[str, Any], **others: Any) -> Self:
        """Return the record from the arguments of a function, ``locals()``, of which some may have other values."""
        return cls(**{name: value for name, value in (dict(given) | others).items() if name in cls.words()})

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the names of all columns and options."""
        return tuple(field.name for field in fields(cls))

    def asked(self) -> dict[str, Any]:
        """Return all of it by name, as ``rfm_summary`` takes it."""
        return {name: getattr(self, name) for name in self.words()}

    def asked_of_study(self) -> dict[str, Any]:
        """Return what ``Study.read`` takes: a study finds the end of the holdout itself."""
        return self._without("holdout_end")

    def asked_of_shock(self) -> dict[str, Any]:
        """Return what ``common_shock`` takes: all customers, whatever group they are in, and ends of its own."""
        return self._without("groups", "recent", "holdout_end")

    def _without(self, *left_out: str) -> dict[str, Any]:
        return {name: value for name, value in self.asked().items() if name not in left_out}

    def but(self, **changed: Any) -> Self:
        """Return the record with some values changed."""
        return replace(self, **changed)

    def for_converted(self) -> Self:
        """Return what is asked of the same rows once their texts have been read."""
        return replace(self, date_format=None, decimal=None, encoding=None)

    @property
    def has_money(self) -> bool:
        """Whether the log tells money."""
        return self.amount is not None or self.price is not None

    def checked(self) -> LogColumns:
        """Look through the words and return the columns.

        Raises
        ------
        ArgumentError
            When a word can't be what it is.
        """
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                raise unknown_name(f"way of {name}", value, known)
        if self.amount is not None and (self.quantity is not None or self.price is not None):
            raise ArgumentError(
                "amount= is given together with quantity= or price=, so it's open what a row is worth; give amount=, "
                "or the two whose product it is."
            )
        if (self.quantity is None) != (self.price is None):
            one, other = ("quantity", "price") if self.price is None else ("price", "quantity")
            raise ArgumentError(f"{one}= is given without {other}=, and a row is worth their product; give both.")
        if not self.has_money and (self.refunds != "error" or self.zero_amounts != "keep"):
            raise ArgumentError("refunds and zero_amounts speak of money; give amount= as well, or leave them out.")
        check_date_format(self.date_format)
        check_encoding(self.encoding)
        check_decimal(self.decimal)
        if self.tz is not None and not isinstance(self.tz, str):
            raise ArgumentError(f"tz is {self.tz!r}, which is no IANA time zone; give one such as 'Europe/Berlin'.")
        money = (self.amount,) if self.price is None else (self.quantity, self.price)
        return LogColumns(
            customer=as_names(self.customer, "customer"),
            time=as_name(self.time, "time"),
            money=tuple(as_name(name, _MONEY[len(money)][i]) for i, name in enumerate(money) if name is not None),
            groups=as_names(self.groups, "groups", optional=True),
            order=None if self.order is None else as_name(self.order, "order"),
        )


_MONEY = {1: ("amount",), 2: ("quantity", "price")}
