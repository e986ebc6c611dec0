"""How customers differ: the distributions that a model mixes over, and the quantities by which people understand them.

A shape and a rate say little by themselves, and a rate changes with the unit of time. "The mean customer buys .05 times
a week" and "rates differ by 140% of their mean" can be judged, so priors and tables speak of these. They are as many as
the parameters, and the way from one to the other is the same for every model, so it stands here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from clvmodels.grammar.parameter import Unit

type Side = Literal["buying", "dropout", "spend"]
SIDES: tuple[Side, ...] = ("buying", "dropout", "spend")


class Functions(Protocol):
    """What a distribution needs of a namespace."""

    def log(self, x: Any, /) -> Any: ...
    def exp(self, x: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that people have an idea of before they see data.

    Attributes
    ----------
    name, meaning : str
        What it is called, and what it is.
    unit : "none", "time", "rate" or "money"
        What it scales with.
    median, sd : float
        The default prior: normal on the logarithm, or on the log-odds of a share, around this median with this standard
        deviation; time and money are counted so that the median customer's observation and spend are 1.
    share : bool
        Whether it lies between 0 and 1.
    """

    name: str
    meaning: str
    unit: Unit
    median: float
    sd: float
    share: bool = False


@dataclass(frozen=True, slots=True)
class GammaMixing:
    """Rates that differ by a gamma distribution.

    Attributes
    ----------
    side : "buying", "dropout" or "spend"
        What the rates are of.
    shape, rate : str
        The distribution's parameters.
    level : Quantity
        (shape / rate) ** sign, times ``factors``: a mean rate, a typical lifetime.
    spread : Quantity
        1 / sqrt(shape): the standard deviation of rates over their mean.
    sign : 1 or -1
        Whether the level grows with the rates or falls.
    factors : mapping of str to float
        Other parameters that the level carries, with their powers.
    power : 1 or -1
        A covariate's effect e multiplies the rate parameter by exp(power * e), so that it raises what the side is
        named after.
    """

    side: Side
    shape: str
    rate: str
    level: Quantity
    spread: Quantity
    sign: int = 1
    factors: Mapping[str, float] = field(default_factory=dict)
    power: int = -1

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Level and spread."""
        return self.level, self.spread

    def coordinates(self, xp: Functions, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the logarithms of level and spread."""
        log_shape = xp.log(params[self.shape])
        log_level = self.sign * (log_shape - xp.log(params[self.rate]))
        for name, power in self.factors.items():
            log_level = log_level + power * xp.log(params[name])
        return log_level, -0.5 * log_shape

    def params(self, xp: Functions, coordinates: tuple[Any, ...], others: Mapping[str, Any]) -> dict[str, Any]:
        """Return shape and rate that have these coordinates."""
        log_level, log_spread = coordinates
        log_shape = -2.0 * log_spread
        for name, power in self.factors.items():
            log_level = log_level - power * xp.log(others[name])
        return {self.shape: xp.exp(log_shape), self.rate: xp.exp(log_shape - self.sign * log_level)}

    def shifted(self, xp: Functions, params: Mapping[str, Any], effect: Any) -> dict[str, Any]:
        """Return what a covariate's effect changes."""
        return {self.rate: params[self.rate] * xp.exp(self.power * effect)}


@dataclass(frozen=True, slots=True)
class BetaMixing:
    """Probabilities that differ by a beta distribution.

    Attributes
    ----------
    side : "buying", "dropout" or "spend"
        What the probabilities are of.
    a, b : str
        The distribution's parameters.
    level : Quantity
        a / (a + b), the mean.
    spread : Quantity
        1 / (1 + a + b): 0 where all customers are alike, 1 where each is at 0 or at 1.
    """

    side: Side
    a: str
    b: str
    level: Quantity
    spread: Quantity

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Mean and polarisation."""
        return self.level, self.spread

    def coordinates(self, xp: Functions, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the log-odds of level and spread."""
        a, b = params[self.a], params[self.b]
        return xp.log(a) - xp.log(b), -xp.log(a + b)

    def params(self, xp: Functions, coordinates: tuple[Any, ...], others: Mapping[str, Any]) -> dict[str, Any]:
        """Return a and b that have these coordinates."""
        odds, size = xp.exp(coordinates[0]), xp.exp(-coordinates[1])
        return {self.a: size * odds / (1.0 + odds), self.b: size / (1.0 + odds)}

    def shifted(self, xp: Functions, params: Mapping[str, Any], effect: Any) -> dict[str, Any]:
        """Return what a covariate's effect changes: the odds a / b are multiplied by exp(effect)."""
        half = xp.exp(0.5 * effect)
        return {self.a: params[self.a] * half, self.b: params[self.b] / half}


@dataclass(frozen=True, slots=True)
class Common:
    """A parameter that all customers share.

    Attributes
    ----------
    parameter : str
        Its name.
    level : Quantity
        parameter ** power.
    power : float
        Not 0.
    """

    parameter: str
    level: Quantity
    power: float = 1.0

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The level alone."""
        return (self.level,)

    def coordinates(self, xp: Functions, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the logarithm of the level."""
        return (self.power * xp.log(params[self.parameter]),)

    def params(self, xp: Functions, coordinates: tuple[Any, ...], others: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameter that has this coordinate."""
        return {self.parameter: xp.exp(coordinates[0] / self.power)}


type Mixing = GammaMixing | BetaMixing | Common
