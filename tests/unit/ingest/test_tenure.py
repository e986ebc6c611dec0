"""Tables of tenure and churned, and rows of one customer that follow each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import InputError

TELCO = pd.DataFrame(
    {
        "customerID": ["7590-VHVEG", "5575-GNVDE", "3668-QPYBK", "4472-LVYGI"],
        "tenure": [1, 34, 2, 0],
        "MonthlyCharges": [29.85, 56.95, 53.85, 52.55],
        "Contract": ["Month-to-month", "One year", "Month-to-month", "Two year"],
        "Churn": ["No", "No", "Yes", "No"],
    }
)
NAMES = {"tenure": "tenure", "churned": "Churn", "customer": "customerID", "price": "MonthlyCharges"}


def test_a_tenure_is_the_periods_that_were_paid():
    base = clv.contracts_from_tenure(TELCO, groups="Contract", **NAMES)
    assert base.frequency.tolist() == [0, 33, 1, 0]
    assert base.T.tolist() == [0, 33, 2, 0]
    assert base.ended.tolist() == [0, 0, 1, 0]
    assert base.total_spend.tolist() == [29.85, 34 * 56.95, 2 * 53.85, 0]
    churn = clv.heuristics.business_figures(base).iloc[0]["churn_per_year"]
    assert churn == pytest.approx(12 / 37, rel=1e-12, abs=0)
    assert sorted(base.by_group("Contract")) == ["Month-to-month", "One year", "Two year"]


@pytest.mark.parametrize("churned", [["no", "FALSE", "yes", "0"], [False, False, True, False], [0, 0, 1, 0]])
def test_leaving_is_read_however_it_is_written(churned, tmp_path):
    table = TELCO.assign(Churn=churned)
    assert clv.contracts_from_tenure(table, **NAMES).ended.tolist() == [0, 0, 1, 0]
    table.to_csv(tmp_path / "telco.csv", index=False)
    assert clv.contracts_from_tenure(tmp_path / "telco.csv", **NAMES).ended.tolist() == [0, 0, 1, 0]


def test_it_tells_the_same_as_dates():
    """Months that are whole: who has been there for t months has paid t, and the last of them is running."""
    starts = pd.period_range("2022-01", periods=24, freq="M").to_timestamp()
    months = np.arange(24, 0, -1)
    left = np.arange(24) % 3 == 0
    paid = np.where(left, np.maximum(months // 2, 1), months)
    ends = [
        start + pd.DateOffset(months=int(n)) if gone else None
        for start, n, gone in zip(starts, paid, left, strict=True)
    ]
    dates = pd.DataFrame({"start": starts, "end": pd.to_datetime(ends), "fee": 10.0})
    by_dates = clv.as_contracts(
        dates, start="start", end="end", price="fee", period="month", observation_end="2023-12-31"
    )
    table = pd.DataFrame({"tenure": paid, "churned": left, "fee": 10.0})
    by_tenure = clv.contracts_from_tenure(table, tenure="tenure", churned="churned", price="fee")
    for name in ("frequency", "ended", "membership", "price"):
        np.testing.assert_allclose(getattr(by_tenure, name), getattr(by_dates, name), rtol=1e-12, err_msg=name)
    given = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 9.0}, period="month")
    assert given.log_likelihood_of(by_tenure) == pytest.approx(given.log_likelihood_of(by_dates), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Churn": ["No", "perhaps", "Yes", "No"]}, "neither yes nor no"),
        ({"tenure": [1.5, 2, 3, 4]}, "no whole number"),
        ({"tenure": [-1, 2, 3, 4]}, "below 0"),
        ({"customerID": ["a", "a", "b", "c"]}, "more than once"),
    ],
)
def test_rows_that_cannot_be_are_refused(change, says):
    with pytest.raises(InputError, match=says):
        clv.contracts_from_tenure(TELCO.assign(**change), **NAMES)


def changed(*rows):
    table = pd.DataFrame(rows, columns=["who", "from", "to", "fee", "plan"])
    asked = {"customer": "who", "start": "from", "end": "to", "price": "fee", "period": "month", "groups": "plan"}
    return clv.as_contracts(table, observation_end="2024-06-30", price_changes=True, **asked)


def test_rows_that_follow_each_other_are_one_contract_at_the_last_price():
    base = changed(
        ("b", "2023-07-01", None, 5.0, "s"),
        ("a", "2023-01-01", "2023-05-31", 19.0, "s"),
        ("a", "2023-06-01", None, 49.0, "l"),
        ("a", "2023-09-01", "2025-01-01", 6.0, "l"),  # an add-on, to run out one day
        ("c", "2023-01-01", "2023-03-01", 7.0, "s"),
        ("c", "2023-08-01", None, 9.0, "l"),
    )
    assert base.customer_id.tolist() == ["b", "a", "c", "c (2)"]
    assert base.price.tolist() == [5, 55, 7, 9]
    assert base.ended.tolist() == [0, 0, 1, 0]
    assert base.frequency.tolist() == [11, 17, 1, 10]
    assert base.groups["plan"].tolist() == ["s", "l", "s", "l"]
    with pytest.raises(InputError, match="price_changes=True"):
        clv.as_contracts(
            pd.DataFrame({"who": ["a", "a"], "from": "2023-01-01", "to": None}),
            customer="who",
            start="from",
            end="to",
            period="month",
            observation_end="2024-06-30",
        )
