"""Running sums and products of many columns at once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clvmodels.arrays import FloatArray


def accumulated(operation: np.ufunc, values: FloatArray) -> FloatArray:
    """Return what ``operation.accumulate`` does along the first axis, in place.

    Row by row it goes at the speed of additions; NumPy goes down column by column, and waits for each one.
    """
    for before, here in pairwise(values):
        operation(before, here, out=here)
    return values
