"""Contracts say when they end, so churn is observed, and every formula takes the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.heuristics import arpu_ltv, business_figures, forecast

# 18 + 7 + 15 + 5 + 16 + 13 months of membership, two ends, 2,450 paid.
TABLE = pd.DataFrame(
    {
        "account": list("abcdef"),
        "start": ["2023-01-01", "2023-02-01", "2023-04-01", "2024-01-01", "2023-03-01", "2023-06-01"],
        "end": [None, "2023-09-01", None, "2024-06-01", None, None],
        "price": [49.0, 24.0, 19.0, 29.0, 33.0, 34.0],
    }
)


def contracts(table=TABLE, **changes):
    asked = {"customer": "account", "start": "start", "end": "end", "price": "price", "period": "month"}
    return clv.as_contracts(table, **(asked | {"observation_end": "2024-06-30"} | changes))


def test_two_ends_in_74_months_are_a_churn_of_a_third_a_year():
    base = contracts()
    assert base.membership.tolist() == [18, 7, 15, 5, 16, 13]
    assert base.ended.sum() == 2
    figures = business_figures(base).iloc[0]
    assert float(base.price @ base.membership) == 2450
    assert figures["churn_per_year"] == pytest.approx(2 / 74 * 12, rel=1e-12, abs=0)
    assert figures["arpu_per_year"] == pytest.approx(12 * 2450 / 74, rel=1e-12, abs=0)
    assert figures["ltv"] == pytest.approx(1225, rel=1e-12, abs=0)
    assert figures["ltv"] == pytest.approx(arpu_ltv(arpu=2450 / 74, margin=1, churn=2 / 74), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "base",
    [
        contracts(),
        contracts(observation_end="2024-06-11"),
        contracts(period="year", observation_end="2024-12-31"),
        clv.contracts_from_survivors({"old": [125, 100, 80, 64], "new": [50, 42]}, period="year", price=100.0),
    ],
    ids=["months", "within a month", "years", "survivors"],
)
def test_formulas_audit_and_comparison_have_one_churn_and_one_ltv(base):
    """Whatever asks for churn or LTV of contracts gets ends over membership, and price x margin over that."""
    churn = base.ended.sum() / base.membership.sum()
    price = base.price @ base.membership / base.membership.sum()
    figures = business_figures(base, margin=0.7).iloc[0]
    assert figures["churn_per_year"] == pytest.approx(churn * base.period.per_year, rel=1e-12, abs=0)
    assert figures["ltv"] == pytest.approx(0.7 * price / churn, rel=1e-9, abs=0)
    horizon = 1.5 / churn  # beyond the lifespan
    for name in ("ltv", "arpu_ltv"):
        found = forecast(name, base, horizon=horizon)
        assert found.ingredients["churn_per_period"][0] == pytest.approx(churn, rel=1e-12, abs=0), name
        assert found.spend[0] == pytest.approx(price / churn, rel=1e-9, abs=0), name
        assert {"churn_observed"} <= {note.code for note in found.notes}, name
        assert "churn_not_observed" not in {note.code for note in found.notes}, name
    given = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 9.0}, period=base.period)
    worth = clv.value(clv.predict(given, base, horizon=horizon), "price")
    by_rule = forecast("ltv", base, horizon=horizon).totals["value"].expected
    assert clv.audit(worth).heuristic == pytest.approx(len(base) * price / churn, rel=1e-9, abs=0)
    assert clv.audit(worth).heuristic == pytest.approx(by_rule, rel=1e-9, abs=0)
    read_again = clv.as_summary(base.to_frame(), period=base.period)
    assert business_figures(read_again, margin=0.7).iloc[0]["ltv"] == pytest.approx(figures["ltv"], rel=1e-12, abs=0)


def test_every_registered_rule_knows_of_ends_that_are_seen():
    base = contracts()
    for name in clv.heuristics.rules():
        if name in ("recent_run_rate", "past_spend"):
            continue
        found = forecast(name, base, horizon=12)
        assert found.ingredients.get("gone_rule", pd.Series(["ended"]))[0] == "ended", name
        assert not any("silen" in note.text for note in found.notes if note.code != "rule"), name
    own = forecast("run_rate", base, horizon=12)
    np.testing.assert_array_equal(own.purchases[base.ended == 1], 0)


def test_a_part_of_a_month_is_a_part_of_that_month():
    base = contracts(TABLE.head(1).assign(start="2024-01-31"), observation_end="2024-03-14")
    # Its points are February 29 and March 31; 15 of the 31 days between them have passed.
    assert base.membership[0] == pytest.approx(1 + 15 / 31, rel=1e-12, abs=0)


def test_silence_is_not_asked_of_contracts():
    with pytest.raises(ArgumentError, match="say when they end"):
        business_figures(contracts(), gone_after=3)


def test_the_page_says_that_churn_was_observed(tmp_path):
    study = clv.Study(model="sbg", horizon=24, margin=0.8).take(contracts())
    page = study.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "observed: ends over membership" in page
    assert "by silence" not in page
    assert "Why they differ" in page
