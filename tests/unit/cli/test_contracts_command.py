"""`clv contracts` does the whole job on a table of contracts, in the words of contracts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import clvmodels

from .command_line import clv, sentence_of

NAMES = ["--customer", "account", "--start", "start", "--end", "end", "--price", "price"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(3)
    n = 80
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    months = rng.geometric(rng.beta(0.8, 9.0, n))
    end = pd.Series(start + pd.to_timedelta((30.4375 * months).round(), unit="D"))
    end[end > pd.Timestamp("2024-06-30")] = pd.NaT
    prices = rng.choice([19.0, 49.0, 149.0], n)
    found = pd.DataFrame({"account": [f"a{i}" for i in range(n)], "start": start, "end": end, "price": prices})
    path = tmp_path_factory.mktemp("contracts") / "subscriptions.csv"
    found.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(table):
    out = table.parent / "out"
    words = [*NAMES, "--margin", "0.8", "--observation-end", "2024-06-30", "--horizon", "2 years", "--out", out]
    return clv("contracts", table, *words), out


def test_it_writes_what_the_library_finds(made, table):
    run, out = made
    assert run.status == 0
    base = clvmodels.as_contracts(
        table,
        customer="account",
        start="start",
        end="end",
        price="price",
        period="month",
        observation_end="2024-06-30",
    )
    figures = clvmodels.heuristics.business_figures(base, margin=0.8).iloc[0]
    assert f"churn {figures['churn_per_year']:.3f} a year, as observed" in run.out
    ltv = pd.read_csv(out / "ltv.csv").set_index("name")["value"]
    assert ltv["ltv"] == pytest.approx(figures["ltv"], rel=1e-9, abs=0)
    assert {"sbg", "bdw"} <= set(ltv.index)
    customers = pd.read_csv(out / "customers.csv").set_index("customer_id")
    assert {"p_renewal", "expected_renewals", "price", "clv", "ended"} <= set(customers.columns)
    assert not any("purchase" in name for name in customers.columns)
    ahead = clvmodels.predict(clvmodels.fit("sbg", base), base, horizon=24)
    worth = clvmodels.value(ahead, "price", margin=0.8)
    np.testing.assert_allclose(customers.loc[base.customer_id, "clv"], worth["clv"], rtol=1e-6)
    movements = pd.read_csv(out / "movements.csv")
    assert movements["mrr_end"].iloc[-1] == pytest.approx(base.price[base.ended == 0].sum(), rel=1e-9, abs=0)


def test_the_page_speaks_of_contracts(made):
    page = (made[1] / "report.html").read_text(encoding="utf-8")
    assert "Churn, as observed" in page
    assert "Recurring revenue" in page
    text = page[page.index("<main>") :]
    assert "purchase" not in text.lower().replace("repeat purchase", "")
    assert "silen" not in text
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_table_of_tenures_is_read(tmp_path):
    rng = np.random.default_rng(5)
    telco = pd.DataFrame(
        {"id": range(200), "tenure": rng.integers(0, 30, 200), "Churn": rng.choice(["Yes", "No"], 200)}
    )
    telco.to_csv(tmp_path / "telco.csv", index=False)
    words = ["--customer", "id", "--tenure", "tenure", "--churned", "Churn", "--out", tmp_path / "out"]
    run = clv("contracts", tmp_path / "telco.csv", *words)
    assert run.status == 0
    assert f"churn {12 * (telco['Churn'] == 'Yes').sum() / telco['tenure'].sum():.3f} a year" in run.out
    assert not (tmp_path / "out" / "ltv.csv").exists()  # no prices
    told = json.loads((tmp_path / "out" / "contracts.json").read_text())
    assert told["asked"]["tenure"] == "tenure"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--customer", "account", "--start", "start"], "--start and --end"),
        ([*NAMES, "--tenure", "price"], "one pair of columns"),
        ([*NAMES, "--model", "nbd"], "no model of contracts"),
        ([*NAMES[:-1], "fee"], "no column 'fee'"),
    ],
)
def test_what_cannot_be_ends_in_one_sentence(table, tmp_path, words, says):
    run = clv("contracts", table, *words, "--out", tmp_path / "out")
    assert run.status == 2
    assert says in sentence_of(run.err)
    assert not (tmp_path / "out" / "customers.csv").exists()
