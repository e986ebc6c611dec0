"""Old customers in logs that begin mid-life: python experiments/14_open_base/run.py"""

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
BUYING = {"r": 0.6, "alpha": 8.0, "a": 0.8, "b": 2.0}
LENGTH, AHEAD = 60.0, 39.0  # weeks of the log, and held back
SHARES = (0.0, 0.2, 0.5)
CUSTOMERS = 1_500  # seen, about
LOGS = 10  # of each share
SHOPS = 1  # that have run for a while
EARLIER = 156.0  # weeks that they had run
START = pd.Timestamp("2020-01-01")
SEEN_PERIODS = 4  # parts of the log by which customers are told apart


def old_customers(n, seed):
    """Return the log of customers who are alive when it begins: their first purchase lies before it."""
    alive = BUYING | {"b": BUYING["b"] + 1}  # after a coin that was passed
    log = clv.simulate("bgnbd", alive, n_customers=n, T=LENGTH + AHEAD, seed=seed, start=START)
    return log[log["customer_id"].duplicated()]


def new_customers(n, seed, weeks):
    """Return the log of customers who came at any time within some weeks, the last of which ends the log."""
    T = np.random.default_rng(seed).uniform(0, weeks, n)
    log = clv.simulate("mbgnbd", BUYING, n_customers=n, T=T, seed=seed, start=START)
    log["date"] += pd.Timedelta(days=7 * (LENGTH + AHEAD - T.max()))
    return log


def together(old, new):
    """Return one log of both, with customers of their own."""
    return pd.concat([old, new.assign(customer_id=new["customer_id"] + old["customer_id"].max() + 1)])


def summarised(log, *, held_back):
    """Return the summary to the end of observation."""
    end = START + pd.Timedelta(days=7 * LENGTH)
    return clv.rfm_summary(
        log[log["date"] >= START],
        customer="customer_id",
        time="date",
        observation_end=end,
        holdout_end=end + pd.Timedelta(days=7 * AHEAD) if held_back else None,
    )


def old_share(params, length):
    """Return the share of old customers among those seen."""
    seen = params["n_old"] * (1 - (params["alpha"] / (params["alpha"] + length)) ** params["r"])
    return seen / (seen + params["arrivals"] * length)


def recovered(share, seed):
    """Return the share of old customers that a log has, and that a fit finds."""
    silent = (BUYING["alpha"] / (BUYING["alpha"] + LENGTH)) ** BUYING["r"]
    rng = np.random.default_rng(seed)
    old = old_customers(rng.poisson(share * CUSTOMERS / (1 - silent)) + 1, seed)
    seen = rng.poisson((1 - share) * CUSTOMERS * (LENGTH + AHEAD) / LENGTH)
    new = new_customers(seen, seed + 1_000, LENGTH + AHEAD)
    rfm = summarised(together(old, new) if share else new, held_back=False)
    before = old["customer_id"].max() if share else -1
    truth = float((rfm.customer_id <= before).mean())
    row = {"share": share, "customers": len(rfm), "truth": truth}
    fitted, length = clv.fit("mbgnbd", rfm, entry="open", n_draws=400, seed=seed), float(rfm.T.max())
    lower, upper = np.quantile(old_share(fitted.draws, length), [0.05, 0.95])
    cohort = clv.fit("mbgnbd", rfm, n_draws=1)
    proposed = "begins_mid_life" in [note.code for note in cohort.notes]
    return row | {"found": old_share(fitted.params, length), "lower": lower, "upper": upper, "proposed": proposed}


def recovery():
    """Return how shares were found, over many logs."""
    found = pd.DataFrame([recovered(share, seed) for share in SHARES for seed in range(LOGS)])
    found["error"] = (found["found"] - found["truth"]).abs()
    found["width"] = found["upper"] - found["lower"]
    found["within"] = (found["lower"] <= found["truth"]) & (found["truth"] <= found["upper"])
    names = ["customers", "truth", "found", "error", "width", "within", "proposed"]
    return found.groupby("share")[names].mean().reset_index()


def spearman(expected, came):
    """Return the rank correlation."""
    return pd.Series(expected).corr(pd.Series(came), method="spearman")


def running_shop(seed):
    """Return how forecasts by either entry met the actual purchases, in a shop that has run for years."""
    weeks = EARLIER + LENGTH + AHEAD
    log = new_customers(round(25 * weeks), seed, weeks)
    before = set(log.loc[log["date"] < START, "customer_id"])
    rfm = summarised(log, held_back=True)
    came, repeat = rfm.holdout.frequency, rfm.frequency > 0
    part = np.minimum((1 - rfm.T / rfm.T.max()) * SEEN_PERIODS, SEEN_PERIODS - 1).astype(int)
    rows = []
    for model in ("mbgnbd",):
        for entry in ("cohort", "open"):
            fitted = clv.fit(model, rfm, entry=entry, n_draws=200)
            ahead = clv.predict(fitted, rfm, horizon=AHEAD)
            expected = ahead["expected_purchases"]
            bias = [expected[part == i].sum() / came[part == i].sum() - 1 for i in range(SEEN_PERIODS)]
            rows.append(
                {
                    "seed": seed,
                    "model": model,
                    "entry": entry,
                    "truth": np.isin(rfm.customer_id, list(before)).mean(),
                    "found": ahead["p_old"].mean() if entry == "open" else np.nan,
                    "bias": expected.sum() / came.sum() - 1,
                    "first": bias[0],
                    "last": bias[-1],
                    "mae": np.abs(expected - came).mean(),
                    "crps": ahead.distribution.crps(came).mean(),
                    "spearman_repeat": spearman(expected[repeat], came[repeat]),
                }
            )
    return rows


def times():
    """Return how long fits take at the size of CDNOW's full cohort."""
    cohort = clv.rfm_summary(clv.load_cdnow(), customer="customer_id", time="date", observation_end="1997-09-30")
    rows = []
    for model in ("bgnbd", "mbgnbd"):
        taken = {}
        for entry in ("cohort", "open"):
            begun = perf_counter()
            clv.fit(model, cohort, entry=entry, n_draws=1)
            taken[entry] = perf_counter() - begun
        rows.append({"data": "CDNOW, full", "customers": len(cohort), "model": model, **taken})
    return pd.DataFrame(rows)


def keep(name, table):
    """Write a table and print it."""
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
    print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.4f}'.format)}", flush=True)


def main():
    """Compute every table, write it and print it."""
    keep("recovery", recovery())
    shops = pd.DataFrame([row for seed in range(SHOPS) for row in running_shop(seed)])
    keep("running", shops.drop(columns="seed").groupby(["model", "entry"], sort=False).mean().reset_index())
    keep("times", times())


if __name__ == "__main__":
    main()
