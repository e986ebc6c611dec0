"""The first 300 customers of the CDNOW sample, and the whole job done on them once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clvmodels import load_cdnow

from .command_line import Run, clv, spelt

COLUMNS = {"--customer": "customer_id", "--time": "date", "--amount": "amount"}
ASKED = COLUMNS | {"--by": "channel", "--holdout": "39"}
TERMS = {"--margin": "0.3", "--discount-rate": "0.15"}


@pytest.fixture(scope="session")
def log() -> pd.DataFrame:
    """Records with two channels and a second id."""
    sample = load_cdnow(sample=True)
    few = sample[sample["customer_id"].isin(sample["customer_id"].unique()[:300])]
    return few.assign(
        channel=np.where(few["customer_id"] % 2, "web", "shop"), mail=few["customer_id"].map("m{}@example.com".format)
    )


@pytest.fixture(scope="session")
def csv(log: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log as a file."""
    path = tmp_path_factory.mktemp("log") / "log.csv"
    log.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def job(csv: Path) -> tuple[Run, Path]:
    """`clv run` with everything asked: what it said, and its folder."""
    out = csv.parent / "made" / "job"
    return clv("run", csv, *spelt(ASKED | TERMS), "--horizon", "26", "--out", out), out


@pytest.fixture(scope="session")
def steps(csv: Path) -> tuple[dict[str, Run], Path]:
    """The same job step by step."""
    out = csv.parent / "steps"
    commands = {
        "rfm": ["rfm", csv, *spelt(ASKED)],
        "fit": ["fit"],
        "predict": ["predict", "--horizon", "26"],
        "value": ["value", *spelt(TERMS)],
        "compare": ["compare", "--by", "channel"],
        "report": ["report", "--title", "Step by step"],
        "audit": ["audit"],
        "export": ["export", csv.parent / "list.parquet"],
    }
    return {name: clv(*command, "--out", out) for name, command in commands.items()}, out
