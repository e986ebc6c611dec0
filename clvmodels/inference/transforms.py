"""The scale on which a fit works: logarithms, with time and money counted in units of the data's own size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.grammar.model import AbstractModel
from clvmodels.grammar.parameter import STATISTIC_UNITS, Unit

_LOGS = "log time"  # a change of unit shifts a sum of x logarithms by x times its own


@dataclass(frozen=True, slots=True)
class Scale:
    """How much one unit of the fit is, in the unit of the data.

    A change of unit multiplies the parameters that carry it and leaves the place of the maximum where it is, so the fit
    takes the same steps whether a log counts days or weeks, cents or dollars.
    """

    time: float
    money: float

    @classmethod
    def of(cls, model: AbstractModel, columns: Columns, counts: FloatArray) -> Scale:
        """Return units in which the median customer has T = 1 and m = 1; a model that counts steps keeps them."""
        timed = any(p.unit in ("time", "rate") for p in model.parameters)
        return cls(_median(columns.get("T"), counts) if timed else 1.0, _median(columns.get("m"), counts))

    def factor(self, unit: Unit) -> float:
        """Return by how much a quantity of that unit shrinks in the fit."""
        return {"none": 1.0, "time": self.time, "rate": 1 / self.time, "money": self.money}[unit]

    def columns(self, columns: Columns) -> dict[str, FloatArray]:
        """Return statistics in the units of the fit."""
        scaled = {
            name: v / self.factor(unit) for name, v in columns.items() if (unit := STATISTIC_UNITS[name]) != _LOGS
        }
        sums = {name: v - columns["x"] * np.log(self.time) for name, v in columns.items() if name not in scaled}
        return scaled | sums

    def natural(self, model: AbstractModel, theta: FloatArray, held: Mapping[str, float]) -> dict[str, FloatArray]:
        """Return all parameters in the units of the data: free ones from logarithms in the units of the fit, shape
        (..., parameter), and those that were held at a value."""
        free = {p.name: np.exp(theta[..., i]) * self.factor(p.unit) for i, p in enumerate(model.free)}
        known = free | {name: np.full(theta.shape[:-1], value) for name, value in held.items()}
        return {p.name: known[p.name] for p in model.parameters}

    def theta(self, model: AbstractModel, params: Mapping[str, float]) -> FloatArray:
        """Return logarithms of the free parameters in the units of the fit."""
        return np.array([np.log(params[p.name] / self.factor(p.unit)) for p in model.free])


def _median(values: FloatArray | None, counts: FloatArray) -> float:
    if values is None or not np.any(values > 0):
        return 1.0
    known = values > 0
    order = np.argsort(values[known])
    running = np.cumsum(counts[known][order])
    return float(values[known][order][np.searchsorted(running, running[-1] / 2)])
