"""The first 300 customers of the CDNOW sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.records import Summary

NAMED = {"customer": "customer_id", "time": "date", "amount": "amount"}


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
