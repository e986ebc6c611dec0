"""The log of a share of the customers: small enough to be looked at closely."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa

from clvmodels.ingest.engines import Workbench, share
from clvmodels.ingest.identities import with_customer
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.ingest.memory import engine_memory
from clvmodels.ingest.typed_tables import typed


def log_of_some(
    log: Any,
    asked: LogSpec,
    *,
    one_in: int,
    memory_limit: str | int | None = None,
    temp_folder: str | None = None,
) -> pa.Table:
    """Return all rows of one in so many customers, chosen by their ids: the same ones every time.

    Texts are read on the way, by what the whole log allows, so that the rows are read with ``asked.for_converted()``.

    Parameters
    ----------
    log : table or path
        As in ``rfm_summary``.
    asked : LogSpec
        The columns of the log and how they are read; customers linked by several ids are kept or left out together.
    one_in : int >= 1
        Of how many customers one is kept, on average.
    memory_limit, temp_folder : str, int or None
        As in ``rfm_table``.
    """
    memory, columns = engine_memory(memory_limit), asked.checked()
    kept = list(dict.fromkeys(columns.named().values()))
    with Workbench(memory=memory, folder=temp_folder) as bench:
        rows, _ = typed(bench, log, "log", columns.roles(), asked=asked)
        by = columns.customer[0]
        if len(columns.customer) > 1:
            known = ~nw.all_horizontal(*(nw.col(name).is_null() for name in columns.customer), ignore_nulls=False)
            linked = rows.filter(known) if asked.missing_customers == "drop" else rows
            linked = linked.with_columns(
                **{to: nw.col(name) for to, name in zip(columns.ids, columns.customer, strict=True)}
            )
            (rows, _), by = with_customer(bench, linked, columns, None), "customer"
        found: pa.Table = share(rows, 0, one_in, by=by).select(*kept).collect("pyarrow").to_native()
        return found
