"""What to know about a season, an event or a trend that was fitted."""

from __future__ import annotations

import numpy as np

from clvmodels.grammar.clock import Clock, clock_of
from clvmodels.kernels.namespace import NUMPY
from clvmodels.records import Calendar, Estimate, Note, Summary
from clvmodels.records.note import warn_of
from clvmodels.records.period import DAYS_PER_YEAR

_YEARS = 2.0  # of a season: with two, what came back is told from what happened once
_ARRIVALS = 0.5  # of the log, over which nine in ten customers must have come: then ages differ within each season
_MOST = (0.05, 0.95)
_TIED = 0.5  # of a correlation: a quarter of what is known of the trend is then known of leaving
_SHOWN = 6


def calendar_notes(estimate: Estimate, base: Summary) -> tuple[Note, ...]:
    """Return what is confounded with what, and what was seen too seldom; the grave ones are raised as warnings too."""
    clock = clock_of(estimate.model)
    if clock is None or not isinstance(clock.calendar, Calendar):
        return ()
    notes = [*_season(clock, clock.calendar, base), *_unseen(clock)]
    if clock.calendar.trend:
        notes.append(_trend(estimate, clock, base))
    warn_of(tuple(notes))
    return tuple(notes)


def _season(clock: Clock, calendar: Calendar, base: Summary) -> list[Note]:
    years = (clock.end - clock.first) / DAYS_PER_YEAR
    if calendar.season is None or years >= _YEARS - 1 / DAYS_PER_YEAR:
        return []
    if _one_cohort(clock, base):
        text = (
            f"The season was learned from {years:.2g} years in which most customers came at about the same time, so it "
            f"can't be told from how they fade with age; give a known index= from elsewhere, or observe two years."
        )
        return [Note("season_of_one_cohort", text, "warning")]
    text = (
        f"The season was learned from {years:.2g} years, so what happened once in that time counts as season; "
        f"customers who came at different times tell it from age."
    )
    return [Note("season_seen_once", text)]


def _unseen(clock: Clock) -> list[Note]:
    unseen = [name for name, times in zip(clock.names, clock.times_seen(), strict=True) if not times]
    if not unseen:
        return []
    shown = ", ".join(unseen[:_SHOWN]) + (", ..." if len(unseen) > _SHOWN else "")
    text = (
        f"The log holds no day of {shown}, so nothing is known of these effects but how much others of their kind vary."
    )
    return [Note("effects_not_seen", text)]


def _trend(estimate: Estimate, clock: Clock, base: Summary) -> Note:
    """Say how far the trend is tied to leaving."""
    name = "trend[per year]"
    known = estimate.model.coordinates(NUMPY, {p.name: estimate.draws[p.name] for p in estimate.model.parameters})
    leaving = [
        q.name for law in estimate.model.mixing if getattr(law, "side", "") == "dropout" for q in law.quantities
    ][:1]
    if not leaving or estimate.n_draws < 2:
        return Note("trend_and_leaving", "A trend is told from leaving only where customers came at different times.")
    tie = float(np.corrcoef(estimate.draws[name], known[leaving[0]])[0, 1])
    alone = (
        " All came at about the same time, which leaves little to tell the two apart."
        if _one_cohort(clock, base)
        else ""
    )
    text = (
        f"A trend and leaving both change how much a customer buys with time: over the draws, the correlation of the "
        f"trend with {leaving[0]} is {tie:.2f}.{alone}"
    )
    return Note("trend_and_leaving", text, "warning" if abs(tie) > _TIED or alone else "info")


def _one_cohort(clock: Clock, base: Summary) -> bool:
    """Tell whether nine in ten customers came within less than half of the log."""
    early, late = np.quantile(base.T, _MOST) * base.period.days
    return bool(late - early < _ARRIVALS * (clock.end - clock.first))
