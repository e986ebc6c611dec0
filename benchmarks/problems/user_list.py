"""From a summary in memory to a list of customers with their value, and to the comparison with business rules.

Ours is what users call: fit, predict and value, with an interval of every expectation and of what will come from every
customer; lifetimes gives numbers without intervals. Neither discounts, but for the line that says so. ``compare`` takes
the holdout, one model and all rules, with scores of each customer's distribution of purchases and of money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

import clvmodels as clv
from benchmarks.problem import Case, Contender, Problem

MONTHS = 9  # of 30 days, as lifetimes counts them
HORIZON = MONTHS * 30 / 7


def cdnow(*, sample: bool) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        clv.load_cdnow(sample=sample).to_parquet(folder / "log.parquet")

    return prepare


def load(folder: Path) -> clv.Summary:
    log = pd.read_parquet(folder / "log.parquet")
    ends = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", period="week", **ends)


def with_clvmodels(rfm: clv.Summary, *, discount_rate: float = 0.0) -> pd.DataFrame:
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=HORIZON)
    return clv.value(ahead, clv.fit("gammagamma", rfm), discount_rate=discount_rate).to_frame()


def discounted(rfm: clv.Summary) -> pd.DataFrame:
    return with_clvmodels(rfm, discount_rate=0.15)


def with_lifetimes(rfm: clv.Summary) -> pd.DataFrame:
    base = rfm.to_frame()
    history = [base[name].astype(float) for name in ("frequency", "recency", "T")]
    buying = BetaGeoFitter().fit(*history)
    paid = base[(base["frequency"] > 0) & (base["monetary_value"] > 0)]
    spend = GammaGammaFitter().fit(paid["frequency"], paid["monetary_value"])
    mean = base["monetary_value"].fillna(0.0)
    return pd.DataFrame(
        {
            "customer_id": base["customer_id"],
            "p_alive": buying.conditional_probability_alive(*history),
            "expected_purchases": buying.conditional_expected_number_of_purchases_up_to_time(HORIZON, *history),
            "clv": spend.customer_lifetime_value(buying, *history, mean, time=MONTHS, discount_rate=0.0, freq="W"),
        }
    )


def compared(rfm: clv.Summary) -> pd.DataFrame:
    return clv.compare(rfm, models=["bgnbd"]).tables["spend"]


def answer(rfm: clv.Summary, found: pd.DataFrame) -> Mapping[str, float]:
    names = ("expected_purchases", "clv", "clv_lower", "clv_upper", "crps")
    return {name: float(found[name].sum()) for name in names if name in found}


CONTENDERS = (
    Contender("clvmodels", with_clvmodels),
    Contender("lifetimes", with_lifetimes),
    Contender("clvmodels, discounted", discounted, 3),
    Contender("clvmodels, compare", compared, 3),
)
PROBLEM = Problem(
    title="a list of customers with their value, from a summary, and the comparison with business rules",
    cases=(
        Case("CDNOW, 2,357 customers", cdnow(sample=True), load, CONTENDERS),
        Case("CDNOW, 23,570 customers", cdnow(sample=False), load, CONTENDERS),
    ),
    answer=answer,
)
