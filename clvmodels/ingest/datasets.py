"""The CDNOW records, to try things on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd

from clvmodels.errors import InputError


def load_cdnow(*, sample: bool = False) -> pd.DataFrame:
    """Load the purchases of the CDNOW cohort, from its first quarter of 1997 to 1998-06-30.

    Parameters
    ----------
    sample : bool
        True for the 1/10 sample of 2,357 customers that most papers use, False for all 23,570.

    Returns
    -------
    pandas.DataFrame
        One row a record: ``customer_id``, ``date``, ``quantity`` (CDs) and ``amount`` (US dollars). The sample keeps
        the customers' numbers of the whole cohort.

    Raises
    ------
    InputError
        When the file isn't part of the installation.

    Examples
    --------
    >>> log = load_cdnow(sample=True)
    >>> len(log), log["customer_id"].nunique()
    (6919, 2357)
    """
    name = "cdnow_sample.parquet" if sample else "cdnow.parquet"
    package = Path(str(files("clvmodels")))
    for folder in (package / "data", package.parent / "data"):  # in a wheel, in a checkout
        if (folder / name).is_file():
            log = pd.read_parquet(folder / name)
            return log.assign(date=pd.to_datetime(log["date"]))
    raise InputError(
        f"The file {name} is not part of this installation of clvmodels; install it again, or make the file."
    )
