"""Customers by deciles of the base."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray, IntArray


def places(worth: FloatArray) -> tuple[IntArray, IntArray]:
    """Return each customer's rank and decile, 1 the best; equals keep their order, NaN goes last.

    Parameters
    ----------
    worth : array, shape (customer,)
        What they are ranked by.
    """
    n = len(worth)
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(-worth, kind="stable")] = np.arange(1, n + 1)
    return place, 1 + (place - 1) * 10 // max(n, 1)
