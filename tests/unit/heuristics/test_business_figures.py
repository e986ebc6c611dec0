"""The figures around the formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clvmodels.heuristics as h
from clvmodels.errors import ArgumentError

YEAR = 365.25


def test_the_figures_of_a_shop_counted_by_hand(shop):
    row = h.business_figures(shop, acquisition_spend=100, margin=0.5, gone_after=100).iloc[0]
    expected = {
        "customers": 4,
        "purchases": 9,
        "spend": 200,
        "average_ticket": 50,
        "average_purchase_value": 200 / 9,
        "purchases_per_year": 9 / 800 * YEAR,
        "repeat_rate": 0.75,
        "arpu_per_year": 200 / 540 * YEAR,
        "churn_per_year": 2 / 540 * YEAR,
        "lifespan_years": 270 / YEAR,
        "ltv": 50,
        "cac": 25,
        "ltv_to_cac": 2,
        "payback_years": 25 / (0.5 * 200 / 540 * YEAR),
        "top_20_share": 0.8 * 90 / 200,
        "ticket_without_largest_1pct": 110 / 3,
        "ticket_drop": 1 - 110 / 3 / 50,
    }
    assert list(row.index) == ["group", *expected]
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-9, abs=0), name


def test_groups_come_with_a_row_for_all(shop):
    table = h.business_figures(shop, acquisition_spend={"web": 60, "shop": 40}, gone_after=30, by="channel")
    assert table["group"].tolist() == ["shop", "web", "all"]
    assert table["cac"].tolist() == [20, 30, 25]
    alone = h.business_figures(shop, acquisition_spend=100, gone_after=30).iloc[0]
    assert (table.iloc[2] == alone).all()


def test_acquisition_spend_is_asked_for_each_group(shop):
    with pytest.raises(ArgumentError, match="by group"):
        h.business_figures(shop, acquisition_spend=100, by="channel")
    with pytest.raises(ArgumentError, match=r"1 groups \(web\)"):
        h.business_figures(shop, acquisition_spend={"shop": 40}, by="channel")
    with pytest.raises(ArgumentError, match="margin"):
        h.business_figures(shop, margin=0)


def test_what_is_not_known_is_missing_and_an_endless_life_is_inf(shop):
    bare = replace(shop, monetary_value=None, total_spend=None)
    row = h.business_figures(bare, gone_after=400).iloc[0]
    assert row[["spend", "ltv", "cac", "payback_years", "top_20_share"]].isna().all()
    assert row["lifespan_years"] == np.inf
    assert h.business_figures(shop, gone_after=400).loc[0, "ltv"] == np.inf


def test_on_cdnow_a_fifth_of_the_customers_brings_three_fifths(cdnow):
    row = h.business_figures(cdnow(sample=False)).iloc[0]
    assert row["customers"] == 23_570
    assert row["repeat_rate"] == pytest.approx(1 - 14_119 / 23_570, rel=1e-9, abs=0)
    assert row["top_20_share"] == pytest.approx(0.629, abs=0.0005)
    assert row["ticket_drop"] == pytest.approx(0.128, abs=0.0005)
