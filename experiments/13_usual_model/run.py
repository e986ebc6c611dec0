"""BG/NBD and MBG/NBD on bases that follow one of three stories of churn: what is lost where the story is another.

    python experiments/13_usual_model/run.py

Writes results/stories.csv next to this file and prints it; about two minutes on one core.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).parent / "results"
# As fitted to CDNOW's sample: what each story takes to be a base like that one.
STORIES = {
    "bgnbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "mbgnbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "paretonbd": {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67},
}
MODELS = ("bgnbd", "mbgnbd")
SEEDS = range(4)
CUSTOMERS, WEEKS, AHEAD = 2_000, 39, 39


def split(story, seed):
    """Return customers who have come over a quarter, and what they do later."""
    ages = np.linspace(WEEKS - 13, WEEKS, CUSTOMERS) + AHEAD
    log = clv.simulate(story, STORIES[story], n_customers=CUSTOMERS, T=ages, period="week", seed=seed)
    last = log["date"].min() + pd.Timedelta(weeks=WEEKS)
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        observation_end=last,
        holdout_end=last + pd.Timedelta(weeks=AHEAD),
    )


def main():
    """Fit both models to every base, and compare forecasts with what follows."""
    rows = []
    for story in STORIES:
        for seed in SEEDS:
            rfm = split(story, seed)
            fitted = [clv.fit(model, rfm) for model in MODELS]
            board = clv.compare(rfm, models=fitted, heuristics=[], spend=None).to_frame().set_index("name")
            for model, estimate in zip(MODELS, fitted, strict=True):
                row = board.loc[model, ["bias", "mae", "crps", "gini"]].to_dict()
                alive = float(clv.predict(estimate, rfm, horizon=AHEAD)["p_alive"].mean())
                rows.append(
                    {"story": story, "seed": seed, "model": model, "log_likelihood": estimate.log_likelihood_of(rfm)}
                    | row
                    | {"alive": alive}
                )
    table = pd.DataFrame(rows)
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / "stories.csv", index=False, float_format="%.6g")
    print(table.to_string(index=False))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model of another story is to be told of
        main()
