"""The calendar in a fit: histories on a clock whose speed is estimated along with the parameters.

A history's time on the clock follows from two whole numbers of days, those since the first and since the last purchase,
because all customers are observed until the same day. So times are looked up in one running sum over the days of the
log, and the derivative by the effects comes from what the tape says of the times (the chain rule). The rates on the
days of purchase are one more term of the log-likelihood, the same for all rows: it needs the repeat purchases of each
day and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import block_diag

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.grammar.clock import Clock, days_of, running_sums, why_no_clock
from clvmodels.kernels.tape import Node
from clvmodels.models import AbstractModel
from clvmodels.records import Calendar, CalendarTerm, Summary

OBSERVED, SINCE = "days observed", "days since"  # the statistics that a clock looks at: since first and last purchase
_WHOLE = 1e-6  # of a day: rounding of lengths of time counted in periods


@dataclass(frozen=True, eq=False)
class BuyingClock:
    """A clock whose effects are estimated.

    Attributes
    ----------
    clock : Clock
        The days, and what acts on them.
    calendar : Calendar
        What was asked.
    repeats : array, shape (day,)
        Repeat purchases on the days of the log, the last day first.
    """

    clock: Clock
    calendar: Calendar
    repeats: FloatArray

    @property
    def terms(self) -> tuple[CalendarTerm, ...]:
        """The effects by kind."""
        return self.calendar.terms

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of what is free."""
        return tuple(name for term in self.terms for name in term.names)

    @cached_property
    def contrasts(self) -> FloatArray:
        """What leads from free numbers to effects, shape (effect, name); orthonormal columns."""
        return np.asarray(block_diag(*(term.contrasts for term in self.terms)), dtype=np.float64)

    @cached_property
    def _days(self) -> IntArray:
        return self.clock.behind(len(self.repeats))

    @cached_property
    def _design(self) -> FloatArray:
        """What multiplies each free number on each day, shape (day, name), the last day first."""
        return np.asarray(self.clock.design(self._days) @ self.contrasts)

    @cached_property
    def _offset(self) -> FloatArray:
        return self.clock.calendar.offset(self._days)

    def _rates(self, free: FloatArray, unit: float) -> FloatArray:
        """Return the time on the clock of each day, in a unit of so many periods, shape (..., day)."""
        return np.asarray(np.exp(free @ self._design.T + self._offset) / (self.clock.period_days * unit))

    @cached_property
    def _sums(self) -> FloatArray:
        """What multiplies each free number, summed over repeat purchases, shape (name,)."""
        return self.repeats @ self._design

    def effects(self, free: FloatArray) -> dict[str, FloatArray]:
        """Return effects by name, each of shape (...), from free numbers of shape (..., name)."""
        found = free @ self.contrasts.T
        return {name: found[..., i] for i, name in enumerate(self.clock.names)}

    def free(self, params: Mapping[str, Any]) -> FloatArray:
        """Return the free numbers behind some effects."""
        return np.array([params[name] for name in self.clock.names], dtype=np.float64) @ self.contrasts

    def columns(self, columns: Columns) -> dict[str, FloatArray]:
        """Return the whole numbers of days of each row."""
        days = (
            days_of(columns["T"], self.clock.period_days),
            days_of(columns["T"] - columns["t_x"], self.clock.period_days),
        )
        return {name: values.astype(np.float64) for name, values in zip((OBSERVED, SINCE), days, strict=True)}

    def leaves(self, free: FloatArray, columns: Mapping[str, Node], unit: float) -> dict[str, Node]:
        """Return the times on the clock since the first and the last purchase, in a unit of so many periods."""
        passed = running_sums(self._rates(free, unit))
        return {
            name: Node(passed[..., columns[name].value.astype(np.int64)], columns[name].axis, is_leaf=True)
            for name in (OBSERVED, SINCE)
        }

    def slope(
        self, free: FloatArray, columns: Mapping[str, Node], by_leaf: Mapping[str, Any], unit: float
    ) -> FloatArray:
        """Return the derivative by the free numbers from that by the times on the clock."""
        n = len(self.repeats)
        by_days = sum(
            np.bincount(columns[name].value.astype(np.int64), by_leaf[name], n + 1) for name in (OBSERVED, SINCE)
        )
        longer = np.cumsum(np.asarray(by_days)[::-1])[::-1][1:]  # every time that holds a day changes with its rate
        found: FloatArray = (longer * self._rates(free, unit)) @ self._design
        return found

    def log_rates(self, free: FloatArray) -> FloatArray:
        """Return the sum of the logarithms of the rates over the days of repeat purchases, shape (...)."""
        known: FloatArray = free @ self._sums + self.repeats @ self._offset
        return known

    @property
    def sums(self) -> FloatArray:
        """The derivative of `log_rates`."""
        return self._sums


def buying_clock(calendar: Calendar, model: AbstractModel, base: Summary) -> BuyingClock:
    """Return the clock of a fit.

    Raises
    ------
    ArgumentError
        For a model that can't run on one.
    InputError
        For a summary that doesn't say on which days its customers bought.
    """
    trouble = why_no_clock(model)
    if trouble is not None:
        raise ArgumentError(
            f"{model.title} can't be fitted with a calendar: {trouble}; leave calendar out, or take another model."
        )
    repeats = _repeats(base)
    end, n = base.last_day, len(repeats)
    plain = Clock(calendar, end - n, end, end, base.period.days)
    acts = plain.design(plain.behind(n)) != 0
    shares = acts.T.astype(np.float64) @ repeats[::-1] / max(float(repeats.sum()), 1.0)
    clock = replace(plain, shares=tuple(shares.tolist()))
    return BuyingClock(clock, calendar, np.ascontiguousarray(repeats[::-1]))


def _repeats(base: Summary) -> FloatArray:
    """Return the repeat purchases of each day of the log."""
    repeats = base.repeats_by_day
    if repeats is None or base.observation_end is None:
        raise InputError(
            "The summary doesn't tell the repeat purchases of each day (repeats_by_day), which a calendar needs: only "
            "rfm_summary in memory counts them, by days and for all customers, so neither a table, a part of a summary "
            "nor collapse='period' has them; read the log with rfm_summary, or leave calendar out."
        )
    days = base.T * base.period.days
    if np.max(np.abs(days - np.rint(days)), initial=0.0) > _WHOLE or np.max(days, initial=0.0) > len(repeats):
        raise InputError(
            "T isn't in whole days within the days of the log, so the calendar can't be laid over it; read the log "
            "with rfm_summary."
        )
    if not np.isclose(repeats.sum(), base.frequency.sum(), rtol=0, atol=0.5):
        raise InputError(
            f"The days of the log hold {repeats.sum():,.0f} repeat purchases and the customers "
            f"{base.frequency.sum():,.0f}, so the calendar would be weighed wrongly; read the log with rfm_summary."
        )
    return repeats
