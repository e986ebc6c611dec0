"""Distinct histories: grouping and the way back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.records import Histories, Members, histories

SMALL = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


def grouped(rows):
    values = np.array(rows, dtype=float)
    return {"x": values[:, 0], "t_x": values[:, 1], "T": values[:, 2]}


@given(SMALL)
def test_every_customer_finds_the_own_row(rows):
    columns = grouped(rows)
    found = Histories.of(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(found.columns[name][found.index], values)
    assert found.n_customers == len(rows)
    assert len(found) == len(set(rows))
    np.testing.assert_array_equal(found.counts, np.bincount(found.index))


@given(SMALL)
def test_rows_come_sorted(rows):
    found = Histories.of(grouped(rows))
    table = list(zip(*found.columns.values(), strict=True))
    assert table == sorted(table)


@given(SMALL)
def test_rows_that_meet_in_one_hash_value_are_still_told_apart(rows):
    """With a hash that is the same for all, the exact comparison must do the work."""
    columns = grouped(rows)
    right = Histories.of(columns)
    kept, histories._MIX = histories._MIX, np.uint64(0)
    try:
        found = Histories.of(columns)
    finally:
        histories._MIX = kept
    for name in columns:
        np.testing.assert_array_equal(found.columns[name], right.columns[name])
    np.testing.assert_array_equal(found.index, right.index)


def test_minus_zero_is_zero():
    assert len(Histories.of({"x": np.array([0.0, -0.0])})) == 1


@given(st.lists(st.integers(0, 4), max_size=40), st.lists(st.integers(0, 4), max_size=5))
def test_members_lead_from_rows_to_customers(rows, wanted):
    row_of_each = np.array(rows, dtype=np.int64)
    who, place = Members.of(row_of_each, 5).within(np.array(wanted, dtype=np.int64))
    expected = [(customer, i) for i, row in enumerate(wanted) for customer in np.flatnonzero(row_of_each == row)]
    assert list(zip(who.tolist(), place.tolist(), strict=True)) == expected


def test_records_cannot_be_written_to():
    found = Histories.of({"x": np.array([1.0, 2.0])})
    assert not found.counts.flags.writeable
    assert not found.columns["x"].flags.writeable
