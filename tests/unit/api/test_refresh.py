"""A study brought up to date with a later log."""

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

from .conftest import NAMED


@pytest.fixture(scope="module")
def autumn(log):
    return clv.CLV(horizon=26, margin=0.3).fit(log[log["date"] < "1997-10-01"], **NAMED, groups="channel")


@pytest.fixture(scope="module")
def winter(autumn, log):
    return autumn.refresh(log[log["date"] < "1998-01-01"])


def test_a_refreshed_study_is_that_of_the_later_log(winter, log):
    plain = clv.CLV(horizon=26, margin=0.3).fit(log[log["date"] < "1998-01-01"], **NAMED, groups="channel")
    assert winter.buying.outcome.n_starts == 2
    # climbs from elsewhere end within 1e-4 standard errors of each other, which are up to half of a parameter here
    assert winter.buying.params == pytest.approx(plain.buying.params, rel=1e-4, abs=0)
    pd.testing.assert_frame_equal(winter.valuation.to_frame(), plain.predict().to_frame(), rtol=1e-3)
    assert list(winter.summary.groups) == ["channel"]


def test_the_study_before_stays_as_it_was(autumn, log):
    known = {name: held for name, held in vars(autumn).items() if name not in ("prediction", "valuation")}
    autumn.refresh(log[log["date"] < "1998-01-01"])
    assert all(getattr(autumn, name) is held for name, held in known.items())
    assert autumn.drift is None
    assert str(autumn.summary.observation_end) < "1997-10-01"


def test_a_refreshed_study_knows_what_has_changed_and_can_be_refreshed_again(autumn, winter, log, tmp_path):
    assert winter.drift.before_end == autumn.summary.observation_end
    assert winter.drift.after_end == winter.summary.observation_end
    assert winter.drift.worth == "clv"
    assert "What has changed" in winter.report(tmp_path / "report.html").read_text()
    assert winter.refresh(log).drift.before_end == winter.summary.observation_end


def test_a_first_study_reports_no_change(autumn, tmp_path):
    assert "What has changed" not in autumn.report(tmp_path / "report.html").read_text()


def test_covariates_are_carried_into_the_new_study(told_apart):
    day = told_apart["date"].max() - pd.Timedelta(weeks=8)
    named = {"customer": "customer_id", "time": "date"}
    study = clv.CLV(covariates={"buying": "channel"}, horizon=10).fit(told_apart[told_apart["date"] < day], **named)
    names = study.refresh(told_apart).drift.parameters["parameter"].tolist()
    assert "buying[channel=web]" in names or "buying[channel=shop]" in names


def test_a_study_that_cannot_be_refreshed_says_why(autumn, log, rfm):
    with pytest.raises(ArgumentError, match="doesn't know how a log is read"):
        clv.CLV().take(rfm).refresh(log)
    with pytest.raises(ArgumentError, match="no time between them to look at"):
        autumn.refresh(log[log["date"] < "1997-08-01"])
    with pytest.raises(InputError, match="no column 'amount'"):
        autumn.refresh(log.drop(columns="amount"))
