"""The customers of a base and of the same base later, found by their ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records import Note, Summary, check_summary

_FEW = 0.05  # of the customers: what corrections and deleted ids touch in a log of the same base


def check_later(before: Summary, after: Summary) -> None:
    """Raise where one summary can't be a later state of the other.

    Raises
    ------
    ArgumentError
        When the periods differ, an end isn't known, or the second doesn't end later.
    """
    check_summary(before)
    check_summary(after)
    if before.period != after.period:
        raise ArgumentError(
            f"The earlier summary counts time in {before.period.name}s and the later one in {after.period.name}s, so "
            f"nothing in them compares; make both with one period."
        )
    if before.observation_end is None or after.observation_end is None:
        raise ArgumentError(
            "A summary doesn't say when its observation ends (it was aggregated elsewhere), so nobody knows how much "
            "time lies between the two; make both from transaction logs."
        )
    if after.observation_end <= before.observation_end:
        raise ArgumentError(
            f"The later observation ends on {after.observation_end} and the earlier on {before.observation_end}, so "
            f"there is no time between them to look at; give a log that goes further."
        )


@dataclass(frozen=True, eq=False)
class Matched:
    """The customers of both bases, found by their ids.

    ``place`` is where each earlier customer stands in the later base, -1 where nowhere; ``new`` are those of the later
    base who weren't in the earlier.
    """

    before: Summary
    after: Summary
    place: IntArray
    new: BoolArray

    @classmethod
    def of(cls, before: Summary, after: Summary) -> Matched:
        """Find the customers of one summary in another."""
        ids = [pd.Index(before.customer_id), pd.Index(after.customer_id)]
        for index, which in zip(ids, ("earlier", "later"), strict=True):
            if not index.is_unique:
                twice = index[index.duplicated()]
                raise InputError(
                    f"In the {which} base {len(twice):,} rows repeat a customer_id (the first is {twice[0]!r}), so "
                    f"customers can't be followed; give one row a customer."
                )
        place = ids[1].get_indexer(ids[0]).astype(np.int64)
        if not np.any(place >= 0):
            raise InputError(
                f"None of the {len(before):,} earlier customers is in the later base (their ids look like "
                f"{_some(before)} and {_some(after)}), so nothing can be followed; give a log of the same customers, "
                f"with ids of the same kind."
            )
        new = np.ones(len(after), dtype=np.bool_)
        new[place[place >= 0]] = False
        return cls(before, after, place, new)

    @property
    def known(self) -> BoolArray:
        """Which of the earlier customers are in the later base."""
        there: BoolArray = self.place >= 0
        return there

    def change(self, column: str) -> FloatArray:
        """Return by how much a column of the customers of both grew."""
        grown: FloatArray = (
            getattr(self.after, column)[self.place[self.known]] - getattr(self.before, column)[self.known]
        )
        return grown

    @property
    def elapsed(self) -> float:
        """Periods between the two ends, as the customers were observed longer: whole ones where they are counted so."""
        assert self.before.observation_end is not None  # check_later has looked
        assert self.after.observation_end is not None
        days = float((self.after.observation_end - self.before.observation_end) / np.timedelta64(1, "D"))
        exact, seen = days / self.before.period.days, float(np.median(self.change("T")))
        if abs(seen - exact) >= 1:
            raise InputError(
                f"Between the two ends lie {exact:.4g} {self.before.period.name}s, and the customers of both were "
                f"observed {seen:.4g} longer, so they aren't the same people; give a log of the same base."
            )
        if seen <= 0:
            raise ArgumentError(
                f"The two ends lie in one {self.before.period.name}, and this base is counted by whole ones, so "
                f"there is no time between them to look at; give a log that goes further."
            )
        return exact if np.isclose(seen, exact) else seen

    def notes(self) -> tuple[Note, ...]:
        """Say whose history isn't the earlier one and what followed."""
        both = self.known
        odd = {
            "are no longer there": int((~both).sum()),
            "have fewer purchases than before": int((self.change("frequency") < 0).sum()),
        }
        if self.before.first_purchase is not None and self.after.first_purchase is not None:
            first = self.after.first_purchase
            moved = first[self.place[both]] != self.before.first_purchase[both]
            odd["have another first purchase"] = int(moved.sum())
            odd["are new and bought before that end"] = int((first[self.new] <= self.before.observation_end).sum())
        total = sum(odd.values())
        if not total:
            return ()
        told = ", ".join(f"{n:,} {what}" for what, n in odd.items() if n)
        share = total / len(self.before)
        text = f"Of {len(self.before):,} customers at the earlier end, {share:.1%} don't fit the later log ({told})"
        if share <= _FEW:
            return (Note("corrected_histories", f"{text}: late records, refunds or corrections."),)
        advice = "the two logs are hardly of one base, read in one way; compare how they were made before reading on."
        return (Note("other_base", f"{text}: {advice}", "warning"),)


def _some(summary: Summary) -> str:
    return repr(summary.customer_id.tolist()[0]) if len(summary) else "nothing"
