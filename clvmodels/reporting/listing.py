"""The list of customers as a file that other programs read."""

from __future__ import annotations

from pathlib import Path

from clvmodels.records import Prediction, Valuation
from clvmodels.reporting.target import rank
from clvmodels.storage.files import FilePath, write_table


def export(valuation: Valuation | Prediction, path: FilePath, *, excel_safe: bool = False) -> Path:
    """Write one row a customer, best first, with full precision.

    Parameters
    ----------
    valuation : Valuation or Prediction
        What `rank` lists.
    path : str or path
        Ends in ``.csv`` or ``.parquet``; a file that is there is replaced as a whole or left as it was.
    excel_safe : bool
        Put an apostrophe before ids, groups and headers that a spreadsheet would run as a formula. Leave it off where
        programs read the file: ids then stay what they are.

    Returns
    -------
    Path
        Where it stands.

    Raises
    ------
    ArgumentError
        When the suffix is another one, there is no such folder, or the file can't be written.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> rfm = pd.DataFrame({"frequency": [0, 2], "recency": [0.0, 30.0], "T": [39.0, 39.0]})
    >>> base = clv.as_summary(rfm, period="week")
    >>> with TemporaryDirectory() as folder:
    ...     path = export(clv.predict(given, base, horizon=39), f"{folder}/customers.csv")
    ...     path.read_text()[:24]
    'customer_id,rank,decile,'
    """
    return write_table(rank(valuation), path, excel_safe=excel_safe)
