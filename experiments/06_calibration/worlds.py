"""The made-up bases of this experiment: where parameters come from, and customers who follow them exactly."""

import numpy as np
import pandas as pd

import clvmodels as clv

WEEKS = 52.0
STEPS = 8.0

# Medians and standard deviations (of logarithms, or log-odds) of what the simulated bases are drawn from. They are
# narrower than the default priors, so that no base is without a repeat purchase; the fit takes them as its priors.
BUYING = {"mean_rate": (0.08, 0.5), "rate_spread": (1.2, 0.3)}
COIN = {"mean_dropout": (0.25, 0.6), "dropout_spread": (0.25, 0.6)}
LEAVING = {"lifetime": (40.0, 0.6), "lifetime_spread": (1.2, 0.3)}
CHURN = {"mean_churn": (0.3, 0.6), "churn_spread": (0.25, 0.6)}
PRIORS = {
    "nbd": BUYING,
    "bgnbd": BUYING | COIN,
    "mbgnbd": BUYING | COIN,
    "bgcnbd": BUYING | COIN,
    "mbgcnbd": BUYING | COIN,
    "paretonbd": BUYING | LEAVING,
    "ggomnbd": BUYING | LEAVING | {"hazard_growth": (0.03, 0.5)},
    "bgbb": {"mean_taking": (0.4, 0.6), "taking_spread": (0.3, 0.6)} | CHURN,
    "sbg": CHURN,
    "bdw": CHURN | {"ageing": (1.0, 0.3)},
    "gammagamma": {"typical_spend": (35.0, 0.5), "own_spread": (0.5, 0.4), "spend_spread": (0.5, 0.3)},
}
HELD = {"bgcnbd": {"k": 2.0}, "mbgcnbd": {"k": 2.0}}
STEPPED = ("bgbb", "sbg", "bdw")


def base(model, params, n_customers, seed):
    """Return the summary of a base that follows a model of buying exactly, times not rounded to days."""
    stepped = model in STEPPED
    rng = np.random.default_rng(seed)
    if stepped:
        followed = rng.integers(int(STEPS) // 2, int(STEPS) + 1, n_customers).astype(float)
    else:
        followed = np.round(rng.uniform(WEEKS / 2, WEEKS, n_customers))
    log = clv.simulate(model, params, n_customers=n_customers, T=followed, period="week", seed=seed)
    week = (log["date"] - log["date"].min()).to_numpy() / np.timedelta64(7, "D")
    customer = log["customer_id"].to_numpy()
    first = np.flatnonzero(np.diff(customer, prepend=-1))
    x = np.diff(np.append(first, len(log))) - 1.0
    last = np.append(first[1:], len(log)) - 1
    gaps = np.diff(week, prepend=0.0)
    gaps[first] = 1.0
    table = {"frequency": x, "recency": week[last] - week[first], "T": followed}
    if stepped:
        table["recency"] = np.round(table["recency"])
    else:
        table["recency"] = np.minimum(table["recency"], followed)  # dates are kept to the microsecond
        table["litt"] = np.add.reduceat(np.log(np.maximum(gaps, 1e-9)), first)
    return clv.as_summary(pd.DataFrame(table), period="week")


def spenders(params, n_customers, seed):
    """Return the summary of a base whose spend follows Gamma-Gamma exactly, buying by an NBD."""
    rng = np.random.default_rng(seed)
    x = 1 + rng.poisson(rng.gamma(0.8, 3.0, n_customers))
    rate = rng.gamma(params["q"], 1 / params["gamma"], n_customers)
    mean = rng.gamma(params["p"] * x, 1 / (rate * x))
    table = {"frequency": x.astype(float), "recency": np.full(n_customers, 40.0), "T": np.full(n_customers, WEEKS)}
    return clv.as_summary(pd.DataFrame(table | {"monetary_value": mean}), period="week")
