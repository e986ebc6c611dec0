"""Spend that goes along with buying: python experiments/05_spend_and_frequency/run.py"""

from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
OBSERVED_TO, HELD_BACK_TO = "1997-09-30", "1998-06-30"
SLOPES = (-0.4, 0.0, 0.25, 0.5)  # of the logarithm of typical spend on that of the buying rate
CLASSES, EACH = 200, 100  # rates in a simulated base, and customers of each
WEEKS = 39
DRAWS = 2  # only expectations are looked at, and they are those of the point estimate


def cdnow(*, sample):
    """Return CDNOW with 39 weeks held back."""
    return clv.rfm_summary(
        clv.load_cdnow(sample=sample),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end=OBSERVED_TO,
        holdout_end=HELD_BACK_TO,
    )


def simulated(slope):
    """Return 20,000 customers whose typical spend is their buying rate to the power of a slope, times chance."""
    rng = np.random.default_rng(1)
    rates = np.quantile(rng.gamma(0.5, 1 / 6.0, 1_000_000), (np.arange(CLASSES) + 0.5) / CLASSES)
    logs = []
    for i, rate in enumerate(rates):
        alike = {"r": 1e8, "alpha": 1e8 / rate, "a": 0.8, "b": 2.5}
        own = clv.simulate("bgnbd", alike, n_customers=EACH, T=2 * WEEKS, seed=i)
        typical = 100 / rng.gamma(3.74, 1.0, EACH) * (rate / rates.mean()) ** slope
        own["amount"] = typical[own["customer_id"]] * rng.gamma(6.25, 1 / 6.25, len(own))
        own["customer_id"] += i * EACH
        logs.append(own)
    start = np.datetime64("2020-01-01")
    return clv.rfm_summary(
        pd.concat(logs),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end=start + np.timedelta64(7 * WEEKS, "D"),
        holdout_end=start + np.timedelta64(14 * WEEKS, "D"),
    )


def holdout(rated, buying):
    """Return how spend as independent, and spend that goes along with buying, met the holdout."""
    ahead = clv.predict(buying, rated, horizon=rated.holdout.duration)
    came, rows, top = rated.holdout.spend, [], None
    for name, covariates in (("independent", None), ("goes along", {"spend": "buying_rate"})):
        spend = clv.fit("gammagamma", rated, covariates=covariates, n_draws=DRAWS, first_purchase="leave_out")
        worth = clv.value(ahead, spend)["clv"]
        top = np.argsort(-worth, kind="stable")[: len(worth) // 10] if top is None else top
        board = clv.compare(rated, models=[buying], spend=spend, heuristics=[]).to_frame(target="spend").iloc[0]
        once = rated.frequency == 0
        rows.append(
            {
                "spend": name,
                "bias": worth.sum() / came.sum() - 1,
                "bias_best_tenth": worth[top].sum() / came[top].sum() - 1,
                "bias_no_repeat": worth[once].sum() / came[once].sum() - 1,
                "mae": np.abs(worth - came).mean(),
                "gini": board["gini"],
                "capture_top10": board["capture_top10"],
            }
        )
    return pd.DataFrame(rows)


def measured(found):
    """Return one row of what a base shows."""
    return {
        "repeat_buyers": found.n_customers,
        "elasticity": found.elasticity,
        "lower": found.lower,
        "upper": found.upper,
        "statistic": found.statistic,
        "influential_frequency": found.customer["frequency"],
        "influential_mean_spend": found.customer["monetary_value"],
        "matters": found.matters,
    }


def main():
    """Compute every table, write it and print it."""
    bases = {"CDNOW, sample": cdnow(sample=True), "CDNOW, full": cdnow(sample=False)}
    bases |= {f"simulated, slope {slope:g}": simulated(slope) for slope in SLOPES}
    tables = {name: [] for name in ("correlations", "slopes", "money", "by_frequency", "holdout")}
    for data, rfm in bases.items():
        buying = clv.fit("bgnbd", rfm, n_draws=DRAWS)
        found = clv.spend_dependence(rfm, buying=buying)
        tables["correlations"].append(found.to_frame().assign(data=data))
        tables["slopes"].append(pd.DataFrame([measured(found)]).assign(data=data))
        tables["money"].append(found.money_table().assign(data=data))
        tables["by_frequency"].append(found.by_frequency.assign(data=data))
        tables["holdout"].append(holdout(clv.with_buying_rate(rfm, buying), buying).assign(data=data))
    RESULTS.mkdir(exist_ok=True)
    for name, parts in tables.items():
        table = pd.concat(parts)
        table = table[["data", *table.columns.drop("data")]]
        table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
        print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.3f}'.format)}")


if __name__ == "__main__":
    main()
