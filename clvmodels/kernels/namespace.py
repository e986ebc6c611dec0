"""The functions a model's formula may use, so that it stands once and runs on NumPy, on a tape or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray
from clvmodels.kernels.special import betaln

type Integral = Callable[..., tuple[FloatArray, tuple[FloatArray, ...]]]
"""A function that no formula gives: its value and, with ``slopes=True``, its derivatives by its first arguments."""


class Namespace(Protocol):
    """What a formula calls as ``xp.log(...)``; arithmetic and comparison are the operands' own."""

    def log(self, x: Any, /) -> Any: ...
    def log1p(self, x: Any, /) -> Any: ...
    def exp(self, x: Any, /) -> Any: ...
    def gammaln(self, x: Any, /) -> Any: ...
    def betaln(self, a: Any, b: Any, /) -> Any: ...
    def logaddexp(self, a: Any, b: Any, /) -> Any: ...
    def where(self, condition: Any, yes: Any, no: Any, /) -> Any: ...
    def integral(self, function: Integral, *args: Any) -> Any: ...


class NumpyNamespace:
    """The plain one: arrays that broadcast."""

    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    exp = staticmethod(np.exp)
    gammaln = staticmethod(special.gammaln)
    betaln = staticmethod(betaln)
    logaddexp = staticmethod(np.logaddexp)
    where = staticmethod(np.where)

    def integral(self, function: Integral, *args: Any) -> FloatArray:
        """Return the function's value."""
        return function(*args)[0]


NUMPY: Namespace = NumpyNamespace()
