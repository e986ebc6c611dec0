"""The comparison on real customers, by group, and the tables behind the pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

COLUMNS = [
    "name", "kind", "bias", "mae", "rmse", "crps", "log_score", "coverage", "spearman", "gini", "capture_top10",
    "total", "total_lower", "total_upper", "actual",
]  # fmt: skip


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    log["segment"] = np.where(log.customer_id % 3 == 0, "north", "south")
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
        groups="segment",
    )


@pytest.fixture(scope="module")
def board(rfm):
    return clv.compare(rfm, models=["bgnbd"])


def test_holdout_baselines_are_the_published_ones(board):
    """Rounded to the digits that were published."""
    rows = board.to_frame().set_index("name")
    assert rows.loc["bgnbd", "bias"] == pytest.approx(-0.121, abs=0.0006)
    assert rows.loc["bgnbd", "mae"] == pytest.approx(0.786, abs=0.0006)
    assert rows.loc["bgnbd", "crps"] == pytest.approx(0.511, abs=0.0011)
    assert rows.loc["run_rate", "bias"] == pytest.approx(0.557, abs=0.0006)
    assert rows.loc["run_rate", "mae"] == pytest.approx(1.024, abs=0.0006)
    assert rows.loc["all_zero", "mae"] == pytest.approx(0.799, abs=0.0011)
    assert rows.loc["all_zero", "bias"] == -1
    assert set(rows.actual) == {1882}


def test_rows_are_models_rules_and_baselines_with_the_agreed_columns(board):
    for target in ("purchases", "spend"):
        table = board.to_frame(target=target)
        assert table.columns.to_list() == COLUMNS
        assert table.name.to_list() == [
            "bgnbd", "arpu_ltv", "clv", "ltv", "recent_run_rate", "all_zero", "run_rate", "past_spend",
        ]  # fmt: skip
        assert set(table.kind) == {"model", "heuristic", "baseline"}
    assert "bgnbd" in str(board)


def test_a_rule_that_only_ranks_has_no_total(board):
    past = board.to_frame(target="spend").set_index("name").loc["past_spend"]
    assert np.isnan(past.total)
    assert past.gini > 0.5
    assert past.capture_top10 > 0.4


@pytest.mark.slow
def test_an_estimate_is_taken_as_it_is(rfm, board):
    fitted = clv.fit("bgnbd", rfm)
    again = clv.compare(rfm, models=[fitted], heuristics=[], spend=clv.fit("gammagamma", rfm))
    np.testing.assert_allclose(
        again.to_frame().iloc[0, 2:].astype(float), board.to_frame().iloc[0, 2:].astype(float), rtol=1e-12
    )


def test_two_estimates_of_one_model_keep_a_row_and_a_curve_each(rfm):
    fitted = clv.fit("bgnbd", rfm)
    other = clv.estimate_from("bgnbd", fitted.params | {"a": 0.5}, period="week")
    board = clv.compare(rfm, models=[fitted, other], heuristics=[], spend=None)
    assert board.to_frame().name.to_list()[:2] == ["bgnbd 1", "bgnbd 2"]
    assert {"bgnbd 1", "bgnbd 2"} <= set(clv.lift_table(board).columns)


def test_the_total_of_all_is_that_of_one_group(rfm, board):
    """It is taken from the forecast; groups are summed up anew."""
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=rfm.holdout.duration)
    worth = clv.value(ahead, clv.fit("gammagamma", rfm))
    for target, forecast in (("purchases", ahead), ("spend", worth)):
        row, total = board.tables[target].set_index("name").loc["bgnbd"], clv.totals(forecast).iloc[0]
        found = [row["total"], row["total_lower"], row["total_upper"]]
        np.testing.assert_allclose(found, [total["expected"], total["lower"], total["upper"]], rtol=1e-9, atol=0)


def test_the_gini_is_a_share_of_that_of_the_perfect_order(rfm, board):
    """Published for the sample: .5561 by area alone, of .8395 that whoever knows the outcome reaches."""
    rows = board.to_frame().set_index("name")
    assert rows.loc["bgnbd", "gini"] == pytest.approx(0.5561 / 0.8395, abs=0.0002)
    assert rows.loc["all_zero", "gini"] == 0
    everybody = replace(rfm, holdout=replace(rfm.holdout, frequency=np.ones(len(rfm))))
    alike = clv.compare(everybody, models=[], heuristics=[], spend=None).to_frame()
    assert alike["gini"].isna().all()  # nobody is first


def test_a_single_name_is_a_list_of_one(rfm):
    names = clv.compare(rfm, models="bgnbd", heuristics="ltv", spend=None).to_frame().name.to_list()
    assert names == ["bgnbd", "ltv", "all_zero", "run_rate", "past_spend"]


def test_groups_have_their_own_rows_and_their_own_truth(rfm):
    by_group = clv.compare(rfm, models="bgnbd", heuristics=["ltv"], by="segment").to_frame()
    assert by_group.columns.to_list() == ["group", *COLUMNS]
    assert set(by_group.group) == {"north", "south"}
    assert by_group.groupby("group").actual.first().sum() == 1882
    # Models see all customers: the groups' forecasts sum to the one of all.
    assert by_group[by_group.name == "bgnbd"].total.sum() == pytest.approx(1653.4, abs=0.1)


def test_without_amounts_only_purchases_are_compared():
    log = clv.load_cdnow(sample=True)
    rfm = clv.rfm_summary(
        log, customer="customer_id", time="date", observation_end="1997-09-30", holdout_end="1998-06-30"
    )
    board = clv.compare(rfm)
    assert list(board.tables) == ["purchases"]
    with pytest.raises(ArgumentError, match="target"):
        board.to_frame(target="spend")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"models": ["bgnbdd"]}, ArgumentError, "Did you mean 'bgnbd'"),
        ({"models": ["gammagamma"]}, ArgumentError, "model of buying is needed"),
        ({"heuristics": ["ltw"]}, ArgumentError, "business rule"),
        ({"by": "colour"}, ArgumentError, "no group column 'colour'"),
        ({"ci_prob": 1}, ArgumentError, "ci_prob"),
    ],
)
def test_what_cannot_be_compared_is_refused(rfm, arguments, error, words):
    with pytest.raises(error, match=words):
        clv.compare(rfm, **arguments)


def test_a_summary_without_holdout_is_refused(rfm):
    with pytest.raises(InputError, match="no holdout"):
        clv.compare(replace(rfm, holdout=None))


def test_tracking_adds_up_to_what_the_model_expects_and_what_came(rfm):
    fitted = clv.fit("bgnbd", rfm)
    table = clv.tracking_table(fitted, rfm)
    assert table.observed.sum() == 39
    assert table.actual[table.observed].sum() == 2457
    assert table.actual.sum() == 2457 + 1882
    # Purchases of the first 39 weeks by all customers, each from the own first day.
    expected = sum(fitted.model.expectation(fitted.params, np.maximum(39.0 - (rfm.T.max() - rfm.T), 0)))
    assert table.expected[table.observed].sum() == pytest.approx(expected, rel=1e-9, abs=0)


def test_frequency_table_counts_every_customer_once(rfm):
    table = clv.purchase_frequency_table(clv.fit("bgnbd", rfm), rfm)
    assert table.actual.sum() == 2357
    assert table.expected.sum() == pytest.approx(2357, rel=1e-9, abs=0)
    assert table.actual[0] == 1411


def test_matrix_knows_which_histories_cannot_be(rfm):
    fitted = clv.fit("bgnbd", rfm)
    alive, ahead = (clv.frequency_recency_table(fitted, rfm, horizon=h) for h in (None, 39))
    assert np.isnan(alive.iloc[0, 1])
    assert alive.iloc[0, 0] == 1
    assert alive.stack().dropna().between(0, 1).all()
    assert ahead.iloc[-1].dropna().is_monotonic_increasing


def test_deciles_hold_all_customers_and_their_purchases(rfm):
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    table = clv.decile_table(ahead)
    assert table.customers.sum() == 2357
    assert (table.customers * table.actual).sum() == pytest.approx(1882, rel=1e-9, abs=0)
    assert (table.customers * table.predicted).sum() == pytest.approx(ahead.total.expected, rel=1e-9, abs=0)
    assert table.predicted.is_monotonic_decreasing
    assert np.all((table.lower < table.predicted) & (table.predicted < table.upper))
    with pytest.raises(InputError, match="same length"):
        clv.decile_table(clv.predict(ahead.estimate, rfm, horizon=20))


def test_lift_and_lorenz_rise_from_nothing_to_all(rfm, board):
    lift = clv.lift_table(board)
    assert lift.columns.to_list() == ["share_targeted", "bgnbd", "recent_run_rate", "run_rate", "past_spend", "perfect"]
    worth = clv.value(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39), clv.fit("gammagamma", rfm))
    for table in (lift, clv.lorenz_table(worth)):
        for curve in table.columns[1:]:
            assert table[curve].iloc[0] == 0
            assert table[curve].iloc[-1] == pytest.approx(1, rel=1e-9, abs=0)
            assert table[curve].is_monotonic_increasing


def test_pit_asks_for_one_outcome_a_customer(rfm):
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    with pytest.raises(InputError, match="one number for each"):
        clv.pit(ahead, np.zeros(3))
