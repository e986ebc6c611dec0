"""Spend with and without the first purchase: python experiments/10_first_purchase/run.py"""

from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
OBSERVED_TO, HELD_BACK_TO = "1997-09-30", "1998-06-30"
WEEKS = 39
BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
LOOSER = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)  # squared relative spread of first purchases over that of later ones
SCALES = (0.4, 0.7, 1.4, 3.0)
CUSTOMERS = 10_000
DRAWS = 20
SAMPLES = 200  # bases drawn with replacement


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


def simulated(looser, scale=1.0):
    """Return a base whose first purchases vary more, and are worth more, than later ones of the same customer."""
    rng = np.random.default_rng(1)
    log = clv.simulate("bgnbd", BUYING, n_customers=CUSTOMERS, T=2 * WEEKS, seed=1)
    typical = 1 / rng.gamma(SPEND["q"], 1 / SPEND["gamma"], CUSTOMERS)
    is_first = ~log["customer_id"].duplicated().to_numpy()
    shape = np.where(is_first, SPEND["p"] / looser, SPEND["p"])
    own = rng.gamma(shape) / shape * SPEND["p"] * typical[log["customer_id"]]
    log["amount"] = own * np.where(is_first, scale, 1.0)
    start = np.datetime64("2020-01-01")
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end=start + np.timedelta64(7 * WEEKS, "D"),
        holdout_end=start + np.timedelta64(14 * WEEKS, "D"),
    )


def gini(worth, came):
    """Return the share of the best possible ranking: 2 x the area under the captured money, over that of the truth."""
    return area(worth, came) / area(came, came)


def area(ranking, came):
    """Return 2 x the area under the money that the best hold, less 1; customers ranked alike share their mean."""
    _, code = np.unique(-ranking, return_inverse=True)
    customers = np.append(0, np.bincount(code).cumsum()) / len(came)
    money = np.append(0, np.bincount(code, came).cumsum()) / came.sum()
    return 2 * np.trapezoid(money, customers) - 1


def captured(ranking, came):
    """Return the share of the money that the top decile brought."""
    best = np.argsort(-ranking, kind="stable")[: len(ranking) // 10]
    return came[best].sum() / came.sum()


def spearman(ranking, came):
    """Return the rank correlation."""
    return pd.Series(ranking).corr(pd.Series(came), method="spearman")


def against_past_spend(worth, past, came):
    """Return the 95% interval of the normalised Gini's gain on past spend, from customers drawn again."""
    rng = np.random.default_rng(1)
    gains = []
    for _ in range(SAMPLES):
        some = rng.integers(0, len(came), len(came))
        drawn = came[some]
        gains.append((area(worth[some], drawn) - area(past[some], drawn)) / area(drawn, drawn))
    return np.quantile(gains, [0.025, 0.975])


def ranked(rfm, model, *, closely=False):
    """Return how forecasts with and without the first purchase, and past spend, met the holdout."""
    buying, came, repeat = clv.fit(model, rfm, n_draws=DRAWS), rfm.holdout.spend, rfm.frequency > 0
    ahead = clv.predict(buying, rfm, horizon=rfm.holdout.duration)
    rows = []
    for name in ("leave_out", "scaled", "past spend"):
        row = {"model": model, "spend": name}
        worth = rfm.total_spend
        if name != "past spend":
            spend = clv.fit("gammagamma", rfm, first_purchase=name, n_draws=DRAWS)
            worth = clv.value(ahead, spend)["clv"]
            row |= {"bias": worth.sum() / came.sum() - 1, "mae": np.abs(worth - came).mean()}
            if closely:
                board = clv.compare(rfm, models=[buying], spend=spend, heuristics=[]).to_frame(target="spend").iloc[0]
                row |= {"crps": board["crps"], "coverage": board["coverage"]}
            codes = [note.code for note in spend.notes if note.code.startswith("first_purchase")]
            row |= {"note": ", ".join(codes)}
            if spend.first_purchase is not None:
                first = spend.first_purchase
                row |= {"phi": first.scale, "std_error": first.std_error, "dispersion": first.dispersion}
        row |= {
            "gini": gini(worth, came),
            "capture_top10": captured(worth, came),
            "spearman_repeat": spearman(worth[repeat], came[repeat]),
        }
        if closely and name != "past spend":
            row["lower"], row["upper"] = against_past_spend(worth, rfm.total_spend, came)
        rows.append(row)
    return pd.DataFrame(rows)


def keep(name, parts):
    """Write a table and print it."""
    RESULTS.mkdir(exist_ok=True)
    table = pd.concat(parts)
    table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
    print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.4f}'.format)}", flush=True)


def main():
    """Compute every table, write it and print it."""
    bases = {"CDNOW, sample": cdnow(sample=True), "CDNOW, full": cdnow(sample=False)}
    models = ("bgnbd", "mbgnbd")
    keep("cdnow", [ranked(rfm, m, closely=True).assign(data=name) for name, rfm in bases.items() for m in models])
    worlds = [(looser, 1.0) for looser in LOOSER] + [(1.0, scale) for scale in SCALES]
    keep("simulated", [ranked(simulated(*world), "bgnbd").assign(looser=world[0], scale=world[1]) for world in worlds])


if __name__ == "__main__":
    main()
