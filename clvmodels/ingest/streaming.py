"""From a log to one row a customer, a share of the customers at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clvmodels.ingest.customers import group_notes, interval_logs, oddities, stored_group
from clvmodels.ingest.log_checks import Tops, findings_in, profile_of
from clvmodels.ingest.log_notes import notes_of_log
from clvmodels.ingest.reading import Reading
from clvmodels.ingest.timeline import timeline_of
from clvmodels.records import Note, Timeline
from clvmodels.voice import is_muted

_MOST_SHARES = 64  # beyond, looking through all purchases for each share takes longer than it saves


@dataclass(eq=False)
class Customers:
    """The customers of a log, to be read once; what holds for all of them is known afterwards.

    Attributes
    ----------
    reading : Reading
        The log.
    intervals : bool
        Whether to look at the times between purchases.
    end_given : bool
        Whether somebody said where the observation ends.
    rows_at_once : int
        Purchases to group at once.
    n : int
        Customers read so far.
    """

    reading: Reading
    intervals: bool
    end_given: bool
    rows_at_once: int
    n: int = 0
    _n_late: int = 0
    _n_purchases: float = 0.0
    _odd: Counter[tuple[str, str]] = field(default_factory=Counter)
    _newcomers: Counter[int] = field(default_factory=Counter)
    _tops: Tops = field(default_factory=Tops)

    def tables(self) -> Iterator[pa.Table]:
        """Give the customers, those of a share of all ids at a time, by the names of a stored summary.

        A share is grouped within memory. Grouped all at once, customers would be spilled and read again, which takes
        longer than to look through the purchases once for each share.
        """
        n_days: int = self.reading.days.select(nw.len()).collect("pyarrow").item()
        n_shares = min(max(-(-n_days // self.rows_at_once), 1), _MOST_SHARES)
        for k in range(n_shares):
            part = self.reading.share(k, n_shares)
            table = part.counted().sort("customer").collect("pyarrow").to_native()
            seen = table.filter(pc.greater(table["n"], 0))
            self._n_late += len(table) - len(seen)
            if len(seen):
                yield self._stored(part, seen)

    def timeline(self) -> Timeline | None:
        """Return the base by whole periods, once all customers have been read."""
        purchases = self.reading.purchases
        if self._n_late:
            end = self.reading.span.observation_end
            seen = purchases.filter(nw.col("day") <= end).select("customer").unique()
            purchases = purchases.join(seen, on="customer", how="semi")
        newcomers = (np.array([*self._newcomers.keys()]), np.array([*self._newcomers.values()]))
        return timeline_of(
            self.reading.by_day_of(purchases), newcomers, self.reading.span, has_amounts=self.reading.has_amounts
        )

    def notes(self) -> tuple[Note, ...]:
        """Return what reading has touched and noticed, once all customers have been read."""
        reading = self.reading
        odd = group_notes(self._odd, reading.question.columns)
        n_late, given = self._n_late, self.end_given
        ends = notes_of_log(reading.survey, reading.span, self._n_purchases, n_late=n_late, end_given=given)
        checks = () if is_muted() else findings_in(profile_of(reading, self._tops))
        return (*reading.notes, *odd, *ends, *checks)

    def _stored(self, part: Reading, seen: pa.Table) -> pa.Table:
        self.n += len(seen)
        self._tops.add(seen)
        self._n_purchases += float(pc.sum(seen["n"]).as_py())
        days, counts = np.unique(seen["first"].to_numpy(), return_counts=True)
        self._newcomers.update(dict(zip(days.tolist(), counts.tolist(), strict=True)))
        columns: dict[str, Any] = {"customer_id": part.ids(seen)}
        columns |= {name: values for name, values in part.columns(seen).items() if name != "customer_id"}
        if self.intervals:
            columns["litt"] = interval_logs(part.purchases, seen["n"].to_numpy(), part.span)
        groups = part.group_values()
        if groups is not None:
            found = groups.sort("customer").collect("pyarrow").to_native()
            self._odd.update(oddities(found, part.question.columns))
            columns |= {name: stored_group(found[name].combine_chunks()) for name in part.question.columns.group_ids}
        return pa.table(columns)
