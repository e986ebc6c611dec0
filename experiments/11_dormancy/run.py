"""Customers who fall asleep and wake, on CDNOW: fit, forecast and its price beside models in which customers leave.

python experiments/11_dormancy/run.py     some minutes on two cores; writes results/*.csv
python docs/make_tables.py                puts them into the text beside it
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

import clvmodels as clv

RESULTS = Path(__file__).with_name("results")
MODELS = ("bgnbd", "mbgnbd", "dormancynbd")
SPLIT = pd.Timestamp("1997-09-30")
COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount", "period": "week"}
SCORES = ("bias", "mae", "crps", "pit_ks", "ece", "coverage", "total", "total_lower", "total_upper", "actual")


def fits(rfm: clv.Summary) -> pd.DataFrame:
    """Return the fit of each model with its processor time, and the test against leaving for good."""
    found, rows = {}, []
    for name in MODELS:
        begin = time.process_time()
        found[name] = clv.fit(name, rfm)
        rows.append({"model": name, "log_likelihood": found[name].log_likelihood, **found[name].params})
        rows[-1]["seconds"] = time.process_time() - begin
    test = clv.likelihood_ratio(found["mbgnbd"], found["dormancynbd"], rfm)
    return pd.DataFrame(rows).assign(p_value=[None, None, test.p_value])


def forecasts(log: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of 39 weeks ahead of one origin."""
    board = clv.backtest(log, **COLUMNS, models=list(MODELS), heuristics=[], horizon=39, origins=[SPLIT])
    table = board.to_frame()
    table = table[table["name"].isin(MODELS)]
    return table[["name", *(column for column in SCORES if column in table)]]


def main() -> None:
    """Fit the sample and the whole cohort, and forecast the sample."""
    RESULTS.mkdir(exist_ok=True)
    fitted = []
    for data, sample in (("sample", True), ("full", False)):
        log = clv.load_cdnow(sample=sample)
        clv.fit("nbd", clv.rfm_summary(log, **COLUMNS, observation_end=SPLIT))  # what the first fit loads isn't timed
        fitted.append(fits(clv.rfm_summary(log, **COLUMNS, observation_end=SPLIT)).assign(data=data))
        pd.concat(fitted).to_csv(RESULTS / "fits.csv", index=False, float_format="%.6g")
        if sample:
            forecasts(log).assign(data=data).to_csv(RESULTS / "forecasts.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
