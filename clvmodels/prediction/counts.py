"""How many purchases each customer of a base will make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from clvmodels.arrays import AnyArray, IntArray
from clvmodels.prediction.count_distribution import CountDistribution
from clvmodels.prediction.customer_states import CustomerStates
from clvmodels.prediction.distribution import AbstractDistribution
from clvmodels.prediction.purchases import count_distributions
from clvmodels.records import Estimate, Histories, Prediction, Summary


@dataclass(frozen=True, eq=False)
class Counts(AbstractDistribution[CountDistribution]):
    """The purchases of a base within a horizon.

    Attributes
    ----------
    states : CustomerStates
        The base as its model sees it.
    estimate : Estimate
        Of the model of buying.
    horizon : float
        Periods ahead.
    """

    states: CustomerStates
    estimate: Estimate
    horizon: float
    _kept: list[list[tuple[IntArray, CountDistribution]]] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def of(
        cls, estimate: Estimate, summary: Summary | None, newcomers: Mapping[str, AnyArray] | None, horizon: float
    ) -> Counts:
        """Look ahead for customers of a summary, or for ones not seen yet."""
        return cls(CustomerStates.of(estimate, summary, newcomers), estimate, horizon)

    @property
    def rows(self) -> Histories:
        """The distinct histories of buying."""
        return self.states.histories

    def made(self) -> Iterator[tuple[IntArray, CountDistribution]]:
        """Make the distributions of all histories, some at a time."""
        for part in count_distributions(self.states, self.estimate, self.horizon):
            yield part.rows, part

    def until(self, horizon: float) -> Counts:
        """Return the purchases of the same base within another horizon."""
        return self if horizon == self.horizon else Counts(self.states, self.estimate, horizon)


def counts_of(prediction: Prediction) -> Counts:
    """Return the purchases that a prediction speaks of."""
    found = prediction.distribution
    if isinstance(found, Counts):
        return found
    return Counts.of(prediction.estimate, prediction.summary, prediction.newcomers, prediction.horizon)
