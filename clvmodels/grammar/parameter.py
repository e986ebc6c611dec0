"""The parameters of models and the statistics they look at, with their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from clvmodels.errors import ArgumentError, unknown_name

type Unit = Literal["none", "time", "rate", "log time", "money"]
STATISTIC_UNITS: Mapping[str, Unit] = {
    "x": "none",
    "t_x": "time",
    "T": "time",
    "litt": "log time",  # a sum of x logarithms of time
    "gaps": "time",
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
    below : float
        What it stays below.
    """

    name: str
    meaning: str
    unit: Unit
    typical: float
    among: tuple[float, ...] = ()
    null: float | None = None
    below: float = inf


def checked_values(title: str, parameters: Sequence[Parameter], params: Mapping[str, float]) -> dict[str, float]:
    """Return values in the order of the parameters, or raise when one is missing, unknown or can't be."""
    known = [p.name for p in parameters]
    for name in params:
        if name not in known:
            raise unknown_name(f"parameter of {title}", name, known)
    missing = [name for name in known if name not in params]
    if missing:
        raise ArgumentError(f"{title} needs {', '.join(known)}; missing: {', '.join(missing)}.")
    return {p.name: _checked_value(title, p, params[p.name]) for p in parameters}


def checked_held(title: str, parameters: Sequence[Parameter], held: Mapping[str, float]) -> dict[str, float]:
    """Return the values of parameters that take few, or raise when another is named or a value can't be."""
    few = {p.name: p for p in parameters if p.among}
    for name in held:
        if name not in few:
            can = f"name {' or '.join(few)} only" if few else "leave held out"
            raise ArgumentError(
                f"held names {name!r}, but only parameters that take few values can be held in {title}, the others are "
                f"what is estimated; {can}."
            )
    return {name: _checked_value(title, few[name], value) for name, value in held.items()}


def _checked_value(title: str, p: Parameter, given: float) -> float:
    """Return a parameter's value, or raise where it can't be one."""
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise ArgumentError(f"{p.name} is {given!r}; {title} needs a number there.") from None
    if p.among and value not in p.among:
        raise ArgumentError(
            f"{p.name} is {given!r}; {title} knows it as one of {', '.join(f'{known:g}' for known in p.among)}."
        )
    if not 0 < value < inf:
        raise ArgumentError(
            f"{p.name} is {value!r}; every parameter of {title} is a positive, finite number, "
            f"because it shapes a distribution of rates or probabilities."
        )
    if value >= p.below:
        raise ArgumentError(f"{p.name} is {value!r}; in {title} it lies below {p.below:g}, because it is a share.")
    return value
