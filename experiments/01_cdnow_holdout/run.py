"""CDNOW, 39 weeks held back: what the models and the formulas forecast, and the actual values.

    python experiments/01_cdnow_holdout/run.py

Writes results/*.csv next to this file and prints them; about three minutes on two cores.
"""

from math import inf
from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels import heuristics

RESULTS = Path(__file__).parent / "results"
DATA = {"sample": True, "full": False}
OBSERVED_TO, HELD_BACK_TO = "1997-09-30", "1998-06-30"
DISCOUNT_RATE = 0.15
AHEAD = {"first 52 weeks": 52, "ten years": 520, "whole life": inf}
GONE_AFTER = (13, 26)
# Published or recomputed elsewhere for the sample, with parameters taken as certain: to compare with, not to tune on.
BASELINES = {
    "bgnbd, plug-in": {
        "bias": -0.121,
        "mae": 0.786,
        "crps": 0.511,
        "log_score": 0.976,
        "total_lower": 1536,
        "total_upper": 1769,
    },
    "run_rate": {"bias": 0.557, "mae": 1.024},
    "all_zero": {"bias": -1.0, "mae": 0.799},
}
WEEKS_OF_A_QUARTER = 13


def summarise(data, end, holdout_end=None):
    """Return the summary of the sample or the full cohort."""
    return clv.rfm_summary(
        clv.load_cdnow(sample=DATA[data]),
        customer="customer_id",
        time="date",
        amount="amount",
        period="week",
        observation_end=end,
        holdout_end=holdout_end,
    )


def scores(data):
    """Return the scorecards of purchases and spend; the plug-in row takes the estimated parameters as certain."""
    rfm = summarise(data, OBSERVED_TO, HELD_BACK_TO)
    buying, spend = clv.fit("bgnbd", rfm), clv.fit("gammagamma", rfm, first_purchase="leave_out")
    certain = clv.estimate_from("bgnbd", buying.params, period="week")
    board = clv.compare(rfm, models=[buying], spend=spend)
    plug_in = clv.compare(rfm, models=[certain], spend=spend, heuristics=[])
    tables = {}
    for target in ("purchases", "spend"):
        extra = plug_in.to_frame(target=target).head(1).assign(name="bgnbd, plug-in")
        rows = board.to_frame(target=target)
        joined = pd.concat([rows.head(1), extra, rows.iloc[1:]], ignore_index=True)
        joined.insert(0, "data", data)
        tables[target] = joined
    return tables


def baselines(purchases):
    """Return the scores that others found, and ours."""
    ours = purchases[purchases["data"] == "sample"].set_index("name")
    rows = [
        (name, score, published, ours.loc[name, score])
        for name, known in BASELINES.items()
        for score, published in known.items()
    ]
    return pd.DataFrame(rows, columns=["name", "score", "published", "here"])


def calendar(data):
    """Return purchases of the holdout by quarter: a season would show in one of them, a wrong model in all."""
    rfm = summarise(data, OBSERVED_TO, HELD_BACK_TO)
    weeks = clv.tracking_table(clv.fit("bgnbd", rfm), rfm)
    weeks = weeks[~weeks["observed"]].reset_index(drop=True)
    quarter = 1 + np.minimum(weeks.index // WEEKS_OF_A_QUARTER, 2)
    table = weeks.groupby(quarter)[["actual", "expected"]].sum().rename_axis("quarter").reset_index()
    table["bias"] = table["expected"] / table["actual"] - 1
    table.insert(0, "data", data)
    return table


def silent(data):
    """Return what customers did in the holdout who had never come back before, and what the model expected of them."""
    rfm = summarise(data, OBSERVED_TO, HELD_BACK_TO)
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=rfm.holdout.duration)
    rows = []
    for who, mask in (("no repeat purchase", rfm.frequency == 0), ("some", rfm.frequency > 0)):
        came, expected = rfm.holdout.frequency[mask], ahead["expected_purchases"][mask]
        rows.append(
            (
                data,
                who,
                int(mask.sum()),
                came.sum(),
                expected.sum(),
                expected.sum() / came.sum() - 1,
                (came > 0).mean(),
                ahead["p_active"][mask].mean(),
            )
        )
    columns = ["data", "history", "customers", "actual", "expected", "bias", "active", "expected_active"]
    return pd.DataFrame(rows, columns=columns)


def lifetimes(data, end):
    """Return revenue a customer over a life, by ARPU / churn and by the models, with 90% intervals."""
    rfm = summarise(data, end)
    n = len(rfm)
    rows = []
    for weeks in GONE_AFTER:
        settings = heuristics.HeuristicSettings(gone_after=weeks)
        total = heuristics.forecast("arpu_ltv", rfm, horizon=inf, settings=settings).totals["spend"]
        rows.append(("arpu_ltv", f"gone after {weeks} weeks", 0.0, total))
    buying, spend = clv.fit("bgnbd", rfm), clv.fit("gammagamma", rfm, first_purchase="leave_out")
    for name, horizon in AHEAD.items():
        worth = clv.value(clv.predict(buying, rfm, horizon=horizon), spend, discount_rate=DISCOUNT_RATE)
        rows.append(("bgnbd", name, DISCOUNT_RATE, worth.total))
    columns = ["data", "observed_to", "by", "what", "discount_rate", "value", "lower", "upper"]
    return pd.DataFrame(
        [(data, end, by, what, rate, t.expected / n, t.lower / n, t.upper / n) for by, what, rate, t in rows],
        columns=columns,
    )


def main():
    """Compute every table, write it and print it."""
    found = [scores(data) for data in DATA]
    tables = {target: pd.concat([f[target] for f in found]) for target in ("purchases", "spend")}
    tables["baselines"] = baselines(tables["purchases"])
    tables["by_quarter"] = pd.concat([calendar(data) for data in DATA])
    tables["silent_customers"] = pd.concat([silent(data) for data in DATA])
    ends = (OBSERVED_TO, HELD_BACK_TO)
    tables["value_of_a_life"] = pd.concat([lifetimes(data, end) for data in DATA for end in ends])
    RESULTS.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
        print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.3f}'.format)}")


if __name__ == "__main__":
    main()
