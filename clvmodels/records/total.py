"""The sum over a customer base, with an interval that says what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clvmodels.arrays import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Sum:
    """What a total is made of before its interval is taken, so that parts of a base can be added up.

    Attributes
    ----------
    expected : float
        At the point estimate.
    draws : array, shape (draw,)
        Its expectation for each draw of the parameters.
    chance : float
        Variance by chance.
    """

    expected: float
    draws: FloatArray
    chance: float

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.expected + other.expected, self.draws + other.draws, self.chance + other.chance)


@dataclass(frozen=True, slots=True)
class Total:
    """A total over customers.

    Attributes
    ----------
    what : str
        What is summed: ``"purchases"``, ``"spend"`` or ``"value"``.
    expected : float
        Its expectation.
    lower, upper : float
        Equal-tailed interval of probability ``ci_prob``; NaN where it isn't known.
    ci_prob : float
        Probability inside the interval.
    contains : tuple of str
        The sources of uncertainty inside the interval, of "parameters", "chance" (what individuals happen to do),
        "sampling of customers" and "common shock" (season, drift, a wrong model: what moves all customers together).
    parts : mapping of str to float
        The standard deviation that each of them brings, in the unit of the total; empty where they aren't told apart.
        Their squares add up to the variance, to first order in the size of the shock.
    """

    what: str
    expected: float
    lower: float
    upper: float
    ci_prob: float
    contains: tuple[str, ...]
    parts: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return (
            f"{self.what} {self.expected:,.0f} ({self.ci_prob:.0%} interval {self.lower:,.0f} to {self.upper:,.0f}, "
            f"from {self.sources})"
        )

    @property
    def sources(self) -> str:
        """What the interval contains, in words."""
        *others, last = self.contains
        return f"{', '.join(others)} and {last}" if others else last
