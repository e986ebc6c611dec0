"""What a business rule sees of a customer base: purchases, money and days, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError, check_between
from clvmodels.records import Summary
from clvmodels.records.period import DAYS_PER_YEAR

HALF_A_YEAR = DAYS_PER_YEAR / 2  # days of silence after which a customer is declared gone, unless told otherwise
_ROUNDING = 1e-6  # days: 91 days are 13 weeks, and 13 weeks back in days may be a last digit more
_DAY_OF_PURCHASE = "purchases are counted by day, so nobody can be missed after less than one"


@dataclass(frozen=True, eq=False)
class Customers:
    """One entry a customer; time is in days, so that no figure depends on the period of the summary.

    Attributes
    ----------
    purchases, repeat_purchases : array, shape (customer,)
        With and without the first.
    spend, repeat_spend : array, shape (customer,), or None
        Money with and without the first purchase.
    observed_days : array, shape (customer,)
        First purchase to the end of observation, at least a day.
    member_days : array, shape (customer,)
        First purchase until declared gone (the last purchase and the silence after which people are given up), or to
        the end of observation for those who are still there. Of contracts: from the start to the end.
    gone : array, shape (customer,)
        1 for those declared gone, else 0. Of contracts: for those that have ended.
    ends_are_seen : bool
        Whether these are contracts, of which ``gone`` is observed. Their purchases and spend are those of the periods
        that they ran, so that price, membership and ends have one clock.
    recent_purchases, recent_spend : array, shape (customer,), or None
        In the recent window.
    recent_days : float or None
        Length of that window.
    first_is_guessed : bool
        Whether ``spend`` holds a guess for the first purchase.
    """

    purchases: FloatArray
    repeat_purchases: FloatArray
    spend: FloatArray | None
    repeat_spend: FloatArray | None
    observed_days: FloatArray
    member_days: FloatArray
    gone: FloatArray
    ends_are_seen: bool
    recent_purchases: FloatArray | None
    recent_spend: FloatArray | None
    recent_days: float | None
    first_is_guessed: bool

    def __len__(self) -> int:
        return len(self.purchases)

    @classmethod
    def of(cls, summary: Summary, *, gone_after: float | None = None) -> Customers:
        """Read a summary.

        Parameters
        ----------
        summary : Summary
            At least one customer.
        gone_after : float, optional
            Periods of silence after which a customer is declared gone; half a year when left out. Contracts say when
            they end, and take none.
        """
        if len(summary) == 0:
            raise InputError("The summary has no customers, and a rule needs some to take its figures from.")
        if summary.ended is not None and summary.membership is not None:
            return cls._of_contracts(summary, summary.ended, summary.membership, gone_after)
        days = summary.period.days
        silence = HALF_A_YEAR if gone_after is None else gone_after * days
        check_between("gone_after (in days)", silence, 1.0, float("inf"), _DAY_OF_PURCHASE)
        observed, last = np.maximum(summary.T * days, 1.0), summary.recency * days  # the day of purchase is a day
        spend, repeat_spend, guessed = _money(summary)
        return cls(
            purchases=summary.frequency + 1,
            repeat_purchases=summary.frequency,
            spend=spend,
            repeat_spend=repeat_spend,
            observed_days=observed,
            member_days=np.minimum(observed, last + silence),
            gone=(observed - last > silence + _ROUNDING).astype(np.float64),
            ends_are_seen=False,
            recent_purchases=summary.recent_purchases,
            recent_spend=summary.recent_spend,
            recent_days=None if summary.recent_window is None else summary.recent_window * days,
            first_is_guessed=guessed,
        )

    @classmethod
    def _of_contracts(
        cls, summary: Summary, ended: FloatArray, membership: FloatArray, gone_after: float | None
    ) -> Customers:
        if gone_after is not None:
            raise ArgumentError(
                f"gone_after is {gone_after!r}, a silence after which customers count as gone, but these are "
                f"contracts, which say when they end; leave it out."
            )
        days, price = summary.period.days, summary.price
        return cls(
            purchases=membership,
            repeat_purchases=summary.frequency,
            spend=None if price is None else price * membership,
            repeat_spend=None if price is None else price * summary.frequency,
            observed_days=np.maximum(summary.T * days, 1.0),
            member_days=membership * days,
            gone=ended,
            ends_are_seen=True,
            recent_purchases=None,
            recent_spend=None,
            recent_days=None,
            first_is_guessed=False,
        )

    def take(self, rows: IntArray) -> Customers:
        """Return some of the customers."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        taken: dict[str, Any] = {name: v[rows] for name, v in parts.items() if isinstance(v, np.ndarray)}
        return replace(self, **taken)


def split(summary: Summary, customers: Customers, by: str | None) -> dict[str, tuple[IntArray, Customers]]:
    """Return the places and the customers of each group, groups in sorted order; one group "all" without ``by``.

    Raises
    ------
    ArgumentError
        When the summary has no such column.
    InputError
        When nobody in a group has been observed for more than a day.
    """
    labels, codes = np.array(["all"]), np.zeros(len(customers), dtype=np.int64)
    if by is not None:
        labels, codes = np.unique(summary.group(by).astype(str), return_inverse=True)
    parts = {}
    for code, label in enumerate(labels):
        rows = np.flatnonzero(codes == code)
        part = customers.take(rows)
        if not part.observed_days.max() > 1:
            raise InputError(
                f"T is a day or less for all {len(part)} customers of group {str(label)!r}, so nothing can be said "
                f"about their purchases a year; observe them for longer, or put the group with another."
            )
        parts[str(label)] = (rows, part)
    return parts


def _money(summary: Summary) -> tuple[FloatArray | None, FloatArray | None, bool]:
    """Return spend with and without the first purchase, and whether the first had to be guessed.

    A table of repeat purchases doesn't know what the first one was worth; the mean repeat purchase of the whole base
    then stands in for it.
    """
    if summary.monetary_value is None:
        return summary.total_spend, None, False
    repeat_spend = summary.monetary_value * summary.frequency
    if summary.total_spend is not None:
        return summary.total_spend, repeat_spend, False
    if not summary.frequency.any():
        return None, repeat_spend, False
    return repeat_spend + repeat_spend.sum() / summary.frequency.sum(), repeat_spend, True
