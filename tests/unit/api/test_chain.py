"""The chain of functions, from a log to values: every name and every column that is promised."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clvmodels as clv

from .conftest import NAMED

PREDICTED = [
    "customer_id",
    "p_active",
    "p_alive",
    "expected_purchases",
    "expected_purchases_lower",
    "expected_purchases_upper",
    "purchases_lower",
    "purchases_upper",
]
VALUED = [
    *PREDICTED,
    "expected_spend",
    "clv",
    "clv_expected_lower",
    "clv_expected_upper",
    "clv_lower",
    "clv_upper",
]
COMPARED = [
    "name",
    "kind",
    "bias",
    "mae",
    "rmse",
    "crps",
    "log_score",
    "coverage",
    "spearman",
    "gini",
    "capture_top10",
    "total",
    "total_lower",
    "total_upper",
    "actual",
]
BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


@pytest.fixture(scope="module")
def buying(rfm):
    return clv.fit("bgnbd", rfm)


@pytest.fixture(scope="module")
def spend(rfm):
    return clv.fit("gammagamma", rfm)


@pytest.fixture(scope="module")
def ahead(buying, rfm):
    return clv.predict(buying, rfm, horizon=39, ci_prob=0.9)


@pytest.fixture(scope="module")
def board(rfm):
    known = set(clv.models()["name"])
    asked = [name for name in ("bgnbd", "mbgnbd", "paretonbd") if name in known]
    return asked, clv.compare(rfm, models=asked, heuristics="all")


def test_the_whole_log_holds_what_was_published():
    assert len(clv.load_cdnow()) == 69_659


def test_a_summary_names_its_columns_as_the_field_does(rfm):
    table = rfm.to_frame()
    assert {"customer_id", "frequency", "recency", "T", "monetary_value", "holdout_frequency"} <= set(table)
    assert (table["recency"] <= table["T"]).all()
    assert (table.loc[table["frequency"] == 0, "monetary_value"] == 0).all()


def test_an_estimate_tells_its_parameters_and_how_the_fit_went(buying):
    assert buying.table().columns.tolist() == ["parameter", "estimate", "std_error", "lower", "upper"]
    assert buying.table()["parameter"].tolist() == ["r", "alpha", "a", "b"]
    assert buying.params["alpha"] == buying.table().set_index("parameter").loc["alpha", "estimate"]
    assert buying.log_likelihood < 0
    assert {values.shape for values in buying.draws.values()} == {(buying.n_draws,)}
    assert buying.outcome.converged
    assert buying.checks()[0].text == str(buying.outcome)


def test_a_prediction_has_the_columns_that_are_promised(ahead, rfm):
    table = ahead.to_frame()
    assert table.columns.tolist() == PREDICTED
    assert table["customer_id"].tolist() == rfm.customer_id.tolist()
    assert (table["expected_purchases_lower"] <= table["expected_purchases_upper"]).all()


def test_nobody_is_more_likely_to_buy_than_to_be_alive(ahead):
    assert (ahead["p_active"] <= ahead["p_alive"]).all()


def test_a_valuation_has_the_columns_that_are_promised(ahead, spend):
    worth = clv.value(ahead, spend, margin=0.3, discount_rate=0.15, acquisition_cost=None)
    assert worth.to_frame().columns.tolist() == VALUED
    total = worth.total
    assert total.expected == pytest.approx(worth["clv"].sum(), rel=1e-9, abs=0)
    assert total.lower < total.expected < total.upper
    assert total.ci_prob == 0.9


def test_a_cost_brings_the_chance_of_profit(ahead, spend):
    worth = clv.value(ahead, spend, margin=0.3, acquisition_cost=5.0)
    assert worth.to_frame().columns.tolist() == [*VALUED, "p_profitable"]
    assert ((worth["p_profitable"] >= 0) & (worth["p_profitable"] <= 1)).all()
    free = clv.value(ahead, spend, margin=0.3)
    np.testing.assert_allclose(worth["clv"], free["clv"] - 5.0)


def test_a_comparison_has_the_rows_and_columns_that_are_promised(board, rfm):
    asked, scores = board
    for target, actual in (("purchases", rfm.holdout.frequency), ("spend", rfm.holdout.spend)):
        table = scores.to_frame(target=target)
        assert table.columns.tolist() == COMPARED
        assert table["name"].tolist()[: len(asked)] == asked
        assert {"run_rate", "past_spend", "all_zero", "ltv"} <= set(table["name"])
        np.testing.assert_allclose(table["actual"], actual.sum())


def test_a_comparison_by_group_has_a_block_for_each(rfm, buying, spend):
    table = clv.compare(rfm, models=[buying], heuristics=["ltv"], spend=spend, by="channel").to_frame()
    assert table.columns.tolist() == ["group", *COMPARED]
    assert table["group"].unique().tolist() == ["shop", "web"]


def test_a_newcomer_is_one_row_without_an_id():
    given = clv.estimate_from("bgnbd", BUYING, period="week")
    table = clv.predict(given, None, horizon=52).to_frame()
    assert table.columns.tolist() == PREDICTED[1:]
    assert table["p_alive"].tolist() == [1.0]
    assert table["expected_purchases"].item() == pytest.approx(1.444, abs=1e-3)  # the parameters have 4 digits


def test_published_parameters_score_a_log_that_they_were_not_fitted_to(rfm):
    given = clv.estimate_from("bgnbd", BUYING, period="week")
    assert given.n_draws == 1
    assert np.isnan(given.log_likelihood)
    assert given.pointwise(rfm).shape == (300,)
    assert given.pointwise(rfm).sum() == pytest.approx(given.log_likelihood_of(rfm), rel=1e-9, abs=0)
    assert given.log_likelihood_of(rfm) < clv.fit("bgnbd", rfm).log_likelihood
    ahead = clv.predict(given, rfm, horizon="9 months")
    np.testing.assert_array_equal(ahead["expected_purchases_lower"], ahead["expected_purchases_upper"])


def test_an_estimate_predicts_the_same_after_it_was_kept(buying, ahead, rfm, tmp_path):
    again = clv.predict(clv.load(clv.save(buying, tmp_path / "buying.json")), rfm, horizon=39, ci_prob=0.9)
    pd.testing.assert_frame_equal(again.to_frame(), ahead.to_frame(), check_exact=True)
    assert again.total == ahead.total


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (pl.DataFrame, pl.from_pandas),
        (pl.LazyFrame, lambda log: pl.from_pandas(log).lazy()),
        (pa.Table, lambda log: pa.Table.from_pandas(log, preserve_index=False)),
        (pd.DataFrame, lambda log: log),
    ],
)
def test_what_comes_out_is_the_kind_of_table_that_went_in(kind, make, log, buying, spend):
    rfm = clv.rfm_summary(make(log), **NAMED, observation_end="1997-09-30")
    ahead = clv.predict(buying, rfm, horizon=4)
    worth = clv.value(ahead, spend)
    for record, columns in ((ahead, PREDICTED), (worth, VALUED)):
        native = record.to_native()
        assert isinstance(native, kind)
        made = native.collect() if isinstance(native, pl.LazyFrame) else native
        back = made if isinstance(made, pd.DataFrame) else made.to_pandas()
        assert back.columns.tolist() == columns
        pd.testing.assert_frame_equal(back, record.to_frame(), check_dtype=False)
        assert isinstance(record.to_frame(), pd.DataFrame)


def test_a_table_already_aggregated_gives_the_same_as_its_log(rfm, buying, ahead):
    again = clv.as_summary(rfm.to_frame(), period="week", holdout=39, groups="channel")
    assert clv.fit("bgnbd", again).params == pytest.approx(buying.params, rel=1e-9, abs=0)
    np.testing.assert_allclose(
        clv.predict(buying, again, horizon=39)["expected_purchases"], ahead["expected_purchases"]
    )


def test_the_models_are_listed_and_importable():
    table = clv.models()
    assert table.columns.tolist() == ["name", "title", "setting", "assumes", "parameters", "statistics", "caveat"]
    assert {"bgnbd", "gammagamma"} <= set(table["name"])
    assert clv.BGNBD.name == "bgnbd"
    assert clv.GammaGamma.name == "gammagamma"
    assert {"BGNBD", "GammaGamma"} <= set(dir(clv))


def test_the_formulas_are_plain_functions():
    assert clv.heuristics.ltv(average_ticket=500, purchases_per_year=12, lifespan_years=3) == 18_000
    assert clv.heuristics.cac(spend=1_000, new_customers=10) == 100
    assert clv.heuristics.lifespan_from_churn(0.01) == 100


def test_every_public_name_is_there():
    assert [name for name in clv.__all__ if getattr(clv, name, None) is None] == []
