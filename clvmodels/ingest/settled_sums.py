"""Sums of money that don't hang on the order of addition."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray

_DIGITS = 14
_TENS = 10.0 ** np.arange(309)


def settled_sums(values: FloatArray) -> FloatArray:
    """Round sums to fourteen significant digits, so that the same log gives the same numbers, bit by bit.

    The engine adds in any order, as its threads come to it, and the last bits of a sum hang on that. Sums of prices
    with cents come out as a person would write them: 334.6, not 334.59999999999997.

    Parameters
    ----------
    values : array
        Sums of up to some thousands of amounts each. Values that aren't finite, or above 1e13, stay as they are.

    Examples
    --------
    >>> float(settled_sums(np.array([0.1 + 0.2]))[0])
    0.3
    """
    _, exponent = np.frexp(values)
    digits = _DIGITS - np.ceil(exponent * np.log10(2.0)).astype(np.int64)
    within = np.isfinite(values) & (digits >= 0) & (digits < len(_TENS))
    scale = _TENS[np.where(within, digits, 0)]
    return np.where(within, np.rint(values * scale) / scale, values)
