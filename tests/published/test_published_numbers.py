"""Every published number, to its printed digits."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.records import Estimate, Summary

NUMBERS = tomllib.loads(Path(__file__).with_name("numbers.toml").read_text())
OTHER_ESTIMATES = 1e-4  # see numbers.toml


@cache
def summary(data: str, period_days: float = 7.0) -> Summary:
    if data == "donations":
        return clv.as_summary(clv.load_donations(), period="year")
    if data.startswith("contracts"):
        _, segment, years = data.split("/")
        percent = clv.load_contracts().set_index("segment").loc[segment, "survivors_percent"].to_numpy()
        return clv.contracts_from_survivors(np.round(10 * percent[: int(years) + 1]), period="year")
    log = clv.load_cdnow(sample=data == "cdnow_sample")
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        period=timedelta(days=period_days),
        observation_end="1997-09-30",
    )


@cache
def estimate(model: str, data: str, period_days: float = 7.0) -> Estimate:
    return clv.fit(model, summary(data, period_days), first_purchase="leave_out")


def printed_step(text: str) -> float:
    """Return half a unit of the last printed digit, and a hair for the rounding of the comparison."""
    return float(Decimal(1).scaleb(Decimal(text).as_tuple().exponent)) * 0.5000001


@pytest.mark.parametrize("row", NUMBERS["fit"], ids=lambda row: f"{row['model']}-{row['data']}-{row['params']}")
def test_estimates_and_log_likelihood_are_the_published_ones(row):
    fitted = estimate(row["model"], row["data"], row.get("period_days", 7))
    assert fitted.outcome.converged, fitted.outcome.text
    assert fitted.outcome.n_agreeing == fitted.outcome.n_starts, fitted.outcome.text
    for name, text in row["params"].items():
        assert fitted.params[name] == pytest.approx(float(text), abs=printed_step(text)), name
    for name, text in row.get("std_errors", {}).items():
        assert fitted.std_errors[name] == pytest.approx(float(text), abs=printed_step(text)), name
    assert fitted.log_likelihood == pytest.approx(float(row["log_likelihood"]), abs=printed_step(row["log_likelihood"]))


@pytest.mark.parametrize("row", NUMBERS["spot"], ids=lambda row: f"{row['source']}: {row['value']}")
def test_predictions_are_the_published_ones(row):
    if "params" in row:
        given = clv.estimate_from(row["model"], row["params"], period="week")
    else:
        mle = estimate(row["model"], row.get("data", "cdnow_sample"))
        given = clv.estimate_from(row["model"], mle.params, period=mle.period)
    history = row.get("history")
    customers = None
    if history:
        t_x, T = (history[name] if name in history else history[f"{name}_days"] / 7 for name in ("t_x", "T"))
        customers = Summary(given.period, np.array([1]), *(np.array([v], float) for v in (history["x"], t_x, T)))
    found = clv.predict(given, customers, horizon=row["horizon"])[row["quantity"]][0]
    value = float(row["value"])
    tolerance = OTHER_ESTIMATES * value if "estimates" in row else printed_step(row["value"])
    assert found == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize("row", NUMBERS["derl"], ids=lambda row: row["source"])
@pytest.mark.parametrize("same", [{"model": "sbg"}, {"model": "bdw", "c": 1.0}], ids=lambda same: same["model"])
def test_discounted_expected_residual_lifetimes_are_the_published_ones(row, same):
    model, *_ = same.values()
    given = clv.estimate_from(model, row["params"] | {k: v for k, v in same.items() if k == "c"}, period="year")
    table = clv.residual_lifetime(given, None, discount_rate=0.1, renewals=len(row["values"]) - 1)
    for found, text in zip(table["derl"], row["values"], strict=True):
        assert found == pytest.approx(float(text), abs=printed_step(text))
