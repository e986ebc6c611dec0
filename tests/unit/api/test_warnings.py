"""What a look at a log has found is raised once, at the line of whoever called, and travels with every result."""

import subprocess
import sys
import warnings

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ClvWarning

COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount"}
CODES = {"impossible_dates", "one_amount_dominates", "one_time_share"}


@pytest.fixture(scope="module")
def faulty():
    params = {"r": 0.5, "alpha": 4.0, "a": 2.0, "b": 2.0}
    spend = {"p": 6.0, "q": 4.0, "gamma": 15.0}
    log = clv.simulate("mbgnbd", params, n_customers=3_000, T=78.0, spend_params=spend, start="1997-01-01", seed=1)
    return pd.concat(
        [log, log.tail(1).assign(date=pd.Timestamp("2099-01-01")), log.head(1).assign(amount=1e6)], ignore_index=True
    )


@pytest.fixture(scope="module")
def studied(faulty, tmp_path_factory):
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        study = clv.CLV(model="bgnbd", holdout=20, horizon=13).fit(faulty, **COLUMNS)
        ahead = study.predict()
        study.compare()
        page = study.report(tmp_path_factory.mktemp("study") / "report.html")
    return study, ahead, page.read_text(), [one for one in raised if one.category is ClvWarning]


def test_each_warning_is_raised_once_at_the_callers_line(studied):
    raised = studied[3]
    assert len(raised) == len({str(one.message) for one in raised}) == len(CODES)
    assert {one.filename for one in raised} == {__file__}


def test_every_result_carries_them(studied):
    study, ahead, _, _ = studied
    for carrier in (study, study.buying, study.prediction, ahead):
        assert {note.code for note in carrier.notes if note.level == "warning"} >= CODES
    assert {note.code for note in study.summary.notes} >= CODES - {"one_time_share"}
    for carrier in (study.summary, study.buying, study.prediction, ahead):
        assert "look first: " in repr(carrier)


def test_they_stand_on_top_of_the_page(studied):
    page = studied[2]
    assert page.index("Look at this first") < page.index("today's customers are worth")
    assert page.index("One purchase dominates") < page.index("today's customers are worth")


def test_a_clean_study_warns_of_nothing():
    log = clv.load_cdnow(sample=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ClvWarning)
        study = clv.CLV(model="mbgnbd", horizon=39).fit(log, **COLUMNS)
        assert "look first" not in repr(study.predict())


def test_a_model_that_cant_make_the_one_time_buyers_is_named_with_one_that_can():
    log = clv.load_cdnow()
    summary = clv.rfm_summary(log, **COLUMNS)
    with pytest.warns(ClvWarning, match=r"BG/NBD can't make .* MBG/NBD \(log-likelihood \+131\) can"):
        clv.fit("bgnbd", summary)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ClvWarning)
        clv.fit("mbgnbd", summary)


def test_a_model_of_random_buying_for_regular_customers_is_warned_of():
    params = {"k": 4.0, "r": 3.0, "alpha": 2.0, "a": 0.5, "b": 5.0}
    log = clv.simulate("bgcnbd", params, n_customers=400, T=60.0, seed=2)
    summary = clv.rfm_summary(log, customer="customer_id", time="date")
    with pytest.warns(ClvWarning, match="regular distances"):
        clv.fit("bgnbd", summary)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ClvWarning)
        clv.fit("bgcnbd", summary)


def test_the_share_of_one_time_buyers_of_a_models_own_base_is_fine():
    params = {"r": 0.7, "alpha": 7.0, "a": 0.8, "b": 2.5}
    for seed in range(5):
        log = clv.simulate("bgnbd", params, n_customers=3_000, T=52.0, seed=seed)
        fitted = clv.fit("bgnbd", clv.rfm_summary(log, customer="customer_id", time="date"))
        assert not [note for note in fitted.notes if note.code == "one_time_share"]


def test_the_command_prints_what_it_finds_and_ends_well(faulty, tmp_path):
    faulty.to_csv(tmp_path / "log.csv", index=False)
    command = [sys.executable, "-m", "clvmodels", "check", str(tmp_path / "log.csv")]
    done = subprocess.run(
        [*command, "--customer", "customer_id", "--time", "date", "--amount", "amount"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert " warnings, " in done.stdout
    assert "warning  impossible_dates" in done.stdout
    assert "2099-01-01" in done.stdout
    assert "ClvWarning" not in done.stderr
