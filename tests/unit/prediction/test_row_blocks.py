"""Work on parts of a base, on all processors."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from clvmodels.prediction.row_blocks import by_rows, in_turn


def test_parts_come_in_their_order_whichever_ends_first():
    def work(part):
        time.sleep(0.02 if part % 2 == 0 else 0.0)
        return part

    assert list(in_turn(work, range(9))) == list(range(9))


def test_few_parts_are_made_before_they_are_taken():
    asked = []

    def parts():
        for part in range(1_000):
            asked.append(part)
            yield part

    taken = in_turn(lambda part: part, parts())
    assert next(taken) == 0
    assert len(asked) < 200  # as many as there are processors, and one
    taken.close()


def test_what_goes_wrong_on_a_thread_is_raised_here():
    def work(part):
        if part == 3:
            raise ValueError(threading.current_thread().name)
        return part

    parts = in_turn(work, range(9))
    assert [next(parts) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="ThreadPool"):
        next(parts)


def test_every_row_is_worked_on_once():
    seen = np.zeros(2_345)
    for rows, n in by_rows(lambda rows: rows.stop - rows.start, 2_345, 4_000):
        seen[rows] += 1
        assert n == len(seen[rows])
    assert np.all(seen == 1)
