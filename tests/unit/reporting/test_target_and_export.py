"""The list to act on, and the file it goes into."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import ArgumentError
from clvmodels.reporting.listing import export
from clvmodels.reporting.target import rank

from ..made_up_shop import make_prediction, make_summary, make_valuation, read_exactly


def test_the_best_customer_stands_first(valuation):
    table = rank(valuation)
    assert table["clv"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, len(valuation) + 1))
    assert table["clv"][0] == valuation["clv"].max()


def test_rows_stay_with_their_customer(valuation):
    ranked = rank(valuation).set_index("customer_id").sort_index()
    plain = valuation.to_frame().set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(ranked[plain.columns], plain, check_exact=True)
    channel = dict(
        zip(valuation.prediction.summary.customer_id, valuation.prediction.summary.group("channel"), strict=True)
    )
    assert ranked["channel"].to_dict() == channel


def test_a_prediction_is_ranked_by_purchases(prediction):
    table = rank(prediction)
    assert table["expected_purchases"].is_monotonic_decreasing
    assert "break_even_cost" not in table


def test_equals_keep_the_order_of_the_summary():
    prediction = make_prediction(make_summary(40))
    flat = {name: np.ones(40) for name in prediction.columns}
    table = rank(replace(prediction, columns=flat))
    assert table["customer_id"].tolist() == prediction.summary.customer_id.tolist()


@pytest.mark.parametrize("n", [1, 7, 10, 395])
def test_deciles_are_as_even_as_can_be(n):
    sizes = rank(make_prediction(make_summary(n))).groupby("decile").size()
    assert sizes.max() - sizes.min() <= 1
    assert sizes.index.min() == 1
    assert sizes.index.max() <= 10


def test_an_unknown_value_goes_last(prediction):
    columns = dict(prediction.columns) | {"expected_purchases": prediction["expected_purchases"].copy()}
    columns["expected_purchases"][0] = np.nan
    table = rank(replace(prediction, columns=columns))
    assert np.isnan(table["expected_purchases"].iloc[-1])


def test_leaving_out_customers_keeps_rank_and_decile(valuation):
    whole = rank(valuation)
    alive = rank(valuation, min_p_alive=0.6, top=15)
    assert len(alive) == 15
    assert (alive["p_alive"] >= 0.6).all()
    expected = whole[whole["p_alive"] >= 0.6].head(15).reset_index(drop=True)
    pd.testing.assert_frame_equal(alive, expected)
    assert alive["rank"].iloc[-1] > 15


def test_the_break_even_cost_counts_what_was_taken_off_before(prediction):
    free, paid = rank(make_valuation(prediction)), rank(make_valuation(prediction, acquisition_cost=8.0))
    np.testing.assert_allclose(free["break_even_cost"], np.maximum(free["clv"], 0))
    np.testing.assert_allclose(
        paid.sort_values("customer_id")["break_even_cost"], free.sort_values("customer_id")["clv"]
    )
    assert (paid["clv"] < 0).any()
    assert (free["break_even_cost_lower"] < free["break_even_cost"]).all()


def test_a_group_column_never_takes_the_place_of_a_result(prediction):
    names = {"rank": np.arange(400.0), "p_alive": np.zeros(400)}
    table = rank(replace(prediction, summary=replace(prediction.summary, groups=names)))
    assert table.columns[:5].tolist() == ["customer_id", "rank", "decile", "rank (group)", "p_alive (group)"]
    assert table["rank"].tolist() == list(range(1, 401))
    assert (table["p_alive"] > 0).all()


def test_a_customer_not_seen_yet_is_ranked_alone(prediction):
    columns = {name: values[:1] for name, values in prediction.columns.items()}
    table = rank(replace(prediction, summary=None, columns=columns))
    assert table[["rank", "decile"]].to_numpy().tolist() == [[1, 1]]


@pytest.mark.parametrize("wrong", [{"top": 0}, {"min_p_alive": 1.2}, {"top": "many"}])
def test_arguments_out_of_range_are_refused(valuation, wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        rank(valuation, **wrong)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_reads_back_to_the_last_digit(valuation, tmp_path, suffix):
    path, table = export(valuation, tmp_path / f"customers.{suffix}"), rank(valuation)
    pd.testing.assert_frame_equal(read_exactly(path, like=table), table, check_exact=True)


ODD = ["=1+1", "+49 30", "-5", "@home", "\tx", "\rx", "007", 'a,"b"', "ä€😀", "plain"]


@pytest.fixture
def odd():
    return make_prediction(make_summary(len(ODD), ids=np.array(ODD, dtype=object)))


def test_a_machine_csv_keeps_ids_as_they_are(odd, tmp_path):
    back = pd.read_csv(export(odd, tmp_path / "a.csv"), dtype={"customer_id": str})
    assert sorted(back["customer_id"]) == sorted(ODD)


def test_a_csv_for_spreadsheets_holds_no_formula(odd, tmp_path):
    with export(odd, tmp_path / "a.csv", excel_safe=True).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = {row["customer_id"] for row in rows}
    assert ids == {f"'{name}" if name[0] in "=+-@\t\r" else name for name in ODD}


def test_headers_and_groups_are_guarded_too(tmp_path):
    summary = make_summary(3)
    evil = replace(summary, groups={"=cmd": np.array(["@a", "b", "-c"], dtype=object)})
    lines = export(make_prediction(evil), tmp_path / "a.csv", excel_safe=True).read_text().splitlines()
    assert lines[0].split(",")[3] == "'=cmd"
    assert {line.split(",")[3] for line in lines[1:]} == {"'@a", "b", "'-c"}


def test_negative_numbers_are_no_formulas(prediction, tmp_path):
    valuation = make_valuation(prediction, acquisition_cost=50.0)
    path, table = export(valuation, tmp_path / "a.csv", excel_safe=True), rank(valuation)
    back = read_exactly(path, like=table)
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    assert (back["clv"] < 0).any()
