"""What of the calendar acts on buying: seasons, events, holidays, a trend, a known index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from scipy.linalg import helmert

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, check_between, check_kind
from clvmodels.records.period import DAYS_PER_YEAR

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKS = 52  # the 53rd week that some years have counts with the 52nd
_MOST_HARMONICS = 26  # a wave of two weeks; shorter ones are no seasons
_LONGEST_EVENT = 366  # days

type Spells = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CalendarTerm:
    """Effects of one kind, pulled towards 0 by one standard deviation that is estimated.

    Attributes
    ----------
    kind : "season", "event" or "trend"
        What they are of.
    effects : tuple of str
        Their names.
    names : tuple of str
        The names of what is free: effects of a season sum to zero over the year, so there is one fewer.
    sd_name : str
        The name of the standard deviation.
    """

    kind: str
    effects: tuple[str, ...]
    names: tuple[str, ...]
    sd_name: str

    @property
    def contrasts(self) -> FloatArray:
        """Return the effects of each free number, shape (effect, name); orthonormal columns."""
        if len(self.names) == len(self.effects):
            return np.eye(len(self.effects))
        return np.asarray(helmert(len(self.effects)).T, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What of the calendar makes all customers buy more often, or less.

    A customer's buying rate on a day is multiplied by the exponential of the effects of that day. Effects are normal
    around 0, with a standard deviation for each kind that is estimated.

    Parameters
    ----------
    season : "month", "week", int or None
        An effect for each month, for each of 52 weeks of the year, or so many waves (harmonics of the year). Effects of
        months and of weeks sum to zero.
    trend : bool
        Whether buying grows or falls by a constant share a year.
    events : mapping of str to sequence of (first day, last day), optional
        Days on which buying is another, both included: ``{"black friday": [("2023-11-24", "2023-11-27")]}``. All spells
        of an event share its effect.
    holidays : str, optional
        A country, ``"US"``: its public holidays share one effect. Needs the package ``holidays``.
    index : sequence of 12 floats > 0, optional
        What is known of the months from elsewhere, January first: buying relative to a typical month. It is taken as it
        is; with ``season`` what departs from it is estimated.

    Raises
    ------
    ArgumentError
        When a word can't be what it is, or nothing is asked.

    Examples
    --------
    >>> import clvmodels as clv
    >>> clv.Calendar(season="month").names[:3]
    ('season[jan]', 'season[feb]', 'season[mar]')
    >>> clv.Calendar(season=2, events={"sale": [("2024-01-02", "2024-01-06")]}).names
    ('season[cos 1]', 'season[sin 1]', 'season[cos 2]', 'season[sin 2]', 'event[sale]')
    """

    season: str | int | None = None
    trend: bool = False
    events: Mapping[str, Spells] | None = None
    holidays: str | None = None
    index: Sequence[float] | None = None

    def __post_init__(self) -> None:
        self._check_season()
        check_kind("trend", self.trend, bool, "say True for a trend, False for none")
        if self.events is not None:
            object.__setattr__(self, "events", _checked_events(self.events))
        if self.holidays is not None:
            check_kind("holidays", self.holidays, str, "give a country's code such as 'US'")
            _holidays(self.holidays, (2024,))
        if self.index is not None:
            object.__setattr__(self, "index", _checked_index(self.index))
        if self.season is None and not (self.trend or self.events or self.holidays or self.index):
            raise ArgumentError(
                "The calendar is empty, so nothing would act on buying; give season='month', events=, holidays=, "
                "index= or trend=True, or leave calendar out."
            )

    def __hash__(self) -> int:
        return hash(repr(self))

    @cached_property
    def terms(self) -> tuple[CalendarTerm, ...]:
        """The effects by kind."""
        found = []
        if self.season is not None:
            effects = tuple(f"season[{name}]" for name in self._seasons)
            waves = not isinstance(self.season, str)
            names = effects if waves else tuple(f"season[{i}]" for i in range(1, len(effects)))
            found.append(CalendarTerm("season", effects, names, "season[all] sd"))
        days = (*(self.events or ()), *([f"holiday {self.holidays}"] if self.holidays else []))
        if days:
            events = tuple(f"event[{name}]" for name in days)
            found.append(CalendarTerm("event", events, events, "event[all] sd"))
        if self.trend:
            found.append(CalendarTerm("trend", ("trend[per year]",), ("trend[per year]",), "trend[per year] sd"))
        return tuple(found)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the effects."""
        return tuple(name for term in self.terms for name in term.effects)

    def design(self, days: IntArray, centre: float) -> FloatArray:
        """Return what multiplies each effect on each day, shape (day, effect); a trend is 0 on the day ``centre``."""
        parts: list[Any] = [np.empty((len(days), 0))]
        if self.season is not None:
            parts.append(self._season_design(days))
        for spells in (self.events or {}).values():
            parts.append(_within(days, spells)[:, None])
        if self.holidays:
            years = np.unique(_dates(days).astype("datetime64[Y]").astype(np.int64) + 1970)
            parts.append(np.isin(days, _holidays(self.holidays, tuple(years.tolist())))[:, None])
        if self.trend:
            parts.append(((days - centre) / DAYS_PER_YEAR)[:, None])
        return np.hstack([np.asarray(part, dtype=np.float64) for part in parts])

    def offset(self, days: IntArray) -> FloatArray:
        """Return the logarithm of the known index on each day, shape (day,)."""
        if self.index is None:
            return np.zeros(len(days))
        logs = np.log(np.asarray(self.index))
        known: FloatArray = (logs - logs.mean())[_months(days)]
        return known

    def content(self) -> dict[str, Any]:
        """Return what was asked, in plain words and numbers; `Calendar(**content)` is the same calendar."""
        events = (
            None if self.events is None else {name: [list(s) for s in spells] for name, spells in self.events.items()}
        )
        index = None if self.index is None else list(self.index)
        return {"season": self.season, "trend": self.trend, "events": events, "holidays": self.holidays, "index": index}

    @property
    def _seasons(self) -> tuple[str, ...]:
        """What the season's effects are called."""
        if self.season == "month":
            return MONTHS
        if self.season == "week":
            return tuple(f"week {i}" for i in range(1, _WEEKS + 1))
        return tuple(f"{wave} {k}" for k in range(1, int(self.season or 0) + 1) for wave in ("cos", "sin"))

    def _season_design(self, days: IntArray) -> FloatArray:
        if self.season == "month":
            return np.eye(12)[_months(days)]
        if self.season == "week":
            return np.eye(_WEEKS)[_weeks(days)]
        dates = _dates(days)
        angle = 2 * np.pi * (dates - dates.astype("datetime64[Y]")).astype(np.float64) / DAYS_PER_YEAR
        waves = [wave(k * angle) for k in range(1, int(self.season or 0) + 1) for wave in (np.cos, np.sin)]
        return np.stack(waves, axis=-1)

    def _check_season(self) -> None:
        season = self.season
        if season is None or season in ("month", "week"):
            return
        if isinstance(season, int) and not isinstance(season, bool) and 1 <= season <= _MOST_HARMONICS:
            return
        raise ArgumentError(
            f"season is {season!r}; give 'month', 'week', a number of waves a year from 1 to {_MOST_HARMONICS}, or "
            f"None."
        )


def _checked_events(events: Mapping[Any, Any]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return events with their days as ISO texts."""
    check_kind("events", events, Mapping, "give a dict of lists of (first day, last day) by name")
    found = {}
    for name, spells in events.items():
        if not isinstance(name, str) or not name.strip() or "[" in name or "]" in name:
            raise ArgumentError(f"events names {name!r}; give each event a name, a text without square brackets.")
        if isinstance(spells, str) or not isinstance(spells, Sequence) or not len(spells):
            raise ArgumentError(f"The event {name!r} has {spells!r}; give a list of (first day, last day).")
        pairs = [_checked_spell(name, spell) for spell in spells]
        for (_, end), (begin, _) in zip(sorted(pairs), sorted(pairs)[1:], strict=False):
            if begin <= end:
                raise ArgumentError(f"The event {name!r} has spells that overlap on {begin}; join them.")
        found[name] = tuple(pairs)
    return found


def _checked_spell(name: str, spell: Any) -> tuple[str, str]:
    wrong = f"The event {name!r} has {spell!r}; a spell is a pair of days, (first day, last day)"
    if isinstance(spell, str) or not isinstance(spell, Sequence) or len(spell) != 2:
        raise ArgumentError(f"{wrong}.")
    try:
        begin, end = (np.datetime64(str(day)[:10], "D") for day in spell)
    except ValueError:
        raise ArgumentError(f"{wrong}, such as ('2024-11-29', '2024-12-02').") from None
    if np.isnat(begin) or np.isnat(end) or end < begin:
        raise ArgumentError(f"{wrong}, and the last can't come before the first.")
    if (end - begin).astype(int) > _LONGEST_EVENT:
        raise ArgumentError(f"{wrong}, and this one is longer than a year, which no event is; check the years.")
    return str(begin), str(end)


def _checked_index(index: Any) -> tuple[float, ...]:
    """Return the known index of the twelve months."""
    if isinstance(index, str | Mapping) or not hasattr(index, "__len__") or len(index) != 12:
        raise ArgumentError("index is no list of 12 numbers; give one for each month, January first, such as 1.2.")
    why = "it is how often customers buy relative to a typical month"
    return tuple(
        check_between(f"index of {month}", value, 0.0, float("inf"), why, open_low=True, open_high=True)
        for month, value in zip(MONTHS, index, strict=True)
    )


def _holidays(country: str, years: tuple[int, ...]) -> IntArray:
    """Return the public holidays of a country in some years, as day numbers."""
    try:
        package: Any = import_module("holidays")
    except ImportError:
        raise ArgumentError(
            "holidays= takes the days from the package 'holidays', which isn't installed; run 'pip install holidays', "
            "or list the days in events=."
        ) from None
    try:
        found = package.country_holidays(country, years=years)
    except NotImplementedError:
        raise ArgumentError(
            f"holidays is {country!r}, which the package 'holidays' doesn't know; give a code such as 'US'."
        ) from None
    return np.array(sorted(np.datetime64(day, "D").astype(np.int64) for day in found), dtype=np.int64)


def _within(days: IntArray, spells: Spells) -> FloatArray:
    inside = np.zeros(len(days), dtype=bool)
    for begin, end in spells:
        first, last = (int(np.datetime64(day, "D").astype(np.int64)) for day in (begin, end))
        inside |= (days >= first) & (days <= last)
    return inside.astype(np.float64)


def _dates(days: IntArray) -> Any:
    return np.asarray(days, dtype=np.int64).astype("datetime64[D]")


def _months(days: IntArray) -> IntArray:
    """Return the month of each day, 0 for January."""
    months: IntArray = _dates(days).astype("datetime64[M]").astype(np.int64) % 12
    return months


def _weeks(days: IntArray) -> IntArray:
    """Return the week of the year of each day, 0 for the first; weeks begin on Mondays and belong to the year of their
    Thursday (ISO 8601)."""
    thursday = days - (days + 3) % 7 + 3  # 1970-01-01 was a Thursday
    dates = _dates(thursday)
    nth = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    return np.asarray(np.minimum(nth // 7, _WEEKS - 1))
