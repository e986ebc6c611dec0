"""Contracts projected to year 12: sBG and BdW against 1 / churn.

    python experiments/02_contracts/run.py

Writes results/*.csv next to this file and prints them; a few seconds.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels import heuristics

RESULTS = Path(__file__).parent / "results"
OBSERVED = (4, 7)
LAST = 12
CUSTOMERS, PRICE, MARGIN, DISCOUNT_RATE = 1_000, 100.0, 0.8, 0.1
MODELS = {"sbg": "sBG", "bdw": "BdW"}


def survivors(segment):
    """Return the published percentages of a segment, years 0 to 12."""
    return clv.load_contracts().query("segment == @segment")["survivors_percent"].to_numpy()


def base(segment, years):
    """Return a thousand contracts observed for so many renewal points."""
    counts = np.round(survivors(segment)[: years + 1] * CUSTOMERS / 100)
    return clv.contracts_from_survivors(counts, period="year", price=PRICE)


def churn_rate(contracts):
    """Return the losses of all years over the customers at their starts."""
    made, points = contracts.frequency, contracts.T
    return float(np.sum(made < points) / np.sum(np.minimum(made + 1, points)))


def constant_churn(contracts):
    """Return survival in years 0 to 12 under one churn rate for all."""
    return (1 - churn_rate(contracts)) ** np.arange(LAST + 1)


def projected(model, contracts):
    """Return the projection of a new cohort to year 12."""
    fitted = clv.fit(model, contracts)
    return clv.cohort_projection(
        fitted, customers=1, price=PRICE, horizon=LAST, margin=MARGIN, discount_rate=DISCOUNT_RATE
    )


def survival():
    """Return survival in year 12 as forecast, with 90% intervals, and as published."""
    rows = []
    for segment in ("High End", "Regular"):
        came = survivors(segment)[LAST] / 100
        for years in OBSERVED:
            contracts = base(segment, years)
            flat = constant_churn(contracts)[LAST]
            rows.append((segment, years, "1 / churn", flat, np.nan, np.nan, came, flat - came))
            for model, title in MODELS.items():
                last = projected(model, contracts).iloc[-1]
                bounds = last["survival_lower"], last["survival_upper"]
                rows.append((segment, years, title, last["survival"], *bounds, came, last["survival"] - came))
    columns = ["segment", "observed", "by", "survival", "lower", "upper", "came", "error"]
    return pd.DataFrame(rows, columns=columns)


def twelve_years():
    """Return years paid and discounted value of a new customer, years 0 to 12, against what the segment brought."""
    discount = (1 + DISCOUNT_RATE) ** -np.arange(LAST + 1.0)
    rows = []
    for segment in ("High End", "Regular"):
        came = survivors(segment) / 100
        truth = came.sum(), PRICE * MARGIN * (came @ discount)
        for years in OBSERVED:
            contracts = base(segment, years)
            curves = {"1 / churn": constant_churn(contracts)}
            curves |= {title: projected(model, contracts)["survival"].to_numpy() for model, title in MODELS.items()}
            for by, curve in curves.items():
                paid, worth = curve.sum(), PRICE * MARGIN * (curve @ discount)
                rows.append(
                    (segment, years, by, paid, truth[0], paid / truth[0] - 1, worth, truth[1], worth / truth[1] - 1)
                )
    columns = ["segment", "observed", "by", "years_paid", "came", "error", "value", "value_came", "value_error"]
    return pd.DataFrame(rows, columns=columns)


def who_is_left():
    """Return the discounted value ahead of a customer who has just renewed so often, beside that of one churn rate."""
    rows = []
    for segment in ("High End", "Regular"):
        contracts = base(segment, 7)
        churn = churn_rate(contracts)
        flat = (1 - churn) * (1 + DISCOUNT_RATE) / (DISCOUNT_RATE + churn)
        for model, title in MODELS.items():
            table = clv.residual_lifetime(clv.fit(model, contracts), None, discount_rate=DISCOUNT_RATE, renewals=7)
            for row in table[table["renewals"].isin([0, 1, 3, 7])].itertuples():
                worth = [MARGIN * PRICE * v for v in (row.derl, row.derl_lower, row.derl_upper, flat)]
                rows.append((segment, title, row.renewals, *worth, worth[3] / worth[0] - 1))
    columns = ["segment", "by", "renewals", "value_ahead", "lower", "upper", "by_churn", "error"]
    return pd.DataFrame(rows, columns=columns)


def formulas():
    """Return the value of a new customer's life by ARPU x margin / churn, and by the models, discounted."""
    rows = []
    for segment in ("High End", "Regular"):
        for years in OBSERVED:
            contracts = base(segment, years)
            churn = churn_rate(contracts)
            life = heuristics.lifespan_from_churn(churn)
            value = heuristics.arpu_ltv(arpu=PRICE, margin=MARGIN, churn=churn)
            ahead = [
                clv.residual_lifetime(clv.fit(model, contracts), None, discount_rate=DISCOUNT_RATE, renewals=0)
                for model in MODELS
            ]
            worth = [PRICE * MARGIN * (1 + table["derl"][0] / (1 + DISCOUNT_RATE)) for table in ahead]
            rows.append((segment, years, churn, life, value, *worth, value / worth[1] - 1))
    return pd.DataFrame(rows, columns=["segment", "observed", "churn", "life", "arpu_ltv", *MODELS, "error"])


def main():
    """Compute every table, write it and print it."""
    RESULTS.mkdir(exist_ok=True)
    tables = {"survival": survival, "twelve_years": twelve_years, "who_is_left": who_is_left, "formulas": formulas}
    for name, made in tables.items():
        table = made()
        table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
        print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.3f}'.format)}")


if __name__ == "__main__":
    main()
