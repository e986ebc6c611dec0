"""Customer bases to try the rules on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import files

import numpy as np
import pandas as pd
import pytest

from clvmodels.records import Holdout, Period, Summary

WEEK = 7
RECENT_WEEKS = 13


@pytest.fixture(scope="session")
def cdnow() -> Callable[..., Summary]:
    """Return a function that reads the sample or the full cohort, observed until a day, in weeks."""

    @cache
    def read(*, sample: bool, observation_end: str = "1997-09-30") -> Summary:
        name = "CDNOW_sample.txt" if sample else "CDNOW_master.txt"
        path = next(str(p.locate()) for p in files("lifetimes") if p.name == name)
        columns = ["master", "customer_id", "date", "cds", "amount"][0 if sample else 1 :]
        log = pd.read_csv(path, sep=r"\s+", names=columns, skiprows=0 if sample else 1)
        log["date"] = pd.to_datetime(log["date"].astype(str))
        days = log.groupby(["customer_id", "date"], as_index=False)["amount"].sum()
        return _summary(days, pd.Timestamp(observation_end), pd.Timestamp("1998-06-30"))

    return read


def _summary(days: pd.DataFrame, end: pd.Timestamp, holdout_end: pd.Timestamp) -> Summary:
    seen, later = days[days["date"] <= end], days[(days["date"] > end) & (days["date"] <= holdout_end)]
    table = seen.groupby("customer_id").agg(
        first=("date", "min"),
        last=("date", "max"),
        n=("date", "size"),
        spend=("amount", "sum"),
        start=("amount", "first"),
    )
    recent = seen[seen["date"] > end - pd.Timedelta(days=WEEK * RECENT_WEEKS)].groupby("customer_id")["amount"]
    ahead = later.groupby("customer_id")["amount"]

    def of_each(values: pd.Series) -> np.ndarray:
        return values.reindex(table.index, fill_value=0).to_numpy(np.float64)

    x = table["n"].to_numpy(np.float64) - 1
    repeat_spend = (table["spend"] - table["start"]).to_numpy()
    return Summary(
        period=Period.of("week"),
        customer_id=table.index.to_numpy(),
        frequency=x,
        recency=((table["last"] - table["first"]).dt.days / WEEK).to_numpy(),
        T=((end - table["first"]).dt.days / WEEK).to_numpy(),
        monetary_value=np.divide(repeat_spend, x, out=np.zeros_like(x), where=x > 0),
        total_spend=table["spend"].to_numpy(),
        recent_purchases=of_each(recent.size()),
        recent_spend=of_each(recent.sum()),
        recent_window=float(RECENT_WEEKS),
        groups={"half": np.where(table["first"] < pd.Timestamp("1997-02-15"), "early", "late")},
        holdout=Holdout((holdout_end - end).days / WEEK, of_each(ahead.size()), of_each(ahead.sum())),
    )


@pytest.fixture(scope="session")
def shop() -> Summary:
    """Four customers in days, small enough to be counted by hand; two of them have been silent for over 100 days."""
    return Summary(
        period=Period.of("day"),
        customer_id=np.array(["a", "b", "c", "d"]),
        frequency=np.array([3.0, 0.0, 1.0, 1.0]),
        recency=np.array([180.0, 0.0, 50.0, 40.0]),
        T=np.array([200.0, 200.0, 100.0, 300.0]),
        monetary_value=np.array([20.0, 0.0, 30.0, 10.0]),
        total_spend=np.array([90.0, 10.0, 60.0, 40.0]),
        recent_purchases=np.array([2.0, 0.0, 1.0, 0.0]),
        recent_spend=np.array([40.0, 0.0, 30.0, 0.0]),
        recent_window=90.0,
        groups={"channel": np.array(["web", "shop", "web", "shop"])},
    )
