"""Every model of buying carries a whole study: list, comparison, report, files, and back."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv

from .cases import ORDINARY
from .test_intervals_hold import MODELS, simulated


@pytest.mark.parametrize("name", MODELS)
def test_a_study_runs_from_the_summary_to_the_report(name, tmp_path):
    base = simulated(name, seed=8, n=400)
    study = clv.CLV(model=name, horizon=12, margin=0.4, discount_rate=0.1).take(base, calibration=base)
    worth = study.predict()
    assert len(worth.to_frame()) == 400
    assert np.isfinite(worth.total.expected)
    assert {name, "run_rate"} <= set(study.compare().to_frame()["name"])
    page = study.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert clv.models.get(name).title in page
    assert ("nobody sees" in page) is not clv.models.get(name).contractual
    assert study.export(tmp_path / "customers.csv").stat().st_size > 0


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_estimate_predicts_the_same(name, tmp_path):
    base = simulated(name, seed=9, n=300)
    fitted = clv.fit(name, base)
    clv.save(fitted, tmp_path / "estimate.json")
    back = clv.load(tmp_path / "estimate.json")
    for column in ("p_alive", "p_active", "expected_purchases", "purchases_upper"):
        again = clv.predict(back, base, horizon=12)[column]
        np.testing.assert_array_equal(again, clv.predict(fitted, base, horizon=12)[column])


@pytest.mark.parametrize("name", MODELS)
def test_a_new_customer_has_a_forecast_and_a_value(name):
    given = clv.estimate_from(name, ORDINARY[name], period="week")
    ahead = clv.predict(given, None, horizon=12)
    worth = clv.value(ahead, clv.estimate_from("gammagamma", ORDINARY["gammagamma"]), discount_rate=0.1)
    assert 0 < worth["clv"][0] < np.inf
    assert worth["clv_lower"][0] <= worth["clv"][0] <= worth["clv_upper"][0]
    for_ever = clv.value(clv.predict(given, None, horizon=np.inf), 10.0, discount_rate=0.15)
    for_long = clv.value(clv.predict(given, None, horizon=52 * 120), 10.0, discount_rate=0.15)
    # After 120 years a purchase is worth a twenty-millionth.
    assert for_ever["clv"][0] == pytest.approx(for_long["clv"][0], rel=1e-5, abs=0)


def test_contracts_of_one_price_are_valued_by_it(tmp_path):
    base = clv.contracts_from_survivors([1000, 869, 743, 653, 593], period="year", price=29.0)
    study = clv.CLV(model="sbg", spend=29.0, horizon=5, margin=0.8, discount_rate=0.1).take(base)
    worth = study.predict()
    renewals = worth.prediction["expected_purchases"]
    assert np.all(worth["clv"] <= 0.8 * 29 * renewals + 1e-9)
    assert np.all(worth["clv"] >= 0.8 * 29 * renewals / 1.1**5 - 1e-9)
    assert np.all(worth["clv"][base.frequency < base.T] == 0)
    assert study.report(tmp_path / "report.html").stat().st_size > 0
