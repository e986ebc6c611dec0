"""The log of a share of the customers: small enough to be looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from clvmodels.ingest.engines import Workbench, share
from clvmodels.ingest.memory import engine_memory


def log_of_some(
    log: Any,
    *,
    customer: str,
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
    customer : str
        The column of customer ids.
    columns : sequence of str
        What to keep of the log.
    one_in : int >= 1
        Of how many customers one is kept, on average.
    memory_limit, temp_folder : str, int or None
        As in ``rfm_table``.
    """
    memory = engine_memory(memory_limit)
    with Workbench(memory=memory, folder=temp_folder) as bench:
        rows = share(bench.open(log, "log", list(dict.fromkeys([customer, *columns]))), 0, one_in, by=customer)
        found: pa.Table = rows.collect("pyarrow").to_native()
        return found
