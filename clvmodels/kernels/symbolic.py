"""The functions of a formula in PyTensor, for samplers that need its graph and gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op

from clvmodels.kernels.namespace import Integral, Namespace
from clvmodels.kernels.special import LARGE, stirling_rest


class _Value(Op):
    """The value of a function that no formula gives."""

    __props__ = ("function",)

    def __init__(self, function: Integral) -> None:
        self.function = function

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take inputs of one shape."""
        return Apply(self, list(inputs), [pt.tensor(dtype="float64", shape=inputs[0].type.shape)])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        """Compute it in NumPy."""
        output_storage[0][0] = np.asarray(self.function(*inputs)[0])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Variable[Any, Any]]:
        """Weigh the slopes; the last arguments are data and have none."""
        slopes: Any = _Slopes(self.function)(*inputs, return_list=True)
        given = [cotangents[0] * slope for slope in slopes]
        return given + [0.0 * rest for rest in inputs[len(given) :]]


class _Slopes(Op):
    """Its derivatives by its first arguments."""

    __props__ = ("function",)

    def __init__(self, function: Integral) -> None:
        self.function = function

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Give as many outputs as the function has slopes."""
        ones = [np.ones(1) for _ in inputs]
        n_slopes = len(self.function(*ones, slopes=True)[1])
        shape = inputs[0].type.shape
        return Apply(self, list(inputs), [pt.tensor(dtype="float64", shape=shape) for _ in range(n_slopes)])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        """Compute them in NumPy."""
        for storage, slope in zip(output_storage, self.function(*inputs, slopes=True)[1], strict=True):
            storage[0] = np.asarray(slope)


def _betaln(a: Any, b: Any) -> Any:
    """Return ln B(a, b), by Stirling's formula where the usual difference of three terms cancels."""
    small, large = pt.switch(a > b, b, a), pt.switch(a > b, a, b)  # minimum's gradient counts a tie twice
    safe = pt.maximum(large, LARGE)  # keeps the unused branch, and its gradient, finite
    grown = (
        (safe + small - 0.5) * pt.log1p(small / safe)
        + small * (pt.log(safe) - 1.0)
        + stirling_rest(safe + small)
        - stirling_rest(safe)
    )
    usual = pt.gammaln(small) + pt.gammaln(large) - pt.gammaln(small + large)
    return pt.switch(large > LARGE, pt.gammaln(small) - grown, usual)


class SymbolicNamespace:
    """Formulas become graphs."""

    log = staticmethod(pt.log)
    log1p = staticmethod(pt.log1p)
    exp = staticmethod(pt.exp)
    gammaln = staticmethod(pt.gammaln)
    betaln = staticmethod(_betaln)
    logaddexp = staticmethod(pt.logaddexp)  # type: ignore[attr-defined]  # it is there, and not in __all__
    where = staticmethod(pt.switch)

    def integral(self, function: Integral, *args: Any) -> Any:
        """Return the function's value, as a node with a gradient."""
        return _Value(function)(*pt.broadcast_arrays(*map(pt.as_tensor, args)))


SYMBOLIC: Namespace = SymbolicNamespace()
