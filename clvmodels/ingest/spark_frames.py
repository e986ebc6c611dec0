"""Frames of PySpark, known without loading it."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa


def is_spark(table: Any) -> bool:
    """Whether a table is a frame of PySpark."""
    return nw.dependencies.is_pyspark_dataframe(table) or nw.dependencies.is_pyspark_connect_dataframe(table)


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
