"""Forecasts with and without the clock, on shops whose truth is known: python experiments/11_calendar/run.py"""

from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
PARAMS = {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 3.0}
FACTORS = {"none": [1.0] * 12, "autumn": [0.8, 0.8, 0.9, 0.9, 1.0, 1.0, 0.9, 0.9, 1.0, 1.1, 1.4, 1.9]}
YEARS = (2, 4)
LAST_DAYS = ("2023-09-30", "2023-12-31")
WEEKS = 13
CUSTOMERS = 2_000
SHOPS = 8
DRAWS = 200
CALENDAR = clv.Calendar(season="month")


def shop(season, years, last_day, seed):
    """Return customers who came evenly over some years, followed for 13 weeks more."""
    logs = np.log(FACTORS[season])
    effects = dict(zip(CALENDAR.names, logs - logs.mean(), strict=True))
    end = np.datetime64(last_day) + np.timedelta64(7 * WEEKS, "D")
    whole = round(years * 365.25)
    followed = np.random.default_rng(seed).uniform(WEEKS + 4, WEEKS + whole / 7, CUSTOMERS)
    start = end + np.timedelta64(1, "D") - np.timedelta64(round(7 * followed.max() * 86_400), "s")
    log = clv.simulate(
        "mbgnbd",
        PARAMS | effects,
        n_customers=CUSTOMERS,
        T=followed,
        calendar=CALENDAR,
        start=str(start),
        seed=seed,
    )
    return clv.rfm_summary(
        log, customer="customer_id", time="date", observation_end=last_day, holdout_end=end, intervals=False
    )


def scored(season, years, last_day, seed):
    """Return one row a forecast: how it met the actual purchases."""
    rfm = shop(season, years, last_day, seed)
    forecasts = {
        "plain": clv.fit("mbgnbd", rfm, n_draws=DRAWS),
        "on the clock": clv.fit("mbgnbd", rfm, calendar=CALENDAR, n_draws=DRAWS),
    }
    board = clv.compare(rfm, models=list(forecasts.values()), heuristics=[], spend=None).to_frame()
    board = board[board["kind"] == "model"].assign(forecast=list(forecasts))
    board["hit"] = (board["total_lower"] <= board["actual"]) & (board["actual"] <= board["total_upper"])
    board["width"] = (board["total_upper"] - board["total_lower"]) / 2 / board["total"]
    known = {"season": season, "years": years, "last_day": last_day, "seed": seed}
    return board.assign(**known)[[*known, "forecast", "bias", "crps", "hit", "width"]]


def keep(name, table):
    """Write a table and print it."""
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
    print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.4f}'.format)}", flush=True)


def main():
    """Compute every table, write it and print it."""
    rows = [
        scored(season, years, last_day, seed)
        for season in FACTORS
        for years in YEARS
        for last_day in LAST_DAYS
        for seed in range(SHOPS)
    ]
    every = pd.concat(rows)
    by = every.groupby(["season", "years", "last_day", "forecast"], sort=False)
    table = by.agg(
        bias=("bias", "mean"),
        mean_miss=("bias", lambda values: values.abs().mean()),
        crps=("crps", "mean"),
        hits=("hit", "sum"),
        shops=("hit", "size"),
        half_width=("width", "mean"),
    )
    keep("shops", table.reset_index())


if __name__ == "__main__":
    main()
