"""A formula's value and gradient, on columns that keep only their distinct levels.

A likelihood of a million customers has a few dozen distinct x and a few hundred distinct T. A function of x alone is
therefore computed on its levels, one of x and T on the pairs that occur; only where hardly any two rows share their
values does the formula run over all rows. The operations are recorded, and the gradient is the recorded formula walked
backwards (reverse accumulation): exact, at the price of a few evaluations whatever the number of parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from clvmodels.arrays import AnyArray, Columns, FloatArray, IntArray, Ragged
from clvmodels.kernels.namespace import Integral
from clvmodels.kernels.special import betaln

_FEW = 0.5  # a column with more levels than this share of its rows saves nothing by being factored
_SPARSE = 4.0  # times the rows: with more pairs of levels than that, hardly any two rows share one


type _Slope = Callable[..., Any]


class Axis:
    """Along what a node's values run: the levels of one or more columns, or all rows.

    ``codes`` leads from rows to levels and is None for all rows; ``first`` is a row of each level. An axis that other
    axes meet on is made once and kept with one of them.
    """

    __slots__ = ("codes", "first", "met", "size")

    def __init__(self, codes: IntArray | None, size: int) -> None:
        self.codes = codes
        self.size = size
        self.met: dict[int, tuple[Axis, Axis]] = {}
        self.first = np.empty(0 if codes is None else size, dtype=np.int64)
        if codes is not None:
            self.first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)

    def seen_from(self, finer: Axis | None) -> IntArray:
        """Return the level that each level of a finer axis belongs to."""
        assert self.codes is not None  # all rows are as fine as it gets
        return self.codes if finer is None or finer.codes is None else self.codes[finer.first]

    def meet(self, other: Axis) -> Axis:
        """Return the coarsest axis that is finer than both."""
        if self.codes is None or other.codes is None:
            return self if self.codes is None else other
        if id(other) not in self.met:
            self.met[id(other)] = other, _pairs(self, self.codes, other, other.codes)  # kept, so its id stays its own
        return self.met[id(other)][1]


def _pairs(one: Axis, codes: IntArray, other: Axis, other_codes: IntArray) -> Axis:
    """Return the axis of the pairs of levels that occur; all rows where hardly any two share a pair."""
    rows = Axis(None, len(codes))
    if one.size * other.size > _SPARSE * len(codes):
        return rows
    pair = codes * other.size + other_codes
    occurs = np.zeros(one.size * other.size, dtype=bool)
    occurs[pair] = True
    level = np.cumsum(occurs) - 1
    n_pairs = int(level[-1]) + 1
    for axis in (one, other):
        if n_pairs == axis.size:
            return axis  # the finer of the two already
    return Axis(level[pair], n_pairs) if n_pairs < _FEW * len(codes) else rows


class Node:
    """A value in a formula: a number, a column or what was computed from them.

    Values run along the axis last; for values alone, without derivatives, other axes may come before it (many draws of
    parameters at once, each number of shape (draw, 1)).
    """

    __slots__ = ("axis", "is_leaf", "parents", "value")
    parents: tuple[tuple[Node, _Slope], ...]
    __array_ufunc__ = None  # NumPy leaves mixed arithmetic to the node

    def __init__(
        self, value: Any, axis: Axis | None, parents: tuple[tuple[Node, _Slope], ...] = (), *, is_leaf: bool = False
    ) -> None:
        self.value = value
        self.axis = axis
        self.is_leaf = is_leaf  # a number by which the derivative is taken
        # What doesn't lead to a leaf is a constant. A slope, the derivative of this value by the parent's, is
        # computed when asked for.
        self.parents = tuple((node, slope) for node, slope in parents if node.is_leaf or node.parents)

    def on(self, axis: Axis | None) -> Any:
        """Return the values along another axis: levels are spread over rows."""
        if self.axis is None or self.axis is axis or self.axis.codes is None:
            return self.value
        return np.take(self.value, self.axis.seen_from(axis), axis=-1)

    def __add__(self, other: Any) -> Node:
        return _binary(self, other, np.add, lambda a, b, out: 1.0, lambda a, b, out: 1.0)

    def __sub__(self, other: Any) -> Node:
        return _binary(self, other, np.subtract, lambda a, b, out: 1.0, lambda a, b, out: -1.0)

    def __mul__(self, other: Any) -> Node:
        return _binary(self, other, np.multiply, lambda a, b, out: b, lambda a, b, out: a)

    def __truediv__(self, other: Any) -> Node:
        return _binary(self, other, np.divide, lambda a, b, out: 1.0 / b, lambda a, b, out: -out / b)

    def __rsub__(self, other: Any) -> Node:
        return _node(other) - self

    def __rtruediv__(self, other: Any) -> Node:
        return _node(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Node:
        return Node(-self.value, self.axis, ((self, lambda: -1.0),))

    def __gt__(self, other: float) -> Node:
        return Node(self.value > other, self.axis)


def _node(value: Any) -> Node:
    return value if isinstance(value, Node) else Node(value, None)


def _common(*nodes: Node) -> Axis | None:
    """Return the axis on which nodes meet."""
    found: Axis | None = None
    for node in nodes:
        if node.axis is not None and node.axis is not found:
            found = node.axis if found is None else found.meet(node.axis)
    return found


def _binary(left: Any, right: Any, function: Callable[[Any, Any], Any], by_left: _Slope, by_right: _Slope) -> Node:
    first, second = _node(left), _node(right)
    axis = _common(first, second)
    a, b = first.on(axis), second.on(axis)
    out = function(a, b)
    return Node(out, axis, ((first, lambda: by_left(a, b, out)), (second, lambda: by_right(a, b, out))))


def _unary(argument: Any, function: Callable[[Any], Any], slope: _Slope) -> Node:
    node = _node(argument)
    out = function(node.value)
    return Node(out, node.axis, ((node, lambda: slope(node.value, out)),))


class TapeNamespace:
    """The functions of a formula, recorded."""

    def log(self, x: Any, /) -> Node:
        return _unary(x, np.log, lambda v, out: 1.0 / v)

    def log1p(self, x: Any, /) -> Node:
        return _unary(x, np.log1p, lambda v, out: 1.0 / (1.0 + v))

    def exp(self, x: Any, /) -> Node:
        return _unary(x, np.exp, lambda v, out: out)

    def gammaln(self, x: Any, /) -> Node:
        return _unary(x, special.gammaln, lambda v, out: special.digamma(v))

    def betaln(self, a: Any, b: Any, /) -> Node:
        return _binary(
            a,
            b,
            betaln,
            lambda u, v, out: special.digamma(u) - special.digamma(u + v),
            lambda u, v, out: special.digamma(v) - special.digamma(u + v),
        )

    def logaddexp(self, a: Any, b: Any, /) -> Node:
        return _binary(a, b, np.logaddexp, lambda u, v, out: np.exp(u - out), lambda u, v, out: np.exp(v - out))

    def where(self, condition: Any, yes: Any, no: Any, /) -> Node:
        test, first, second = _node(condition), _node(yes), _node(no)
        axis = _common(test, first, second)
        chosen = test.on(axis)
        out = np.where(chosen, first.on(axis), second.on(axis))
        return Node(out, axis, ((first, lambda: 1.0 * chosen), (second, lambda: 1.0 * ~chosen)))

    def integral(self, function: Integral, *args: Any) -> Node:
        nodes = [_node(argument) for argument in args]
        axis = _common(*nodes)
        leads = any(node.is_leaf or node.parents for node in nodes)
        value, slopes = function(*(node.on(axis) for node in nodes), slopes=leads)
        differentiable = zip(nodes, slopes, strict=False)  # derivatives are of the first arguments
        return Node(value, axis, tuple((node, partial(_as_it_is, slope)) for node, slope in differentiable))


def _as_it_is(slope: FloatArray) -> FloatArray:
    return slope


TAPE = TapeNamespace()


def factor(columns: Columns) -> dict[str, Node]:
    """Turn columns of equal length into nodes that keep their distinct levels where that saves work."""
    rows = Axis(None, len(next(iter(columns.values()))))
    nodes = {}
    for name, values in columns.items():
        if isinstance(values, Ragged):  # what a function of its own reads row by row
            nodes[name] = Node(values, rows)
            continue
        levels, codes = np.unique(values, return_inverse=True)
        few = len(levels) < _FEW * len(values)
        nodes[name] = Node(levels, Axis(codes.astype(np.int64), len(levels))) if few else Node(values, rows)
    return nodes


def spread(node: Node, size: int) -> FloatArray:
    """Return a node's values over all rows, shape (..., size)."""
    values = (
        node.value if node.axis is None or node.axis.codes is None else np.take(node.value, node.axis.codes, axis=-1)
    )
    found = np.asarray(values, dtype=np.float64)
    return np.broadcast_to(found, (*found.shape[:-1], size))


def gradient(result: Node, weights: FloatArray, leaves: Mapping[str, Node]) -> dict[str, AnyArray]:
    """Return the derivative of the weighted sum of a row-valued node by each leaf: a number, or one a level."""
    adjoints: dict[Node, AnyArray] = {result: _onto(result, weights, Axis(None, weights.size))}
    for node in reversed(_in_order(result)):
        adjoint = adjoints.pop(node)
        for parent, slope in node.parents:
            share = _onto(parent, adjoint * slope(), node.axis)
            known = adjoints.get(parent)
            adjoints[parent] = share if known is None else known + share
    return {name: adjoints.get(leaf, np.zeros(np.shape(leaf.value))) for name, leaf in leaves.items()}


def _onto(node: Node, values: AnyArray, axis: Axis | None) -> AnyArray:
    """Sum what arrives along one axis onto the axis of a node."""
    if node.axis is None:
        return np.asarray(np.add.reduce(values, axis=None))  # as np.sum, without its detours
    if node.axis is axis or node.axis.codes is None:
        return values
    return np.bincount(node.axis.seen_from(axis), weights=values, minlength=node.axis.size)


def _in_order(result: Node) -> list[Node]:
    """Return every node that is computed from leaves, up to the result, parents first."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(result, False)] if result.parents else []
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend([(parent, False) for parent, _ in node.parents if parent.parents])
    return order
