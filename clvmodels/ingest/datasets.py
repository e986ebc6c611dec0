"""The data sets that come with the package, to try things on."""

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

    See Also
    --------
    load_donations : Load the gifts of 11,104 people who first gave to a public radio station in 1995, over the six
        years after.
    load_contracts : Load how many of a hundred contracts survived twelve yearly renewals, in two segments.

    Examples
    --------
    >>> log = load_cdnow(sample=True)
    >>> len(log), log["customer_id"].nunique()
    (6919, 2357)
    """
    log = pd.read_parquet(_place("cdnow_sample.parquet" if sample else "cdnow.parquet"))
    return log.assign(date=pd.to_datetime(log["date"]))


def load_donations() -> pd.DataFrame:
    """Load the gifts of 11,104 people who first gave to a public radio station in 1995, over the six years after.

    Returns
    -------
    pandas.DataFrame
        One row a donor: ``customer_id``, ``frequency`` (years with a gift after 1995), ``recency`` (the last of them,
        counted from 1995) and ``T`` (years observed, 6).

    Raises
    ------
    InputError
        When the file isn't part of the installation.

    See Also
    --------
    load_cdnow : Load the purchases of the CDNOW cohort, from its first quarter of 1997 to 1998-06-30.
    load_contracts : Load how many of a hundred contracts survived twelve yearly renewals, in two segments.

    Examples
    --------
    >>> donors = load_donations()
    >>> len(donors), int(donors["frequency"].sum())
    (11104, 24615)
    """
    return pd.read_parquet(_place("donations.parquet"))


def load_contracts() -> pd.DataFrame:
    """Load how many of a hundred contracts survived twelve yearly renewals, in two segments.

    Returns
    -------
    pandas.DataFrame
        ``segment`` ("High End", "Regular"), ``year`` (0 to 12) and ``survivors_percent``.

    Raises
    ------
    InputError
        When the file isn't part of the installation.

    See Also
    --------
    load_cdnow : Load the purchases of the CDNOW cohort, from its first quarter of 1997 to 1998-06-30.
    contracts_from_survivors : Take over cohorts of which only the survivors were counted.

    Examples
    --------
    >>> load_contracts().query("year == 12")["survivors_percent"].to_list()
    [39.4, 17.3]
    """
    return pd.read_csv(_place("contracts.csv"))


def _place(name: str) -> Path:
    package = Path(str(files("clvmodels")))
    for folder in (package / "data", package.parent / "data"):  # in a wheel, in a checkout
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"The file {name} is not part of this installation of clvmodels; install it again, or make the file."
    )
