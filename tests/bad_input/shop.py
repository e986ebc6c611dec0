"""A small log without a fault, to spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from clvmodels import simulate

BUYING = {"r": 0.8, "alpha": 4.0, "a": 0.8, "b": 2.4}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
COLUMNS = {"--customer": "customer_id", "--time": "date", "--amount": "amount"}

_visits = simulate("bgnbd", BUYING, n_customers=60, T=np.linspace(30.0, 40.0, 60), spend_params=SPEND, seed=3)
LOG = _visits.assign(
    date=_visits["date"].dt.floor("D"),
    amount=_visits["amount"].round(2),
    channel=np.where(_visits["customer_id"] % 2, "web", "shop"),
)

type Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def whole(log: pd.DataFrame) -> pd.DataFrame:
    """Leave the log as it is, where the fault is in what is asked."""
    return log


def first(column: str, *values: object) -> Spoil:
    """Put other values into the first rows of a column."""
    return lambda log: log.assign(**{column: [*values, *log[column].astype(object)[len(values) :]]})


def write(log: pd.DataFrame, path: Path) -> Path:
    """Write a log as CSV."""
    log.to_csv(path, index=False)
    return path
