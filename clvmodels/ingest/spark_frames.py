"""Frames of PySpark, known without loading it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

from clvmodels.errors import InputError

_OURS = re.compile(r"clvmodels\.errors\.\w+: (.+)")
_LOST = re.compile(r"Python worker exited unexpectedly \(crashed\)|ExecutorLostFailure|Executor heartbeat timed out")


def is_spark(table: Any) -> bool:
    """Whether a table is a frame of PySpark."""
    return nw.dependencies.is_pyspark_dataframe(table) or nw.dependencies.is_pyspark_connect_dataframe(table)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Say in one sentence why Spark gave up, where that is known; otherwise its own error stays.

    Raises
    ------
    InputError
        When a worker has refused the rows, with its words, or when a worker was lost.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark.", "py4j.")):
            raise
        refused, lost = _OURS.search(str(error)), _LOST.search(str(error))
        if refused:
            raise InputError(refused[1].strip()) from error
        if lost:
            raise InputError(
                f"Spark has lost a worker in the middle of its part ({lost[0]}), most often because it took more "
                f"memory than the machine leaves it. Lower memory_limit, cut the rows into more parts "
                f"(spark.sql.shuffle.partitions) or give workers more memory, then ask again."
            ) from error
        raise


class BackToSpark:
    """Makes frames in the session of the frame that came in."""

    def __init__(self, frame: Any) -> None:
        self._session = frame.sparkSession

    def __call__(self, frame: pd.DataFrame) -> Any:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        for i, field in enumerate(table.schema):
            if field.type == pa.timestamp("s"):  # days of NumPy; as moments they would shift with the session's zone
                table = table.set_column(i, field.name, table[i].cast(pa.date32()))
        return self._session.createDataFrame(table)
