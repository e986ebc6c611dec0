"""The parameters of models and the statistics they look at, with their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

type Unit = Literal["none", "time", "rate", "log time", "money"]
STATISTIC_UNITS: Mapping[str, Unit] = {
    "x": "none",
    "t_x": "time",
    "T": "time",
    "litt": "log time",  # a sum of x logarithms of time
    "n": "none",
    "m": "money",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model; every one is positive.

    Attributes
    ----------
    name : str
        The paper's symbol.
    meaning : str
        What it is.
    unit : "none", "time", "rate" or "money"
        What it scales with: a parameter in "time" doubles when the unit of time is halved, a "rate" is halved.
    typical : float
        Where to start looking, with time and money counted so that their medians are 1.
    among : tuple of float
        The values it can take, where it isn't continuous: they are tried, and the likelihood chooses. At most one
        parameter of a model is of this kind.
    null : float or None
        The value at which the model becomes a simpler one; 0 is approached and never reached.
    """

    name: str
    meaning: str
    unit: Unit
    typical: float
    among: tuple[float, ...] = ()
    null: float | None = None
