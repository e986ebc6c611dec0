"""Intervals of totals: without a common shock, with one that is constant, and with one that grows with the horizon.

    python experiments/12_totals/run.py

Writes results/windows.csv (one row a window and interval) and results/by_kind.csv; about four minutes of one processor.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

import clvmodels as clv

sys.path.insert(0, str(Path(__file__).parent))
from shops import FIRST, KINDS, shop

RESULTS = Path(__file__).parent / "results"
NAMED = {"customer": "customer_id", "time": "date"}
SEEDS = (10, 11)  # others than those by which the prior was chosen
OBSERVED, AHEAD = 78, (26, 52)  # weeks
CDNOW = {"1997-09-30": (13, 26, 39), "1997-12-30": (13, 26), "1998-03-31": (13,)}
SIZES = np.geomspace(1e-3, 2, 96)
WIDE = 0.25  # scale of the prior of a constant shock, half normal
LEVEL = 0.9


def constant(shock, total):
    """Return the bounds by a shock of one size for all horizons, learned from the shortest forecasts alone."""
    rows = shock.to_frame()
    rows = rows[(rows["target"] == "purchases") & (rows["horizon"] < 1.5 * rows["horizon"].min())]
    variance = np.square(SIZES)[:, None] + np.square(rows["sd"].to_numpy())
    fit = -(np.log(variance) + np.square(rows["miss"].to_numpy()) / variance).sum(axis=1) / 2
    fit += np.log(SIZES) - np.square(SIZES / WIDE) / 2
    weights = np.exp(fit - fit.max())
    weights /= weights.sum()
    spread = np.hypot(np.hypot(*total.parts.values()) / total.expected, SIZES)
    grid = np.linspace(0, 6, 12_001)
    half = np.interp((1 + LEVEL) / 2, ndtr(grid[:, None] / spread) @ weights, grid)
    return total.expected * np.exp(-half), total.expected * np.exp(half)


def windows(log, end, horizons):
    """Return a row an interval, of the totals over some horizons after a day."""
    shock = clv.common_shock(log, **NAMED, horizon=max(horizons), observation_end=end)
    fitted, rows = None, []
    for weeks in horizons:
        rfm = clv.rfm_summary(log, **NAMED, observation_end=end, holdout_end=end + np.timedelta64(7 * weeks, "D"))
        fitted = clv.fit("mbgnbd", rfm) if fitted is None else fitted
        actual = rfm.holdout.frequency.sum()
        plain = clv.predict(fitted, rfm, horizon=rfm.holdout.duration, ci_prob=LEVEL).total
        growing = clv.predict(fitted, rfm, horizon=rfm.holdout.duration, ci_prob=LEVEL, shock=shock).total
        bounds = {
            "none": (plain.lower, plain.upper),
            "constant": constant(shock, plain),
            "growing": (growing.lower, growing.upper),
        }
        for name, (lower, upper) in bounds.items():
            missed = max(lower - actual, 0) + max(actual - upper, 0)
            rows.append(
                {
                    "weeks": weeks,
                    "shock": name,
                    "expected": plain.expected,
                    "lower": lower,
                    "upper": upper,
                    "actual": actual,
                    "held": lower <= actual <= upper,
                    "half_width": (upper - lower) / 2 / plain.expected,
                    "interval_score": (upper - lower + 2 / (1 - LEVEL) * missed) / actual,
                }
            )
    return pd.DataFrame(rows)


def main():
    """Forecast all windows and write how their intervals held."""
    found = []
    for kind in KINDS:
        for seed in SEEDS:
            end = FIRST + np.timedelta64(7 * OBSERVED - 1, "D")
            found.append(windows(shop(kind, seed), end, AHEAD).assign(kind=kind, log=seed))
            print(kind, seed, flush=True)
    log = clv.load_cdnow(sample=True)
    for day, horizons in CDNOW.items():
        found.append(windows(log, np.datetime64(day), horizons).assign(kind="CDNOW", log=day))
    table = pd.concat(found, ignore_index=True)
    table = table[["kind", "log", *table.columns.drop(["kind", "log"])]]
    means = ["held", "half_width", "interval_score"]
    by_kind = table.groupby(["kind", "shock"], sort=False)[means].mean()
    every = table.groupby("shock", sort=False)[means].mean()
    by_kind = pd.concat([by_kind.reset_index(), every.reset_index().assign(kind="all")], ignore_index=True)
    counts = table[table["shock"] == "none"]["kind"].value_counts()
    by_kind.insert(1, "windows", by_kind["kind"].map(counts))
    by_kind["windows"] = by_kind["windows"].fillna(counts.sum()).astype(int)
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / "windows.csv", index=False, float_format="%.6g")
    by_kind.to_csv(RESULTS / "by_kind.csv", index=False, float_format="%.4g")
    print(by_kind.to_string(index=False))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # short logs are to be told of
        main()
