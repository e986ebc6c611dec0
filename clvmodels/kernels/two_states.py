r"""The number of events of a process with two states that changes state with its events only, on the unit circle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray

_APART = 1e-9  # of their size, that two exponents are kept apart by


@dataclass(frozen=True, eq=False)
class Circle:
    r"""The matrix :math:`Q = -\Lambda + z \Lambda P` (time counted as 1) at points z of the unit circle.

    Attributes
    ----------
    z : array of complex, shape (point,)
        Half of the circle: the other half is conjugate.
    p, q : array
        The chance of the second state after an event, and of the first.
    fast, slow : array
        Events within the time in the first and in the second state; shape (..., 1), as p.
    near, far : array of complex, shape (..., point)
        The eigenvalues, the one of smaller modulus first.
    """

    z: AnyArray
    p: AnyArray
    q: AnyArray
    fast: AnyArray
    slow: AnyArray
    near: AnyArray
    far: AnyArray

    @classmethod
    def of(cls, mean: AnyArray, p: AnyArray, q: AnyArray, delta: float, m: int) -> Circle:
        """Return the half circle for a transform of length m; ``mean`` is the number of events, always awake."""
        z = np.exp(-2j * np.pi * np.arange(m // 2 + 1) / m)
        fast, slow = mean + 0.0 * p, delta * mean + 0.0 * p
        half = (-fast - slow + z * (fast * q + slow * p)) / 2
        product = fast * slow * (1 - z)
        root = np.sqrt(half * half - product)
        root = np.where((half * np.conj(root)).real < 0, -root, root)
        far = half + root
        near = product / np.where(far == 0, 1.0, far)
        return cls(z, p, q, fast, slow, near, far)

    def generating(self) -> AnyArray:
        """Return E[z^N] from the first and from the second state, shape (..., 2, point)."""
        both = _divided(self.near, self.far)
        rest = np.exp(self.far) - self.far * both
        return np.stack([rest + both * pace * (self.z - 1) for pace in (self.fast, self.slow)], axis=-2)

    def discounted(self, force: float) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Return E[S z^N], where S is the sum of the discount factors of the events at a force of interest, of their
        squares, and of their products in pairs, each twice; shape (..., 2, point)."""
        roots = _apart(self.near, self.far)
        vectors = [self._projected(i, roots) for i in (0, 1)]
        one, two, pairs = [], [], []
        for state in (0, 1):
            sums: list[Any] = [0.0, 0.0, 0.0]
            for i, first in enumerate(roots):
                for j, second in enumerate(roots):
                    weight = vectors[i].rates[state] * vectors[j].ends
                    sums[0] = sums[0] + weight * _divided(first - force, second)
                    sums[1] = sums[1] + weight * _divided(first - 2 * force, second)
                    for k, third in enumerate(roots):
                        weight = vectors[i].rates[state] * vectors[j].passes * vectors[k].ends
                        sums[2] = sums[2] + 2 * weight * _divided_twice(first - 2 * force, second - force, third)
            for found, value in zip((one, two, pairs), sums, strict=True):
                found.append(value)
        return np.stack(one, axis=-2), np.stack(two, axis=-2), np.stack(pairs, axis=-2)

    def _projected(self, i: int, roots: tuple[AnyArray, AnyArray]) -> _Projected:
        """Return what the projector on an eigenvector makes of the rates, of ones, and of the chances after an event."""
        mine, other = roots[i], roots[1 - i]
        after = self.q * self.fast + self.p * self.slow
        rates = [(pace * (self.z * after - pace - other)) / (mine - other) for pace in (self.fast, self.slow)]
        ones = [(pace * (self.z - 1) - other) / (mine - other) for pace in (self.fast, self.slow)]
        passes = self.z * (self.q * rates[0] + self.p * rates[1])
        return _Projected(rates, passes, self.z * (self.q * ones[0] + self.p * ones[1]))


@dataclass(frozen=True, eq=False)
class _Projected:
    rates: list[AnyArray]
    passes: AnyArray
    ends: AnyArray


def _apart(near: AnyArray, far: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return two numbers that aren't equal."""
    close = np.abs(near - far) <= _APART * (np.abs(far) + _APART)
    return near, np.where(close, far - _APART * (1 + np.abs(far)), far)


def _divided(x: AnyArray, y: AnyArray) -> AnyArray:
    """Return (e^x - e^y) / (x - y)."""
    d = x - y
    some = d != 0
    return np.exp(x) * np.where(some, -np.expm1(-d) / np.where(some, d, 1.0), 1.0)


def _divided_twice(x: AnyArray, y: AnyArray, w: AnyArray) -> AnyArray:
    """Return the divided difference of the exponential at three places."""
    d = x - w
    d = np.where(np.abs(d) < _APART, _APART, d)
    return (_divided(x, y) - _divided(y, w)) / d
