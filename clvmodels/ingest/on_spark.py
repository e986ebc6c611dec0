"""Customers in a frame of PySpark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.errors import ArgumentError
from clvmodels.ingest.broken_rows import check_customers
from clvmodels.ingest.grouping import first_moments, grouped, spending, summed
from clvmodels.ingest.parquet import Rule, applied
from clvmodels.ingest.spark_frames import one_sentence
from clvmodels.records import AbstractCustomerTable, FirstPurchase, Note, Period, Spending, Summary
from clvmodels.records.first_purchase import FirstMoments
from clvmodels.records.log_check import shown

_ID = "customer_id"


@dataclass(frozen=True, eq=False, repr=False)
class SparkTable(AbstractCustomerTable):
    """Customers in a frame of PySpark; see `AbstractCustomerTable`.

    Attributes
    ----------
    frame : pyspark.sql.DataFrame
        One row a customer. It's computed whenever something is asked of it, unless it was persisted.
    period, groups, observation_end, notes
        As for every table of customers.
    """

    frame: Any
    period: Period
    groups: Mapping[str, str]
    observation_end: np.datetime64 | None = None
    notes: tuple[Note, ...] = ()

    @one_sentence()
    def check(self) -> None:
        """Raise an InputError where rows contradict themselves."""
        check_customers(self._lazy)

    def __len__(self) -> int:
        return self._n

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the frame."""
        return tuple(self.frame.columns)

    @one_sentence()
    def grouped(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> Summary:
        """Return the distinct histories, grouped by Spark."""
        return self._counted(grouped(self, self._lazy, statistics, groups, first))

    @one_sentence()
    def spending(
        self, statistics: Sequence[str], *, groups: Sequence[str] = (), first: FirstPurchase | None = None
    ) -> tuple[Summary, Spending | None]:
        """Return the distinct histories and what was spent, grouped by Spark."""
        rows, spent = spending(self, self._lazy, statistics, groups, first)
        return self._counted(rows), spent

    @one_sentence()
    def first_moments(self) -> FirstMoments | None:
        """Return how first purchases compare with later ones, by Spark."""
        return first_moments(self, self._lazy)

    @one_sentence()
    def sums(self, names: Sequence[str]) -> dict[str, float]:
        """Return the sums of some columns, by Spark."""
        return summed(self._lazy, names)

    def mapped(self, rule: Rule, columns: Sequence[str], names: Sequence[str]) -> Any:
        """Return a lazy frame of the ids with what a rule gives for each customer, computed in the executors.

        Parameters
        ----------
        rule : callable
            From columns to columns.
        columns, names : sequence of str
            What it takes and what it gives.
        """
        ids = [_ID] if _ID in self.columns else []
        found = _shared(self.frame, rule)

        def scored(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                known = [batch.schema.field(name) for name in ids]
                schema = pa.schema([*known, *((name, pa.float64()) for name in names)])
                yield applied(found(), batch, columns, schema)

        kinds = {name: type_in(self.frame, name) for name in ids} | dict.fromkeys(names, "double")
        return self.frame.select(*ids, *columns).mapInArrow(scored, ddl(kinds))

    def to_native(self) -> Any:
        """Return the frame."""
        return self.frame

    def __repr__(self) -> str:
        told = f"customers in a Spark frame, by {self.period.name}{shown(self.notes)}"  # to count them takes time
        return f"{type(self).__name__}({told})"

    @property
    def _lazy(self) -> nw.LazyFrame[Any]:
        frame: nw.LazyFrame[Any] = nw.from_native(self.frame)
        return frame

    @cached_property
    def _n(self) -> int:
        with one_sentence():
            return int(self.frame.count())

    def _counted(self, rows: Summary) -> Summary:
        """Remember how many customers there are: each count computes the frame anew."""
        assert rows.counts is not None
        self.__dict__.setdefault("_n", round(rows.counts.sum()))
        return rows


def _shared(frame: Any, rule: Rule) -> Callable[[], Rule]:
    """Return what gives a rule in a worker, which gets it once where the session can broadcast, else with each task."""
    context = _context(frame)
    if context is None:
        return lambda: rule
    sent = context.broadcast(rule)
    return lambda: sent.value


def _context(frame: Any) -> Any:
    """Return what can broadcast; None in a session of Spark Connect, which has nothing like it."""
    return getattr(frame.sparkSession, "sparkContext", None)


def type_in(frame: Any, name: str) -> str:
    """Return what Spark calls the type of a column."""
    return str(frame.schema[name].dataType.simpleString())


def ddl(kinds: Mapping[str, str]) -> str:
    """Return a schema as Spark reads it from a text, from the type of each column."""
    return ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())


def write_parquet(frame: Any, out: str) -> None:
    """Compute a frame into a folder of Parquet files, by Spark's own writer.

    Raises
    ------
    ArgumentError
        When Spark refuses, because the folder is there, or isn't open to writing.
    InputError
        When a worker refuses the rows, or is lost.
    """
    from pyspark.errors import AnalysisException  # noqa: PLC0415 - it's there, since a frame of it is

    try:
        with one_sentence():
            frame.write.parquet(out)
    except AnalysisException as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ArgumentError(f"Spark can't write to {out!r} ({reason}); give a folder that isn't there yet.") from error
