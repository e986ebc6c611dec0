"""The first 300 customers of the CDNOW sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.records import Summary

NAMED = {"customer": "customer_id", "time": "date", "amount": "amount"}
LEVELS = {"channel": ["shop", "web"], "age": [20, 35, 50], "region": [*"abcd"]}


@pytest.fixture(scope="session")
def log() -> pd.DataFrame:
    """Records with two channels."""
    sample = clv.load_cdnow(sample=True)
    few = sample[sample["customer_id"].isin(sample["customer_id"].unique()[:300])]
    return few.assign(channel=np.where(few["customer_id"] % 2, "web", "shop"))


@pytest.fixture(scope="session")
def rfm(log: pd.DataFrame) -> Summary:
    """Nine months of observation, nine of holdout."""
    return clv.rfm_summary(
        log, **NAMED, groups="channel", observation_end="1997-09-30", holdout_end="1998-06-30", period="week"
    )


@pytest.fixture(scope="session")
def told_apart() -> pd.DataFrame:
    """A log of customers of two channels, three ages and four regions; those of web buy twice as often."""
    rng = np.random.default_rng(4)
    known = pd.DataFrame({name: rng.choice(levels, 80) for name, levels in LEVELS.items()})
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5, "buying[channel=web]": 0.7}
    spend = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    return clv.simulate("bgnbd", truth, n_customers=80, T=40.0, covariates=known, spend_params=spend, seed=5)
