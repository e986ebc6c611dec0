"""Exponential lifetimes with gamma-distributed rates: the Pareto (Lomax) distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import special

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.kernels.purchase_time import AbstractClock


@final
@dataclass(frozen=True, eq=False)
class ParetoClock(AbstractClock):
    """Customers who leave at rates mu ~ Gamma(s, rate beta), shape (row,)."""

    s: FloatArray
    beta: FloatArray

    @property
    def laws(self) -> tuple[FloatArray, ...]:
        """Shape and rate."""
        return self.s, self.beta

    def like(self, *laws: FloatArray) -> ParetoClock:
        """Return a clock of the same kind with other parameters."""
        return ParetoClock(*laws)

    @property
    def scale(self) -> FloatArray:
        """The mean lifetime at the mean rate, or beta where that is shorter."""
        shortest: FloatArray = self.beta / np.maximum(self.s, 1.0)
        return shortest

    def exponent(self, y: FloatArray) -> FloatArray:
        """Return minus the logarithm of the chance to be there at y."""
        return self.s * np.log1p(y / self.beta)

    def hazard(self, y: FloatArray) -> FloatArray:
        """Return the chance to leave at y, per time, of those still there."""
        return self.s / (self.beta + y)

    def reach(self, exponent: float) -> FloatArray:
        """Return when the exponent gets there."""
        with np.errstate(over="ignore"):
            when: FloatArray = self.beta * np.expm1(exponent / self.s)
        return when


def mean_time_alive(s: AnyArray, beta: AnyArray, t: AnyArray) -> FloatArray:
    """Return the expected time alive within t: beta / (s - 1) [1 - (beta / (beta + t))^(s - 1)], for s = 1 too."""
    length = np.log1p(np.asarray(t, dtype=np.float64) / beta)
    s = np.asarray(s, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        within = length * special.exprel(-(s - 1) * length)
    endless: FloatArray = np.where(s > 1, 1 / np.where(s > 1, s - 1, 1.0), np.inf)
    return beta * np.where(np.isinf(length), endless, within)
