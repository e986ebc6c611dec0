"""Special functions where the usual ones lose digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray

LARGE = 20.0  # from here on five terms of Stirling's series leave less than 1e-16


def betaln(a: Any, b: Any) -> FloatArray:
    """Return ln B(a, b), for inputs that broadcast.

    ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b) cancels for a large argument: at a = 5e6, b = 1e3 it keeps 8 digits.
    There the difference of the two large terms is taken by Stirling's formula, in which nothing cancels.
    """
    small, large = np.minimum(a, b), np.maximum(a, b)
    with np.errstate(all="ignore"):
        grown = (
            (large + small - 0.5) * np.log1p(small / large)
            + small * (np.log(large) - 1.0)
            + stirling_rest(large + small)
            - stirling_rest(large)
        )
        out: FloatArray = np.where(large > LARGE, special.gammaln(small) - grown, special.betaln(small, large))
    return out


def stirling_rest(x: Any) -> Any:
    """Return ln Gamma(x) less Stirling's leading terms."""
    y = 1.0 / (x * x)
    return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
