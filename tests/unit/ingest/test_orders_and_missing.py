"""Orders of several lines, and rows that belong to nobody."""

from __future__ import annotations

import pandas as pd
import pytest

from clvmodels.errors import InputError

from .ways_in import ASKED, WAYS, by_id, texts


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


def log(*rows):
    found = pd.DataFrame(rows, columns=["who", "day", "paid", "number"])
    return found.assign(day=pd.to_datetime(found["day"]))


def test_lines_of_one_order_are_one_purchase_on_its_first_day(read):
    rows = log(
        ("a", "2022-01-03", 5, "1"),
        ("a", "2022-01-04", 6, "1"),
        ("a", "2022-01-10", 7, "2"),
        ("b", "2022-01-04", 1, "1"),
    )
    frame, notes = read(rows, **ASKED, order="number")
    assert by_id(frame, "frequency") == {"a": 1, "b": 0}
    assert by_id(frame, "recency") == {"a": 1.0, "b": 0.0}
    assert by_id(frame) == {"a": 18.0, "b": 1.0}
    assert "4 rows of the log are 3 orders by 'number'" in texts(notes)


def test_refunds_find_their_order_whenever_they_come(read):
    rows = log(
        ("a", "2022-01-03", 20, "1"),
        ("a", "2022-01-10", 7, "2"),
        ("a", "2022-01-24", -7, "2"),
        ("a", "2022-01-31", -5, "1"),
    )
    frame, _ = read(rows, **ASKED, order="number")  # no refund is left that somebody would have to decide on
    assert by_id(frame) == {"a": 15.0}
    assert by_id(frame, "frequency") == {"a": 0}


def test_what_an_order_does_not_cover_is_a_refund_like_any_other(read):
    rows = log(
        ("a", "2022-01-03", 20, "1"),
        ("a", "2022-01-10", 7, "2"),
        ("a", "2022-01-11", -9, "9"),
        ("a", "2022-01-12", 3, None),
    )
    with pytest.raises(InputError, match="1 row with a negative 'paid'"):
        read(rows, **ASKED, order="number")
    frame, _ = read(rows, **ASKED, order="number", refunds="customer")
    assert by_id(frame) == {"a": 21.0}


def test_a_refund_in_the_holdout_takes_nothing_from_the_observation(read):
    rows = log(("a", "2022-01-03", 20, "1"), ("a", "2022-01-10", 7, "2"), ("a", "2022-02-01", -7, "2"))
    ends = {"observation_end": "2022-01-20", "holdout_end": "2022-02-10"}
    frame, _ = read(rows, **ASKED, order="number", refunds="day", **ends)
    assert by_id(frame) == {"a": 27.0}


def test_rows_without_an_order_stay_as_they_are(read):
    rows = log(
        ("a", "2022-01-03", 5, None),
        ("a", "2022-01-03", 6, None),
        ("b", "2022-01-04", 1, None),
        ("a", "2022-01-31", 1, "1"),
    )
    with_order, without = (read(rows, **ASKED, **more)[0] for more in ({"order": "number"}, {}))
    pd.testing.assert_frame_equal(with_order, without)


def test_rows_without_a_customer_are_left_out_when_it_is_said_and_counted(read):
    rows = log(
        ("a", "2022-01-03", 30, "1"),
        (None, "2022-01-04", 60, "2"),
        ("b", "2022-01-10", 10, "3"),
        ("", "2022-02-10", None, "3"),
    )
    with pytest.raises(InputError, match="2 rows with no customer"):
        read(rows, **ASKED)
    frame, notes = read(rows, **ASKED, missing_customers="drop")
    expected, _ = read(rows[rows["who"].isin(["a", "b"])], **ASKED)
    pd.testing.assert_frame_equal(frame, expected)
    assert "Left out: 2 rows without a customer in 'who', 60.00 or 60.0% of all money" in texts(notes)


def test_a_log_of_nobody_is_refused(read):
    with pytest.raises(InputError, match="No row of the log has a customer in 'who'"):
        read(log((None, "2022-01-04", 60, "2")), **ASKED, missing_customers="drop")
