"""The same chain in one object."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.records import Prediction, Valuation

from .conftest import NAMED


@pytest.fixture(scope="module")
def study(log):
    asked = clv.CLV(model="bgnbd", spend="gammagamma", horizon=39, holdout=39, margin=0.3, discount_rate=0.15)
    return asked.fit(log, **NAMED, period="week", groups="channel")


def test_a_study_goes_from_the_log_to_a_report_and_a_list(log, tmp_path):
    study = clv.CLV(model="bgnbd", spend="gammagamma", horizon=39)
    worth = study.fit(log, customer="customer_id", time="date", amount="amount", period="week").predict()
    assert isinstance(worth, Valuation)
    assert study.report(tmp_path / "report.html").read_text().startswith("<!doctype html>")
    customers = pd.read_parquet(study.export(tmp_path / "customers.parquet"))
    assert len(customers) == 300
    assert customers["clv"].is_monotonic_decreasing


def test_a_study_comes_to_the_same_as_the_functions(study, log):
    rfm = clv.rfm_summary(log, **NAMED)
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    worth = clv.value(ahead, clv.fit("gammagamma", rfm), margin=0.3, discount_rate=0.15)
    # money is summed in threads, in an order of their own; the last digits of a fit follow them
    pd.testing.assert_frame_equal(study.predict().to_frame(), worth.to_frame(), rtol=1e-6)


def test_a_study_keeps_the_end_of_the_log_back_and_forecasts_from_all_of_it(study, log):
    assert str(study.summary.observation_end) == "1998-06-27"
    assert study.summary.holdout is None
    assert str(study.calibration.observation_end) == "1997-09-27"
    assert study.calibration.holdout.duration == 39
    held = log[(log["date"] > "1997-09-27") & log["customer_id"].isin(study.calibration.customer_id)]
    assert study.calibration.holdout.frequency.sum() == len(held[["customer_id", "date"]].drop_duplicates())


def test_a_study_reports_on_its_holdout_and_keeps_the_comparison_of_all(study, tmp_path):
    page = study.report(tmp_path / "report.html", title="Autumn").read_text()
    assert "Autumn" in page
    assert "group" not in study.scorecard.to_frame()
    board = study.scorecard
    assert study.compare(by="channel").to_frame()["group"].unique().tolist() == ["shop", "web"]
    assert study.scorecard is board


def test_a_study_without_amounts_forecasts_purchases_alone(log, tmp_path):
    study = clv.CLV(horizon="6 months", holdout=timedelta(weeks=20)).fit(
        log, customer="customer_id", time="date", period="month"
    )
    ahead = study.predict()
    assert isinstance(ahead, Prediction)
    assert ahead.horizon == 6
    assert study.spending is None
    assert list(study.compare().tables) == ["purchases"]
    assert study.report(tmp_path / "report.html").exists()
    assert "clv" not in pd.read_csv(study.export(tmp_path / "list.csv"))


def test_a_study_can_begin_with_summaries_that_stand(rfm):
    study = clv.CLV(horizon=10).take(rfm, calibration=rfm)
    assert len(study.predict()) == 300
    assert study.calibration is rfm


def test_another_log_makes_another_study(log, rfm):
    study = clv.Study(horizon=10).take(rfm)
    before = study.predict()
    other = study.read(log[log["customer_id"] % 2 == 0], **NAMED)
    assert len(other.summary) < len(study.summary)
    assert other.predict().total.expected != before.total.expected
    assert study.predict() is before


def test_times_with_a_zone_are_taken_in_the_zone_that_is_named(log):
    aware = log.assign(date=log["date"].dt.tz_localize("America/New_York") + pd.Timedelta(hours=23))
    there = clv.CLV().read(aware, **NAMED, tz="America/New_York").summary
    plain = clv.CLV().read(log, **NAMED).summary
    np.testing.assert_array_equal(there.T, plain.T)
    elsewhere = clv.CLV().read(aware, **NAMED, tz="UTC").summary
    assert str(elsewhere.observation_end) == "1998-06-28"
