"""Totals of groups and over time, against forecasts of the groups alone and of shorter horizons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records import Period, Summary

AHEAD = 26
TERMS = {"margin": 0.4, "discount_rate": 0.1, "acquisition_cost": 2.0}
NUMBERS = ["expected", "lower", "upper", "sd_parameters", "sd_chance", "sd_common_shock"]


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    log = log.assign(channel=np.where(log["customer_id"] % 3 == 0, "web", "shop"))
    log = log[log["customer_id"] % 8 < 1]
    return clv.rfm_summary(
        log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30", groups="channel"
    )


@pytest.fixture(scope="module")
def fitted(rfm):
    return clv.fit("bgnbd", rfm, n_draws=200), clv.fit("gammagamma", rfm, n_draws=200)


def forecast(kind, fitted, base, *, horizon=AHEAD, shock=0.1):
    ahead = clv.predict(fitted[0], base, horizon=horizon, shock=shock)
    return ahead if kind == "purchases" else clv.value(ahead, fitted[1], **TERMS)


def whole(ahead):
    total = ahead.total
    parts = [total.parts.get(part, 0.0) for part in ("parameters", "chance", "common shock")]
    return [total.expected, total.lower, total.upper, *parts]


@pytest.fixture(scope="module")
def aheads(fitted, rfm):
    return {kind: forecast(kind, fitted, rfm) for kind in ("purchases", "value")}


KINDS = pytest.mark.parametrize("kind", ["purchases", "value"])


@KINDS
def test_all_customers_have_the_total_of_the_forecast(kind, aheads, rfm):
    ahead = aheads[kind]
    table = clv.totals(ahead)
    assert table["group"].to_list() == ["all"]
    assert table["customers"].sum() == len(rfm)
    np.testing.assert_allclose(table[NUMBERS].iloc[0].to_numpy(float), whole(ahead), rtol=1e-8)


@pytest.mark.parametrize(("kind", "by"), [("purchases", "cohort"), ("value", "channel")])
def test_each_group_has_the_total_of_a_forecast_of_its_own(kind, by, aheads, fitted, rfm):
    table = clv.totals(aheads[kind], by=by).set_index("group")
    labels = rfm.groups["channel"] if by == "channel" else pd.Series(rfm.first_purchase).dt.strftime("%Y-%m").to_numpy()
    assert table.index.to_list() == sorted(set(labels))
    for label, row in table.iterrows():
        alone = forecast(kind, fitted, rfm.take(labels == label))
        # Draws are thinned and interpolated for each group of customers anew: to 1e-9 of an expectation.
        np.testing.assert_allclose(row[NUMBERS].to_numpy(float), whole(alone), rtol=1e-6)


@KINDS
def test_expectations_of_groups_add_up_and_chance_adds_in_squares(kind, aheads):
    ahead = aheads[kind]
    table, (expected, *_, chance, shock) = clv.totals(ahead, by="cohort"), whole(ahead)
    assert table["expected"].sum() == pytest.approx(expected, rel=1e-9, abs=0)
    assert np.sqrt(np.square(table["sd_chance"]).sum()) == pytest.approx(chance, rel=1e-9, abs=0)
    assert table["sd_common_shock"].sum() == pytest.approx(shock, rel=1e-9, abs=0)


def test_a_total_without_a_shock_says_so(fitted, rfm):
    table = clv.totals(forecast("purchases", fitted, rfm, shock=None), by="channel")
    assert set(table["contains"]) == {"parameters and chance"}
    assert (table["sd_common_shock"] == 0).all()


@KINDS
def test_the_path_is_made_of_forecasts_over_shorter_horizons(kind, aheads, fitted, rfm):
    ahead = aheads[kind]
    path = clv.total_path(ahead, every="quarter")
    quarter = Period.of("quarter").days / 7
    assert path["end"].to_list() == pytest.approx([1.0, AHEAD / quarter], rel=1e-9, abs=0)
    np.testing.assert_allclose(path[NUMBERS].iloc[-1].to_numpy(float), whole(ahead), rtol=1e-8)
    until = forecast(kind, fitted, rfm, horizon=quarter)
    np.testing.assert_allclose(path[NUMBERS].iloc[0].to_numpy(float), whole(until), rtol=1e-8)
    assert path.attrs == {"every": "quarter", "what": kind}


def test_the_path_of_value_sums_the_months_of_the_valuation(aheads, rfm):
    worth = aheads["value"]
    summed = worth.path.value.cumsum() - TERMS["acquisition_cost"] * len(rfm)
    np.testing.assert_allclose(clv.total_path(worth)["expected"], summed, rtol=1e-9)


def test_a_newcomer_has_a_total_too(fitted):
    assert clv.totals(clv.predict(fitted[0], None, horizon=AHEAD), by="cohort")["customers"].to_list() == [1]


def test_cohorts_by_quarter(aheads):
    assert clv.totals(aheads["purchases"], by="cohort", cohort="quarter")["group"].to_list() == ["1997Q1"]


def test_groups_that_are_not_known_are_refused(aheads, fitted, rfm):
    ahead = aheads["purchases"]
    with pytest.raises(ArgumentError, match="no group column 'segment'"):
        clv.totals(ahead, by="segment")
    with pytest.raises(ArgumentError, match="calendar unit"):
        clv.totals(ahead, by="cohort", cohort="fortnight")
    aggregated = Summary(rfm.period, rfm.customer_id, rfm.frequency, rfm.recency, rfm.T)
    with pytest.raises(InputError, match="no first_purchase"):
        clv.totals(forecast("purchases", fitted, aggregated), by="cohort")
