"""What can be asked of the rows of a Spark frame before its columns have a type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.files import quoted
from clvmodels.ingest.on_spark import ddl
from clvmodels.ingest.text_rows import TableRows

_SHOWN = 5

type _Ask = Callable[[TableRows], Mapping[str, list[Any]]]


@dataclass(frozen=True, eq=False)
class SparkRows:
    """Rows of a Spark frame; each part answers, and what they say is put together.

    Attributes
    ----------
    frame : pyspark.sql.DataFrame
        The columns that are needed.
    """

    frame: Any

    def kinds(self) -> dict[str, str]:
        """Return the engine's name for the type of each column."""
        with Workbench() as bench:
            return TableRows(nw.to_native(bench.put(self.frame.limit(0).toArrow()))).kinds()

    def sample(self, names: Sequence[str], n: int) -> dict[str, list[Any]]:
        """Return some columns of the first rows."""
        found = self.frame.select(*names).limit(n).toArrow()
        return {name: found[name].to_pylist() for name in names}

    def totals(self, column: str, told: Mapping[str, str]) -> dict[str, Any]:
        """Return aggregates over the values of a column; those that occur in several parts are counted in each."""
        names = list(told)

        def asked(rows: TableRows) -> Mapping[str, list[Any]]:
            return {name: [None if value is None else str(value)] for name, value in rows.totals(column, told).items()}

        found = self._answers(column, names, asked)
        return {name: _joined(name, [text for text in found[name].to_pylist() if text is not None]) for name in names}

    def first(self, column: str, condition: str) -> tuple[str, str]:
        """Return a value of a column under a condition, the smallest of the first that are found."""

        def asked(rows: TableRows) -> Mapping[str, list[Any]]:
            relation = rows.relation.filter(condition).project(f"CAST({quoted(column)} AS VARCHAR)")
            return {"text": [row[0] for row in relation.limit(_SHOWN).fetchall()]}

        return min(self._answers(column, ["text"], asked)["text"].to_pylist()), ""

    def _answers(self, column: str, names: Sequence[str], asked: _Ask) -> pa.Table:
        schema = pa.schema({name: pa.string() for name in names})

        def part(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            first = next(batches, None)
            if first is None:
                return
            with Workbench(threads=1) as bench:
                reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
                relation: duckdb.DuckDBPyRelation = nw.to_native(bench.keep(bench.put(reader)))
                yield pa.RecordBatch.from_pydict(dict(asked(TableRows(relation))), schema=schema)

        return self.frame.select(column).mapInArrow(part, ddl(dict.fromkeys(names, "string"))).toArrow()


def _joined(name: str, texts: list[str]) -> Any:
    """Put what the parts say together, by the beginning of its name."""
    if name.startswith("n_"):
        return sum(map(int, texts))
    try:
        values: list[Any] = [float(text) for text in texts]
    except ValueError:
        values = texts
    return None if not values else min(values) if name.startswith("low_") else max(values)
