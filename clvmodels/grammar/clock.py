"""Models of buying under a rate that changes with the calendar: the same process on another clock.

While alive, a customer buys at the rate lambda a(u), where a(u) = exp(effects of the day u) is the same for all. The
buying clock A(t) is the integral of a from the first purchase on. On it the rate is lambda again, so every formula of a
model that counts time in purchases only holds with A in place of t.

Days are cells: a purchase on day d falls in the cell that ends with it, so a customer who came on day f is observed
over the cells f + 1 to the last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, final

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar.mixing import GammaMixing
from clvmodels.grammar.model import AbstractModel, AbstractPurchaseModel, Params
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing

_FACTS = (
    "name",
    "title",
    "setting",
    "assumes",
    "caveat",
    "parameters",
    "mixing",
    "statistics",
    "updated_by",
    "alive_by",
    "discrete",
    "contractual",
    "phases",
)


class DayEffects(Protocol):
    """What a clock needs to know of a calendar."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the effects."""
        ...

    def design(self, days: IntArray, centre: float) -> FloatArray:
        """Return what multiplies each effect on each day, shape (day, effect)."""
        ...

    def offset(self, days: IntArray) -> FloatArray:
        """Return what is known of the logarithm of the rate on each day, shape (day,)."""
        ...


@dataclass(frozen=True)
class Clock:
    """How fast the buying clock runs on each day of the calendar. Days are numbers from 1970-01-01.

    Attributes
    ----------
    calendar : DayEffects
        What acts on a day.
    first, end : int
        First and last day of the log that was fitted; a trend is 0 halfway between.
    now : float
        The last day of what is looked at, where forecasts begin.
    period_days : float
        Days in a period.
    shares : tuple of float
        Of the repeat purchases of the log, those on days on which each effect acts.
    """

    calendar: DayEffects
    first: int
    end: int
    now: float
    period_days: float
    shares: tuple[float, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the effects."""
        return self.calendar.names

    def until(self, now: float) -> Clock:
        """Return the same clock for customers who are observed until another day."""
        return self if now == self.now else replace(self, now=now)

    def design(self, days: IntArray) -> FloatArray:
        """Return what multiplies each effect on each day, shape (day, effect)."""
        return self.calendar.design(days, (self.first + self.end) / 2)

    def times_seen(self, design: FloatArray | None = None) -> FloatArray:
        """Return in how many separate spells of days of the log each effect acts, or each column of another design of
        these days."""
        days = self.first + 1 + np.arange(self.end - self.first)
        there = (self.design(days) if design is None else design) != 0
        before = np.vstack([np.zeros((1, there.shape[1]), dtype=bool), there[:-1]])
        return np.sum(there & ~before, axis=0).astype(np.float64)

    def rates(self, effects: FloatArray, days: IntArray) -> FloatArray:
        """Return how many periods of the clock pass on each day, shape (..., day) for effects of shape (..., effect).

        A day without effects is 1 / period_days.
        """
        log_rate: FloatArray = effects @ self.design(days).T + self.calendar.offset(days)
        return np.asarray(np.exp(log_rate) / self.period_days)

    def behind(self, n: int) -> IntArray:
        """Return the last n days of observation, the last one first."""
        return int(self.now) - np.arange(n)

    def back(self, effects: FloatArray, n: int) -> FloatArray:
        """Return the time on the clock of the last 0 to n days, shape (..., n + 1)."""
        return running_sums(self.rates(effects, self.behind(n)))

    def ahead(self, effects: FloatArray, t: float) -> FloatArray:
        """Return the time on the clock of the next t periods, shape (...); ``inf`` for no end."""
        if np.isinf(t):
            return np.full(effects.shape[:-1], np.inf)
        days = t * self.period_days
        whole = int(np.floor(days + 1e-9))  # 12 months in weeks carry the rounding of a division
        rates = self.rates(effects, int(self.now) + 1 + np.arange(whole + 1))
        passed: FloatArray = rates[..., :whole].sum(axis=-1) + max(days - whole, 0.0) * rates[..., whole]
        return passed

    def midnights(self, effects: FloatArray, begin: float) -> tuple[FloatArray, FloatArray]:
        """Return the beginnings of days from the one that holds ``begin`` to the end of ``now``, and the time on the
        clock at each, both increasing, shape (day + 1,)."""
        days = np.arange(int(np.floor(begin)), int(np.ceil(self.now + 1)))
        return np.append(days, days[-1] + 1).astype(np.float64), running_sums(self.rates(effects, days))


def running_sums(rates: FloatArray) -> FloatArray:
    """Return running sums that begin with 0."""
    start = np.zeros((*rates.shape[:-1], 1))
    return np.concatenate([start, np.cumsum(rates, axis=-1)], axis=-1)


def days_of(periods: Any, period_days: float) -> IntArray:
    """Return lengths of time in periods as whole days."""
    return np.rint(np.asarray(periods, dtype=np.float64) * period_days).astype(np.int64)


def why_no_clock(model: AbstractModel) -> str | None:
    """Return why a model can't run on a buying clock, as the end of a sentence; None where it can.

    It can where time enters through the rate of buying alone, and a history through its last purchase alone.
    """
    if not isinstance(model, AbstractPurchaseModel):
        return "it says what purchases are worth, not when they come"
    if model.discrete or model.contractual:
        return "it counts opportunities or renewals instead of days"
    buying = [law.rate for law in model.mixing if isinstance(law, GammaMixing) and law.side == "buying"]
    if any(p.unit in ("time", "rate") and p.name not in buying for p in model.parameters):
        return "its customers leave between purchases, in plain time, while they buy by the calendar"
    if "litt" in model.statistics:
        return "it looks at every time between purchases, and a summary keeps their sum in plain time only"
    return None


@final
class OnClock(AbstractPurchaseModel, registered=False):
    """A model of buying whose purchases come by a clock.

    What it states is what the plain model states with times on the clock; parameters are those of a day without
    effects. It reads the effects among the parameters, shape () or (draw, 1).

    Parameters
    ----------
    plain : AbstractPurchaseModel
        A model for which `why_no_clock` has nothing to say.
    clock : Clock
        How fast it runs.
    """

    def __init__(self, plain: AbstractPurchaseModel, clock: Clock) -> None:
        for fact in _FACTS:
            setattr(self, fact, getattr(plain, fact))
        vars(self)["coefficients"] = clock.names
        self.plain = plain
        self.clock = clock

    def __repr__(self) -> str:
        return f"<{self.title} on a calendar>"

    def until(self, now: float) -> OnClock:
        """Return the model for customers who are observed until another day."""
        return self if now == self.clock.now else OnClock(self.plain, self.clock.until(now))

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T), but for the rates of the days of purchase, which no parameter differs in
        between alive and gone."""
        return self.plain.log_alive(xp, params, self._on_clock(xp, params, h))

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T), but for the same."""
        return self.plain.log_gone(xp, params, self._on_clock(xp, params, h))

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T, and the effects."""
        return self.updated_on_clock(params, {**h, "T": self.time_observed(params, h["T"])})

    def updated_on_clock(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same where T is the time on the clock already."""
        return self.plain.updated(params, h) | {name: params[name] for name in self.coefficients}

    def time_observed(self, params: Params, T: Any) -> FloatArray:
        """Return the time on the clock from T periods before the end of observation to that end."""
        return self._back(self.effects(params), T)[0]

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X] of the next t periods."""
        return self.plain.expectation(params, self._ahead(params, t))

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X = 0 .. n - 1) and P(X >= n) of the next t periods."""
        return self.plain.pmf(params, self._ahead(params, t), n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X >= n) of the next t periods."""
        return self.plain.at_least(params, self._ahead(params, t), n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Raise: a discount runs in plain time."""
        raise no_discount(self)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time) of customers who are followed until the end of the last day."""
        days = self.clock.period_days
        begin = self.clock.now + 1 - np.asarray(T) * days
        midnights, passed = self.clock.midnights(self.effects(params), float(np.min(begin)))
        started = np.interp(begin, midnights, passed)
        whole = np.interp(self.clock.now + 1, midnights, passed) - started
        customer, time = self.plain.simulate(params, whole, rng)
        moment = np.interp(started[customer] + time, passed, midnights)
        return customer, (moment - begin[customer]) / days

    def effects(self, params: Params) -> FloatArray:
        """Return the effects, shape (effect,) or (draw, effect)."""
        found = np.stack([np.asarray(params[name], dtype=np.float64) for name in self.coefficients], axis=-1)
        if found.ndim > 2:
            found = found[:, 0, :]
        return found

    def _ahead(self, params: Params, t: Any) -> FloatArray:
        """Return the time on the clock of the next t periods, shape () or (draw, 1)."""
        if np.ndim(t):
            raise ArgumentError(
                f"{self.title} was fitted with a calendar, whose effects begin on one day for all customers, so it "
                f"can't be asked for several lengths of time at once; fit it without calendar= for this table."
            )
        passed = self.clock.ahead(self.effects(params), float(t))
        return passed[..., None] if passed.ndim else passed

    def _back(self, effects: FloatArray, T: Any, *, slopes: bool = False) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        """Return the time on the clock from a time before the end to the end; of the form that ``integral`` takes."""
        assert not slopes  # a fit has its own way to them
        days = days_of(T, self.clock.period_days)
        return self.clock.back(effects, int(days.max(initial=0)))[..., days], ()

    def _on_clock(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return a history with its times on the clock."""
        look = partial(self._back, self.effects(params))
        observed, since = xp.integral(look, h["T"]), xp.integral(look, h["T"] - h["t_x"])
        return {**h, "T": observed, "t_x": observed - since}


def plain_of(model: AbstractPurchaseModel) -> AbstractPurchaseModel:
    """Return the model that a clock is for, or the model itself."""
    return model.plain if isinstance(model, OnClock) else model


def time_passed(model: AbstractPurchaseModel, params: Params, T: FloatArray, ago: float) -> FloatArray:
    """Return the time on a model's clock from the first purchases, T periods before the end of observation, until a
    moment so many periods before that end, after it where ``ago`` is negative; 0 for who comes later; shape of T."""
    if not isinstance(model, OnClock):
        return np.maximum(T - ago, 0.0)
    effects, days = model.effects(params), model.clock.period_days
    passed = model.clock.back(effects, int(np.ceil(max(float(np.max(T, initial=0.0)), 0.0) * days)) + 1)

    def back(periods: FloatArray | float) -> FloatArray:
        return np.asarray(np.interp(np.asarray(periods) * days, np.arange(len(passed)), passed))

    end = back(ago) if ago > 0 else -model.clock.ahead(effects, -ago)
    return np.maximum(back(T) - end, 0.0)


def clock_of(model: AbstractModel) -> Clock | None:
    """Return the clock that a model runs on; None for plain time."""
    return model.clock if isinstance(model, OnClock) else None


def no_discount(model: AbstractModel) -> ArgumentError:
    """Build the error for a discount along a clock."""
    return ArgumentError(
        f"A discount_rate with {model.title} on a calendar isn't there yet: it would have to follow money within the "
        f"seasons; value with discount_rate=0, or fit without calendar=."
    )
