"""How many are alive hangs on the model; how many will buy hardly does."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def given():
    """Published estimates of the sample, which fit alike, and parameters that don't fit."""
    params = {
        "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
        "mbgnbd": {"r": 0.5245, "alpha": 6.1831, "a": 0.8913, "b": 1.6144},
        "paretonbd": {"r": 0.5533, "alpha": 14.0, "s": 0.6062, "beta": 11.669},
    }
    return [clv.estimate_from(name, values, period="week") for name, values in params.items()]


@pytest.fixture(scope="module")
def table(rfm, given):
    return clv.alive_range(rfm, models=given, horizon="39 weeks")


def test_each_row_sums_what_predict_says(rfm):
    buying = clv.fit("mbgnbd", rfm)
    ahead = clv.predict(buying, rfm, horizon=39)
    row = clv.alive_range(rfm, models="mbgnbd", horizon="39 weeks").iloc[0]
    assert (row["model"], row["log_likelihood"]) == ("mbgnbd", pytest.approx(buying.log_likelihood, rel=1e-9, abs=0))
    assert (row["alive"], row["active"]) == (ahead["p_alive"].sum(), ahead["p_active"].sum())


def test_the_range_is_that_of_models_within_two_of_the_best(table):
    assert (np.diff(table["log_likelihood"]) <= 0).all()
    np.testing.assert_array_equal(table["close"], table["log_likelihood"] >= table["log_likelihood"].max() - 2)
    near = table[table["close"]]
    assert table.attrs["alive"] == (near["alive"].min(), near["alive"].max())
    assert table.attrs["active"] == (near["active"].min(), near["active"].max())
    assert table["close"].to_list() == [True, True, False]


def test_alive_differs_by_half_and_active_hardly(table):
    assert table["alive"].max() > 1.5 * table["alive"].min()
    assert table["active"].max() < 1.2 * table["active"].min()


def test_the_sentence_names_both_numbers(rfm, given, table):
    text, near = table.attrs["text"], table[table["close"]]
    for name in ("alive", "active"):
        assert f"{near[name].min():,.0f} to {near[name].max():,.0f}" in text
    assert f"({table['active'].min():,.0f} to {table['active'].max():,.0f} by all 3)" in text
    assert "by 2 models that fit alike" in text
    assert "within 39 weeks" in text
    assert text.count(".") == 1
    one_near = clv.alive_range(rfm, models=given[1:], horizon=39)
    assert f"{one_near['alive'].iloc[0]:,.0f} (" in one_near.attrs["text"]
    assert "by the model that fits best" in one_near.attrs["text"]


def test_one_model_has_no_range(rfm, given):
    table = clv.alive_range(rfm, models=given[0], horizon=39)
    assert table["close"].to_list() == [True]
    assert table.attrs["alive"][0] == table.attrs["alive"][1]
    assert " to " not in table.attrs["text"].partition(";")[0]


def test_models_of_other_data_are_no_neighbours(rfm):
    with pytest.raises(ArgumentError, match="speak of different data"):
        clv.alive_range(rfm, models=["bgnbd", "bgcnbd"], horizon=39)
    with pytest.raises(ArgumentError, match="models is empty"):
        clv.alive_range(rfm, models=[], horizon=39)


@pytest.mark.slow
def test_left_out_models_are_those_of_plain_histories_with_an_end(rfm):
    table = clv.alive_range(rfm, horizon=39)
    assert set(table["model"]) == {"bgnbd", "mbgnbd", "paretonbd", "ggomnbd"}
