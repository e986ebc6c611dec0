"""Rows with the same inputs are found, and each is given once."""

import numpy as np

from clvmodels.kernels.alike import Alike


def test_every_row_is_given_once_with_the_inputs_of_its_group() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.integers(1, 6, (2, 500)).astype(float)
    rows = np.flatnonzero(one + two > 4)
    alike = Alike.of(rows, one, two)
    given = []
    for groups in (np.arange(0, 4), np.arange(4, len(alike.first))):
        for some in alike.members(groups):
            mine = groups[: len(some)]
            assert np.array_equal(one[some], alike.inputs[0][mine])
            assert np.array_equal(two[some], alike.inputs[1][mine])
            given.append(some)
    assert np.array_equal(np.sort(np.concatenate(given)), rows)


def test_rows_whose_keys_agree_by_chance_stay_apart() -> None:
    two_by_three = Alike.of(np.arange(4), np.array([2.0, 3.0, 2.0, 3.0]), np.array([3.0, 2.0, 3.0, 2.0]))
    told = zip(*(values.tolist() for values in two_by_three.inputs), two_by_three.size.tolist(), strict=True)
    rows = {(2.0, 3.0): 0, (3.0, 2.0): 0}
    for one, two, size in told:
        rows[one, two] += size
    assert rows == {(2.0, 3.0): 2, (3.0, 2.0): 2}


def test_nobody_makes_no_group() -> None:
    assert len(Alike.of(np.array([], dtype=np.int64), np.ones(3)).first) == 0
