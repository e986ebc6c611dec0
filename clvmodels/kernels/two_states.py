r"""The number of events of a process with two states that changes state with its events only, on the unit circle."""

from __future__ import annotations

from dataclasses import dataclass

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

    def discounted(self, force: float) -> AnyArray:
        """Return E[S z^N], where S is the sum of the discount factors of the events at a force of interest; shape
        (..., 2, point)."""
        roots = _apart(self.near, self.far)
        vectors = [self._projected(i, roots) for i in (0, 1)]
        found: list[AnyArray] = [np.zeros_like(self.near), np.zeros_like(self.near)]
        for one, first in zip(vectors, roots, strict=True):
            for other, second in zip(vectors, roots, strict=True):
                summed = other.ends * _divided(first - force, second)
                found = [total + rate * summed for total, rate in zip(found, one.rates, strict=True)]
        return np.stack(found, axis=-2)

    def _projected(self, i: int, roots: tuple[AnyArray, AnyArray]) -> _Projected:
        """Return what the projector on an eigenvector makes of the rates, and of the state after an event."""
        mine, other = roots[i], roots[1 - i]
        after = self.q * self.fast + self.p * self.slow
        rates = [(pace * (self.z * after - pace - other)) / (mine - other) for pace in (self.fast, self.slow)]
        ones = [(pace * (self.z - 1) - other) / (mine - other) for pace in (self.fast, self.slow)]
        return _Projected(rates, self.z * (self.q * ones[0] + self.p * ones[1]))


@dataclass(frozen=True, eq=False)
class _Projected:
    rates: list[AnyArray]
    ends: AnyArray


def _apart(near: AnyArray, far: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return two numbers that aren't equal."""
    close = np.abs(near - far) <= _APART * (np.abs(far) + _APART)
    return near, np.where(close, far - _APART * (1 + np.abs(far)), far)


def _divided(x: AnyArray, y: AnyArray) -> AnyArray:
    """Return (e^x - e^y) / (x - y)."""
    behind = (x - y).real < 0
    x, y = np.where(behind, y, x), np.where(behind, x, y)
    d = x - y
    some = d != 0
    return np.exp(x) * np.where(some, -np.expm1(-d) / np.where(some, d, 1.0), 1.0)
