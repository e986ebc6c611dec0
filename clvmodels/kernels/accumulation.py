"""Running sums and products of many columns at once."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray


def accumulated(operation: np.ufunc, values: FloatArray) -> FloatArray:
    """Return what ``operation.accumulate`` does along the first axis, in place.

    Row by row it goes at the speed of additions; NumPy goes down column by column, and waits for each one.
    """
    for i in range(1, len(values)):
        here = values[i : i + 1]
        operation(values[i - 1 : i], here, out=here)
    return values
