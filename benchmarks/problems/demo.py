"""From a log in a file to a list of customers with their value, in a process that starts from nothing.

The scripts do what their users write: summarise, fit, value, save; that of clvmodels gives intervals too. ``clv demo``
compares models and formulas on a holdout and writes a report besides. "First" is the run after an installation, when
Python has yet to compile what it imports; a peer's own compiler has done its work in an earlier run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem

CLVMODELS = """
import sys
import clvmodels as clv

study = clv.Study(horizon=52, discount_rate=0.15).fit(sys.argv[1], customer="customer_id", time="date", amount="amount")
clv.export(study.predict(), sys.argv[2])
"""
LIFETIMES = """
import sys
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

log = pd.read_csv(sys.argv[1])
base = summary_data_from_transaction_data(log, "customer_id", "date", monetary_value_col="amount", freq="W")
base["monetary_value"] = base["monetary_value"].where(base["frequency"] > 0, 0)
history = base["frequency"], base["recency"], base["T"]
buying = BetaGeoFitter().fit(*history)
paid = base[(base["frequency"] > 0) & (base["monetary_value"] > 0)]
spend = GammaGammaFitter().fit(paid["frequency"], paid["monetary_value"])
worth = spend.customer_lifetime_value(buying, *history, base["monetary_value"], time=12, discount_rate=0.0117, freq="W")
worth.to_csv(sys.argv[2])
"""
PYMC_MARKETING = """
import sys
import pandas as pd
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel, rfm_summary

log = pd.read_csv(sys.argv[1])
base = rfm_summary(log, "customer_id", "date", monetary_value_col="amount", time_unit="W")
buying = BetaGeoModel()
buying.fit(base, method="map", progressbar=False)
paid = base[(base["frequency"] > 0) & (base["monetary_value"] > 0)]
spend = GammaGammaModel()
spend.fit(paid, method="map", progressbar=False)
worth = spend.expected_customer_lifetime_value(
    transaction_model=buying, data=base, future_t=12, discount_rate=0.0117, time_unit="W"
)
worth.to_dataframe(name="clv").reset_index()[["customer_id", "clv"]].to_csv(sys.argv[2])
"""


def prepare(folder: Path) -> None:
    clv.load_cdnow().to_csv(folder / "log.csv", index=False)


def script(text: str) -> Callable[[Path], int]:
    def solve(folder: Path) -> int:
        with TemporaryDirectory() as out:
            told = Path(out) / "customers.csv"
            _run([sys.executable, "-W", "ignore", "-c", text, str(folder / "log.csv"), str(told)])
            return len(pd.read_csv(told))

    return solve


def demo(folder: Path) -> int:
    return _demonstrated(folder, {})


def first_demo(folder: Path) -> int:
    with TemporaryDirectory() as nowhere:
        return _demonstrated(folder, {"PYTHONPYCACHEPREFIX": nowhere})


def _demonstrated(folder: Path, more: Mapping[str, str]) -> int:
    with TemporaryDirectory(dir=folder) as out:
        _run([sys.executable, "-m", "clvmodels", "demo", "--out", out], more)
        return len(pd.read_csv(Path(out) / "customers.csv"))


def _run(command: list[str], more: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, env={**environ, **(more or {})})


PROBLEM = Problem(
    title="a list of customers with their value, from a cold start",
    cases=(
        Case(
            "CDNOW, 23,570 customers",
            prepare,
            lambda folder: folder,
            (
                Contender("clvmodels", script(CLVMODELS), 3),
                Contender("lifetimes", script(LIFETIMES), 3),
                Contender("pymc-marketing", script(PYMC_MARKETING), 2),
                Contender("clvmodels, clv demo", demo, 3),
                Contender("clvmodels, clv demo, first", first_demo, 1),
            ),
        ),
    ),
    answer=lambda folder, customers: {"customers": customers},
)
