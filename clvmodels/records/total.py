"""The sum over a customer base, with an interval that says what it contains."""

from __future__ import annotations

from dataclasses import dataclass


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
        "sampling of customers" and "common shock" (season, drift: what moves all customers together).
    """

    what: str
    expected: float
    lower: float
    upper: float
    ci_prob: float
    contains: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.what} {self.expected:,.0f} ({self.ci_prob:.0%} interval {self.lower:,.0f} to {self.upper:,.0f}, "
            f"from {' and '.join(self.contains)})"
        )
