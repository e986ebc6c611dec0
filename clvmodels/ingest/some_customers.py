"""The log of a share of the customers: small enough to be looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from clvmodels.ingest.engines import Workbench, share
from clvmodels.ingest.identities import with_customer
from clvmodels.ingest.memory import engine_memory
from clvmodels.ingest.schema import LogColumns, as_names


def log_of_some(
    log: Any,
    *,
    customer: str | Sequence[str],
    columns: Sequence[str],
    one_in: int,
    memory_limit: str | int | None = None,
    temp_folder: str | None = None,
) -> pa.Table:
    """Return all rows of one in so many customers, chosen by their ids: the same ones every time.

    Parameters
    ----------
    log : table or path
        As in ``rfm_summary``.
    customer : str or sequence of str
        The column of customer ids, or several; who is linked by them is kept or left out together.
    columns : sequence of str
        What to keep of the log.
    one_in : int >= 1
        Of how many customers one is kept, on average.
    memory_limit, temp_folder : str, int or None
        As in ``rfm_table``.
    """
    memory, ids = engine_memory(memory_limit), as_names(customer, "customer")
    kept = list(dict.fromkeys([*ids, *columns]))
    with Workbench(memory=memory, folder=temp_folder) as bench:
        rows, by = bench.open(log, "log", kept), ids[0]
        if len(ids) > 1:
            names = LogColumns(ids, columns[0], None, ())
            linked = rows.with_columns(**{to: nw.col(name) for to, name in zip(names.ids, ids, strict=True)})
            (rows, _), by = with_customer(bench, linked, names, None), "customer"
        found: pa.Table = share(rows, 0, one_in, by=by).select(*kept).collect("pyarrow").to_native()
        return found
