"""A log that is cut in front: its first customers were customers before, and look new."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.ingest.log_checks.profile import Profile
from clvmodels.ingest.periods import as_date
from clvmodels.records import Note

_PART = 4  # of the observation is the time to come back in
_EARLY = (2, 4, 8)  # parts of that are times to arrive in: short ones show who buys often, long ones show many
_FEWEST = 20  # customers on each side
_OFTEN = 1.9  # standard errors: old customers come back more often, at least so much
_TOGETHER = 4.5  # and together with their number, two things that are independent where nothing is cut: 3.2 / sqrt(2)


def find_cut(profile: Profile) -> list[Note]:
    """Find a log whose first customers come back more often, and are more, than the trend of later ones has it.

    Each is looked at for the same time after the first purchase seen. New customers of the same kind come back equally
    often whenever they come; among those whom a cut makes look new are mostly the frequent ones, and they run out.
    """
    sample, span = profile.sample, profile.span
    back = (span.observation_end - span.start + 1) // _PART
    if sample is None or back // max(_EARLY) < 3:
        return []
    begins = np.flatnonzero(sample.is_first)
    first = sample.day[begins]
    soon = (sample.day - first[sample.customer - 1] <= back) & ~sample.is_first
    returns = np.add.reduceat(soon.astype(np.float64), begins)
    late = (first >= span.start + back) & (first <= span.observation_end - back)
    found, most = [], _TOGETHER
    for parts in _EARLY:
        length = back // parts
        early = first < span.start + length
        if min(early.sum(), late.sum()) < _FEWEST:
            continue
        often = _more_often(returns[early], returns[late])
        usual, spread = _trend(first - span.start, length, parts, (_PART - 1) * parts)
        together = often + (early.sum() - usual) / spread
        if often >= _OFTEN and together >= most:
            found, most = [_finding(profile, returns, early, late, usual, length, back)], together
    return found


def _finding(
    profile: Profile, returns: FloatArray, early: BoolArray, late: BoolArray, usual: float, length: int, back: int
) -> Note:
    assert profile.sample is not None  # somebody has looked at it
    text = (
        f"The log seems cut in front: the {early.sum():,} customers first seen in its first {length} days (from "
        f"{as_date(profile.span.start)}) came back {returns[early].mean():.2f} times within {back} days, those first "
        f"seen later {returns[late].mean():.2f} times, and they are {early.sum() / usual:.1f} times as many as the "
        f"trend of later ones has it. Most were customers before: what looks like their first purchase isn't, and "
        f"models take old customers for new ones; read the log from its true beginning, or leave out who bought in "
        f"its first months."
    )
    return Note("log_cut_in_front", text, "warning", int(early[profile.sample.customer - 1].sum()))


def _more_often(some: FloatArray, others: FloatArray) -> float:
    """Return by how many standard errors some come back more often than others, in counts or in their roots: a few who
    come very often show in the first, many who come a little more often in the second."""
    found = []
    for a, b in ((some, others), (np.sqrt(some), np.sqrt(others))):
        error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        found.append(float(a.mean() - b.mean()) / max(float(error), 1e-9))
    return max(found)


def _trend(since: IntArray, length: int, begin: int, end: int) -> tuple[float, float]:
    """Return how many customers the trend of later blocks of days gives for the first, and the deviation from it.

    The trend is an exponential one: arrivals of a growing shop grow by a percentage.
    """
    counts = np.bincount(since // length, minlength=end)[begin:end].astype(np.float64)
    place = np.arange(begin, end)
    slope, level = np.polyfit(place, np.log(counts + 0.5), 1, w=np.sqrt(counts + 0.5))
    fitted = np.exp(level + slope * place)
    usual = float(np.exp(level))
    scatter = max(1.0, float(np.square(counts - fitted).sum() / fitted.sum()))
    return usual, float(np.sqrt(scatter * usual * (1 + 4 / len(counts)) + 1))
