"""Where the mean spend doesn't exist a study goes on: purchases are forecast, and money says what can be said."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import FitError
from clvmodels.records import Prediction, Valuation

from .conftest import NAMED

TRUTH = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
HEAVY = {"p": 4.0, "q": 0.6, "gamma": 10.0}


@pytest.fixture(scope="module")
def heavy():
    """A log of 200 customers of whom a few spend without measure, over a year."""
    return clv.simulate("bgnbd", TRUTH, n_customers=200, T=52.0, spend_params=HEAVY, seed=3)


@pytest.fixture(scope="module")
def study(heavy):
    return clv.CLV(first_purchase="leave_out", horizon=13, holdout=17, margin=0.3, discount_rate=0.1).fit(
        heavy, **NAMED
    )


def warnings(notes):
    return [note.text for note in notes if (note.code, note.level) == ("no_mean_spend", "warning")]


def test_purchases_are_forecast_as_without_amounts_and_money_is_capped(study, heavy):
    ahead = study.predict()
    assert isinstance(ahead, Prediction)
    assert study.valuation is None
    assert study.spending.params["q"] < 1
    without = clv.CLV(horizon=13).fit(heavy, customer="customer_id", time="date").predict()
    pd.testing.assert_frame_equal(ahead.to_frame()[list(ahead.columns)], without.to_frame()[list(without.columns)])
    terms = {"margin": 0.3, "discount_rate": 0.1}
    pd.testing.assert_frame_equal(study.capped, clv.capped_value(ahead, study.spending, **terms))
    (text,) = warnings(study.notes)
    with pytest.raises(FitError) as caught:
        clv.value(ahead, study.spending)
    assert text == str(caught.value)


def test_asked_again_it_says_so_once(study):
    study.predict()
    study.predict()
    assert len(warnings(study.notes)) == 1


def test_the_report_says_so_first_and_the_list_is_written(study, tmp_path):
    page = study.report(tmp_path / "report.html").read_text()
    first, _, rest = page.partition("Who to act on first")
    assert "The expected spend of" in first
    assert "clv.capped_value(prediction, spend)" in first
    assert "There is no money here. The expected spend of" in rest
    assert "came without amounts" not in page
    listed = pd.read_csv(study.export(tmp_path / "list.csv"))
    assert len(listed) == 200
    assert "clv" not in listed


def test_on_the_holdout_rules_forecast_money_and_the_page_speaks_of_purchases(study, tmp_path):
    board = study.compare()
    money = board.to_frame(target="spend")
    assert "model" not in set(money["kind"])
    assert {"ltv", "run_rate", "past_spend"} <= set(money["name"])
    assert "mbgnbd" in set(board.to_frame(target="purchases")["name"])
    assert warnings(board.notes)[0].startswith("Rules alone forecast money in the holdout. The expected spend of")
    page = study.report(tmp_path / "report.html").read_text()
    assert "MBG/NBD said" in page
    assert "in purchases" in page
    assert study.compare(by=None).tables.keys() == {"purchases", "spend"}


def test_with_an_estimate_that_has_a_mean_there_is_a_value(study):
    light = study.with_estimates(spending=clv.estimate_from("gammagamma", HEAVY | {"q": 3.0}))
    assert isinstance(light.predict(), Valuation)
    assert light.capped is None
    assert light.buying is study.buying
    assert isinstance(study.predict(), Prediction)


def test_a_refresh_holds_purchases_against_each_other_where_one_end_has_no_mean(heavy):
    end = heavy["date"].min() + pd.Timedelta(weeks=30)
    before = clv.CLV(first_purchase="leave_out", horizon=13).fit(heavy[heavy["date"] <= end], **NAMED)
    for spend in (HEAVY, HEAVY | {"q": 3.0}):
        after = before.with_estimates(spending=clv.estimate_from("gammagamma", spend)).refresh(heavy)
        assert after.valuation is None
        assert set(after.drift.forecast["target"]) == {"purchases"}


@pytest.mark.slow
def test_what_moves_all_customers_is_learned_from_purchases_alone_where_money_has_no_mean(heavy):
    study = clv.CLV(first_purchase="leave_out", horizon=6, common_shock=True).fit(heavy, **NAMED)
    assert set(study.shock.to_frame()["target"]) == {"purchases"}
    np.testing.assert_array_equal(study.shock.spend.sizes, study.shock.purchases.sizes)
    bare = clv.common_shock(heavy, customer="customer_id", time="date", horizon=6)
    np.testing.assert_allclose(study.shock.purchases.weights, bare.purchases.weights, rtol=1e-6)


@pytest.mark.slow
def test_so_it_is_learned_of_a_log_bigger_than_memory(heavy):
    parts = clv.common_shock(heavy, **NAMED, horizon=6, memory_limit="500MB", first_purchase="leave_out")
    assert set(parts.to_frame()["target"]) == {"purchases"}
