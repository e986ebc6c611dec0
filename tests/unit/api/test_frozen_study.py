"""A study never changes: other terms, another horizon and another log make another study, which shares what it can."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.prediction.counts import Counts
from clvmodels.records import Note, Prediction

from .conftest import NAMED

NAMES = [
    *(field.name for field in fields(clv.Study)),
    *(
        "model",
        "summary",
        "calibration",
        "shock",
        "asked",
        "buying",
        "spending",
        "calibration_buying",
        "calibration_spending",
    ),
    *("prediction", "valuation", "capped", "scorecard", "drift", "notes"),
]


@pytest.fixture(scope="module")
def few(log):
    """Records of 60 customers."""
    return log[log["customer_id"].isin(log["customer_id"].unique()[:60])]


@pytest.fixture
def study(few):
    return clv.Study(horizon=10, holdout=39).read(few, **NAMED)


@pytest.fixture
def calls(monkeypatch):
    """How often something was made, by what it is; a comparison is but a name here, for it takes seconds."""
    counted = dict.fromkeys(("fits", "predictions", "counts", "values", "comparisons"), 0)

    def watch(place, name, what, made=None):
        made = made or getattr(place, name)

        def counting(*args, **more):
            counted[what] += 1
            return made(*args, **more)

        monkeypatch.setattr(place, name, counting)

    from clvmodels.api import learned, look_back
    from clvmodels.inference import fitting
    from clvmodels.valuation import capped

    for place in (learned, fitting):
        watch(place, "fit_as", "fits")
    watch(learned, "predict", "predictions")
    watch(Counts, "made", "counts")
    watch(capped, "value", "values")
    watch(look_back, "compare", "comparisons", lambda *_, models, spend, **__: (models, spend))
    return counted


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_set_from_outside(name):
    study = clv.Study()
    with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(study, name, None)


def test_what_is_not_there_yet_is_made_once_when_it_is_asked_for(study, calls):
    assert set(calls.values()) == {0}
    assert study.prediction is study.prediction
    assert calls == {"fits": 1, "predictions": 1, "counts": 1, "values": 0, "comparisons": 0}
    assert study.predict() is study.valuation
    assert calls == {"fits": 2, "predictions": 1, "counts": 1, "values": 1, "comparisons": 0}
    assert study.compare() is study.scorecard
    assert calls["fits"] == 4
    assert calls["comparisons"] == 1


def test_other_terms_value_the_same_purchases(study, calls):
    study.predict(), study.compare()
    before = dict(calls)
    dear = study.with_terms(margin=0.5, discount_rate=0.1, acquisition_cost=2.0)
    worth = dear.predict()
    assert {what for what in calls if calls[what] != before[what]} == {"values"}
    assert worth.prediction is study.prediction
    assert dear.scorecard is study.scorecard
    alone = clv.value(study.prediction, study.spending, margin=0.5, discount_rate=0.1, acquisition_cost=2.0)
    pd.testing.assert_frame_equal(worth.to_frame(), alone.to_frame(), check_exact=True)
    assert study.terms == clv.Study().terms


def test_of_two_studies_on_other_terms_the_first_to_ask_makes_it_for_both(study, calls):
    cheap, dear = study.with_terms(margin=0.1), study.with_terms(margin=0.9)
    np.testing.assert_allclose(9 * cheap.predict()["clv"], dear.predict()["clv"], rtol=1e-12)  # the same sums
    assert calls == {"fits": 2, "predictions": 1, "counts": 1, "values": 2, "comparisons": 0}


def test_terms_that_are_left_out_stay(study):
    first = study.with_terms(margin=0.5, acquisition_cost=2.0)
    assert (first.with_terms(discount_rate=0.1).terms.margin, first.with_terms().terms.acquisition_cost) == (0.5, 2.0)
    assert first.with_terms(acquisition_cost=None).terms.acquisition_cost is None
    with pytest.raises(ArgumentError, match="margin is 3"):
        study.with_terms(margin=3)


def test_another_horizon_looks_ahead_by_the_same_estimates(study, calls):
    study.predict(), study.compare()
    before = dict(calls)
    far = study.with_horizon("20 weeks")
    assert far.predict().total.expected > study.predict().total.expected
    assert far.prediction.horizon == 20
    assert far.buying is study.buying
    assert far.scorecard is study.scorecard
    assert (calls["fits"], calls["predictions"]) == (before["fits"], before["predictions"] + 1)
    assert study.prediction.horizon == 10


def test_one_question_serves_many_logs_and_a_chain_may_go_on_from_it(few, tmp_path):
    asked = clv.CLV(horizon=10, spend=None)
    for rest in (0, 1):
        half = few[few["customer_id"] % 2 == rest]
        study = asked.fit(half, **NAMED)
        assert asked.summary is None
        assert asked.predict() is study.prediction
        assert len(pd.read_csv(asked.export(tmp_path / "customers.csv"))) == half["customer_id"].nunique()


@pytest.mark.slow
def test_so_may_its_report_and_comparison(log, tmp_path):
    asked = clv.CLV(horizon=10, holdout=39)
    study = asked.fit(log, **NAMED)
    assert asked.report(tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert asked.compare() is study.scorecard


@pytest.mark.slow
def test_a_refreshed_study_says_what_has_changed_on_other_terms_too(log):
    autumn = clv.Study(horizon=26).fit(log[log["date"] < "1997-10-01"], **NAMED)
    winter = autumn.refresh(log[log["date"] < "1998-01-01"])
    half = winter.with_terms(margin=0.5)
    np.testing.assert_allclose(half.drift.movers["change"], 0.5 * winter.drift.movers["change"], rtol=1e-9)
    assert winter.before.before is None
    assert winter.with_horizon(52).drift.parameters.equals(winter.drift.parameters)


def test_no_spend_means_that_money_is_left_out(few, calls):
    study = clv.Study(horizon=10, holdout=39, spend=None).fit(few, **NAMED)
    assert isinstance(study.predict(), Prediction)
    assert study.summary.monetary_value is not None
    assert study.spending is study.valuation is study.capped is None
    assert study.compare() == (study.calibration_buying, None)
    assert calls["fits"] == 2


@pytest.mark.slow
def test_a_page_says_that_money_was_left_out(few, tmp_path):
    study = clv.Study(horizon=10, spend=None).fit(few, **NAMED)
    page = study.report(tmp_path / "report.html").read_text()
    assert "because it was left out" in page
    assert "came without amounts" not in page


def test_remarks_are_kept_beside_what_was_made(study):
    study.predict()
    noted = study.noting([Note("odd", "Something is odd.")])
    assert [note.code for note in noted.notes][:1] == ["odd"]
    assert "odd" not in {note.code for note in study.notes}
    assert noted.valuation is study.valuation


def test_a_study_without_customers_has_no_estimates_to_be_given(rfm):
    with pytest.raises(ArgumentError, match="knows no customers yet"):
        clv.Study().with_estimates(buying=clv.fit("bgnbd", rfm))
