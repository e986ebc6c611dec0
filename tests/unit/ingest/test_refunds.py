"""A refund takes a purchase back; it's never one itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.ingest import rfm_summary
from clvmodels.ingest.refunds import net_latest_first


def _log(*rows):
    frame = pd.DataFrame(rows, columns=["who", "day", "paid"])
    return frame.assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D"))


def _summary(log, refunds, **asked):
    return rfm_summary(log, customer="who", time="day", amount="paid", refunds=refunds, period="day", **asked)


def _note(summary):
    return next(note for note in summary.notes if note.code == "refunds")


def test_a_purchase_refunded_later_leaves_one_purchase():
    summary = _summary(_log(("a", 0, 10.0), ("a", 1, 20.0), ("a", 2, -20.0)), "customer")
    assert (summary.frequency[0], summary.recency[0], summary.total_spend[0]) == (0, 0, 10)
    assert summary.T[0] == 2
    assert "1 refund worth 20.00" in _note(summary).text
    assert "1 day of purchase vanished" in _note(summary).text


def test_netting_by_day_leaves_later_refunds_without_effect():
    summary = _summary(_log(("a", 0, 10.0), ("a", 1, 20.0), ("a", 1, -5.0), ("a", 2, -20.0)), "day")
    assert (summary.frequency[0], summary.total_spend[0]) == (1, 25)
    assert "20.00 of the refunds found nothing" in _note(summary).text
    assert _note(summary).level == "warning"


def test_a_day_that_nets_to_nothing_is_no_purchase():
    log = _log(("a", 0, 10.0), ("a", 1, 10.1), ("a", 1, 20.2), ("a", 1, -30.3), ("b", 0, 5.0), ("b", 0, -5.0))
    for refunds in ("day", "customer"):
        summary = _summary(log, refunds)
        assert summary.customer_id.tolist() == ["a"]
        assert summary.frequency.tolist() == [0]


def test_dropped_refunds_leave_the_purchases_as_they_were():
    summary = _summary(_log(("a", 0, 10.0), ("a", 1, 20.0), ("a", 1, -20.0)), "drop")
    assert (summary.frequency[0], summary.total_spend[0]) == (1, 30)
    assert _note(summary).level == "warning"


def test_the_latest_purchase_is_taken_back_first():
    summary = _summary(_log(("a", 0, 10.0), ("a", 1, 20.0), ("a", 5, 30.0), ("a", 9, -40.0)), "customer")
    assert (summary.frequency[0], summary.recency[0], summary.monetary_value[0]) == (1, 1, 10)


def test_a_refund_in_the_holdout_leaves_the_observation_as_it_was():
    log = _log(("a", 0, 10.0), ("a", 1, 20.0), ("a", 12, 5.0), ("a", 13, -25.0))
    summary = _summary(log, "customer", observation_end="2024-01-08", holdout_end="2024-01-14")
    assert (summary.frequency[0], summary.total_spend[0]) == (1, 30)
    assert (summary.holdout.frequency[0], summary.holdout.spend[0]) == (0, 0)


def test_free_purchases_of_a_customer_with_refunds_stay():
    summary = _summary(_log(("a", 0, 10.0), ("a", 3, 0.0), ("a", 5, 8.0), ("a", 6, -8.0)), "customer")
    assert summary.recency.tolist() == [3]


def test_refunds_after_the_end_are_none_of_our_business():
    log = _log(("a", 0, 10.0), ("a", 30, -10.0))
    assert _summary(log, "error", observation_end="2024-01-08").total_spend.tolist() == [10]


@pytest.mark.parametrize("refunds", ["day", "customer"])
def test_netted_spend_adds_up(refunds, log):
    summary = rfm_summary(log, customer="customer", time="date", amount="amount", refunds=refunds)
    left_over = float(_note(summary).text.split(" of the refunds found")[0].split()[-1].replace(",", ""))
    # The sentence rounds to cents.
    assert summary.total_spend.sum() == pytest.approx(log["amount"].sum() + left_over, abs=0.01)


def _take_back(values):
    """Pile the purchases up and let each refund take from the top, step by step."""
    pile, left_over = [], 0.0
    for place, value in enumerate(values):
        pile.append([place, max(value, 0.0)])
        due = max(-value, 0.0)
        for layer in reversed(pile):
            taken = min(layer[1], due)
            layer[1] -= taken
            due -= taken
        left_over += due
    return [remaining for _, remaining in pile], left_over


@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=12), min_size=1, max_size=5))
def test_netting_at_once_is_netting_step_by_step(customers):
    history = pd.DataFrame(
        {
            "customer": np.repeat(np.arange(len(customers)), [len(values) for values in customers]),
            "ahead": False,
            "value": np.concatenate(customers).astype(float),
        }
    )
    remaining, left_over = net_latest_first(history)
    expected = [_take_back(values) for values in customers]
    assert remaining.tolist() == [value for values, _ in expected for value in values]
    assert left_over == sum(over for _, over in expected)
