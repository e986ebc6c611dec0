"""A look at a log before it is used: one check, or a few that belong together, a file.

A check takes a `Profile` and returns what it has found. Thresholds come from the log's own rates; what is a constant
says how often a check may be wrong (`chance.ALARM`), or how much it needs to see before it says anything.
"""

from __future__ import annotations

from collections.abc import Callable

from clvmodels.ingest.log_checks.amounts import find_odd_amounts
from clvmodels.ingest.log_checks.closed_days import find_closed_days
from clvmodels.ingest.log_checks.cut_in_front import find_cut
from clvmodels.ingest.log_checks.dominance import find_dominance
from clvmodels.ingest.log_checks.duplicates import find_duplicates
from clvmodels.ingest.log_checks.hole_in_days import find_hole
from clvmodels.ingest.log_checks.impossible_dates import find_impossible_dates, impossible_days
from clvmodels.ingest.log_checks.isolated_days import find_isolated_days
from clvmodels.ingest.log_checks.profile import Profile, Tops, profile_of
from clvmodels.ingest.log_checks.season import find_season, find_season_not_seen
from clvmodels.records import Note
from clvmodels.records.log_check import in_order

__all__ = ["Profile", "Tops", "findings_in", "profile_of"]

_CHECKS: tuple[Callable[[Profile], list[Note]], ...] = (
    find_hole,
    find_duplicates,
    find_dominance,
    find_cut,
    find_season,
    find_season_not_seen,
    find_odd_amounts,
    find_closed_days,
)


def findings_in(profile: Profile) -> tuple[Note, ...]:
    """Return what is found in a log, warnings first.

    Dates that can't be and days that lie apart are found first, and left out of what the other checks see.
    """
    wrong = impossible_days(profile)
    found = find_impossible_dates(profile)
    if wrong.all():
        return in_order(found)
    rest = profile.without(wrong)
    more, apart = find_isolated_days(rest)
    found += more
    rest = rest.without(apart)
    for check in _CHECKS:
        found += check(rest)
    return in_order(found)
