"""Special functions where the usual ones lose digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray

LARGE = 20.0  # from here on five terms of Stirling's series leave less than 1e-16
_HALF_LOG_2_PI = 0.5 * np.log(2 * np.pi)


def betaln(a: Any, b: Any) -> FloatArray:
    """Return ln B(a, b), for inputs that broadcast.

    ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b) cancels for a large argument: at a = 5e6, b = 1e3 it keeps 8 digits.
    There the difference of the large terms is taken by Stirling's formula, in which nothing cancels.
    """
    small, large = np.minimum(a, b), np.maximum(a, b)
    if np.size(small) and large.max() <= LARGE:  # a fit asks for few at a time, where each look costs as much
        return _of_small(small, large)
    both, one = small > LARGE, large > LARGE
    out = np.empty(np.shape(small))
    with np.errstate(all="ignore"):
        for here, rule in ((both, _of_two_large), (one & ~both, _of_one_large), (~one, _of_small)):
            if here.all():
                return rule(small, large)
            if here.any():
                out[here] = rule(small[here], large[here])
    return out


def _of_small(small: FloatArray, large: FloatArray) -> FloatArray:
    found: FloatArray = special.betaln(small, large)
    return found


def _of_one_large(small: FloatArray, large: FloatArray) -> FloatArray:
    grown = (large + small - 0.5) * np.log1p(small / large) + small * (np.log(large) - 1.0)
    found: FloatArray = special.gammaln(small) - (grown + stirling_rest(large + small) - stirling_rest(large))
    return found


def _of_two_large(small: FloatArray, large: FloatArray) -> FloatArray:
    powers = (small - 0.5) * np.log1p(large / small) + (large - 0.5) * np.log1p(small / large)
    rest = stirling_rest(small) + stirling_rest(large) - stirling_rest(small + large)
    found: FloatArray = rest + _HALF_LOG_2_PI - powers - 0.5 * np.log(small + large)
    return found


def stirling_rest(x: Any) -> Any:
    """Return ln Gamma(x) less Stirling's leading terms."""
    y = 1.0 / (x * x)
    return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
