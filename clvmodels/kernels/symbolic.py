"""The functions of a formula in PyTensor, for samplers that need its graph and gradient.

As on the tape, columns keep their distinct levels: a function of x alone is a node over a few dozen numbers, and only
what tells rows apart runs over all of them. Data enter as shared variables, so that a graph once compiled serves other
data too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile import sharedvalue
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op

from clvmodels.arrays import AnyArray, Columns, FloatArray, Ragged
from clvmodels.errors import ArgumentError
from clvmodels.kernels.namespace import Integral, Namespace
from clvmodels.kernels.special import LARGE, stirling_rest
from clvmodels.kernels.tape import Axis, factor


def shared(values: AnyArray) -> Any:
    """Return data as a variable whose values aren't compiled into the graph."""
    return sharedvalue.shared(values)  # type: ignore[no-untyped-call]


class Leveled:
    """A variable along the levels of an axis; a number has none."""

    __slots__ = ("axis", "variable")
    __array_ufunc__ = None  # NumPy leaves mixed arithmetic to it

    def __init__(self, variable: Any, axis: Axis | None) -> None:
        self.variable = variable
        self.axis = axis

    def on(self, axis: Axis | None) -> Any:
        """Return the variable along a finer axis."""
        if self.axis is None or self.axis is axis or self.axis.codes is None:
            return self.variable
        return self.variable[shared(self.axis.seen_from(axis))]

    def summed(self, weights: FloatArray) -> Any:
        """Return the sum over all rows of weights, shape (row,), times values."""
        codes = None if self.axis is None else self.axis.codes
        return (shared(np.bincount(codes, weights) if codes is not None else weights) * self.variable).sum()

    def __add__(self, other: Any) -> Any:
        return _applied(lambda a, b: a + b, self, other)

    def __sub__(self, other: Any) -> Any:
        return _applied(lambda a, b: a - b, self, other)

    def __mul__(self, other: Any) -> Any:
        return _applied(lambda a, b: a * b, self, other)

    def __truediv__(self, other: Any) -> Any:
        return _applied(lambda a, b: a / b, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _applied(lambda a, b: b - a, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _applied(lambda a, b: b / a, self, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return _applied(lambda a: -a, self)

    def __gt__(self, other: Any) -> Any:
        return _applied(lambda a, b: a > b, self, other)


def leveled(columns: Columns) -> dict[str, Leveled]:
    """Turn columns of equal length into variables that keep their distinct levels where that saves work."""
    if any(isinstance(values, Ragged) for values in columns.values()):
        raise ArgumentError(
            "A model that looks at every gap between purchases has no graph in PyTensor; use its draws by "
            "method='laplace'."
        )
    return {name: Leveled(shared(node.value), node.axis) for name, node in factor(columns).items()}


def _applied(function: Callable[..., Any], *arguments: Any) -> Any:
    """Apply a function of plain variables where its arguments meet; to plain variables as it is."""
    axis: Axis | None = None
    for argument in arguments:
        if isinstance(argument, Leveled) and argument.axis is not None and argument.axis is not axis:
            axis = argument.axis if axis is None else axis.meet(argument.axis)
    result = function(*(a.on(axis) if isinstance(a, Leveled) else a for a in arguments))
    return Leveled(result, axis) if any(isinstance(a, Leveled) for a in arguments) else result


class _Integral(Op):
    """A function that no formula gives: its value, and its derivatives by the first arguments."""

    __props__ = ("function",)

    def __init__(self, function: Integral) -> None:
        self.function = function

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take inputs of one shape; give the value and as many slopes as the function has."""
        n_slopes = len(self.function(*(np.ones(1) for _ in inputs), slopes=True)[1])
        shape = inputs[0].type.shape
        return Apply(self, list(inputs), [pt.tensor(dtype="float64", shape=shape) for _ in range(1 + n_slopes)])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        """Compute them in NumPy, all at once: the nodes of an integral serve its slopes too."""
        value, slopes = self.function(*inputs, slopes=True)
        for storage, computed in zip(output_storage, (value, *slopes), strict=True):
            storage[0] = np.asarray(computed, dtype=np.float64)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Variable[Any, Any]]:
        """Weigh the slopes; the last arguments are data and have none."""
        given = [cotangents[0] * slope for slope in outputs[1:]]
        return given + [0.0 * rest for rest in inputs[len(given) :]]


def _integral(function: Integral, *arguments: Any) -> Any:
    return _Integral(function)(*pt.broadcast_arrays(*map(pt.as_tensor, arguments)), return_list=True)[0]  # type: ignore[index]


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

    def log(self, x: Any, /) -> Any:
        return _applied(pt.log, x)

    def log1p(self, x: Any, /) -> Any:
        return _applied(pt.log1p, x)

    def exp(self, x: Any, /) -> Any:
        return _applied(pt.exp, x)

    def gammaln(self, x: Any, /) -> Any:
        return _applied(pt.gammaln, x)

    def betaln(self, a: Any, b: Any, /) -> Any:
        return _applied(_betaln, a, b)

    def logaddexp(self, a: Any, b: Any, /) -> Any:
        return _applied(pt.logaddexp, a, b)  # type: ignore[attr-defined]  # it is there, and not in __all__

    def where(self, condition: Any, yes: Any, no: Any, /) -> Any:
        return _applied(pt.switch, condition, yes, no)

    def integral(self, function: Integral, *args: Any) -> Any:
        """Return the function's value, as a node with a gradient."""
        return _applied(lambda *plain: _integral(function, *plain), *args)


SYMBOLIC: Namespace = SymbolicNamespace()
