"""Whom a campaign should go to, and what it is expected to gain."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class TargetList:
    """Customers by what a campaign is expected to gain with them.

    Attributes
    ----------
    customers : DataFrame
        One row a customer, the largest expected gain first: ``customer_id``, where there are customers, ``rank,
        expected_value, cost, break_even_lift`` (the lift at which the contact pays on average; inf where nothing is
        expected) and, where a lift is known, ``lift, expected_gain, p_gain`` (probability that the contact pays) and
        ``contact`` (whether the customer is on the list).
    lists : DataFrame or None
        One row a list: ``list`` ("nobody", "best size", "top 10%", ..., "everybody"), ``customers, cost,
        expected_gain, gain_lower, gain_upper, p_loss`` (probability of a loss) and ``regret``, how much less is
        expected than of the best size. None without a lift.
    size : int or None
        Customers on the list of the largest expected gain; None without a lift.
    ci_prob : float
        Probability inside the intervals.
    """

    customers: pd.DataFrame
    lists: pd.DataFrame | None
    size: int | None
    ci_prob: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer, the largest expected gain first."""
        return self.customers.copy()

    def __str__(self) -> str:
        if self.lists is None:
            some = self.customers["break_even_lift"].median()
            return (
                f"No lift is known. For the customer in the middle a contact pays from a lift of {some:.1%} on; test "
                f"the campaign on a random part of the list before it goes to all."
            )
        best = self.lists.set_index("list").loc["best size"]
        if not self.size:
            return "Nobody's expected gain is above the cost of the contact, so no campaign is the best one."
        return (
            f"Contact {self.size:,} of {len(self.customers):,} customers: a gain of {best['expected_gain']:,.0f} is "
            f"expected ({self.ci_prob:.0%} interval {best['gain_lower']:,.0f} to {best['gain_upper']:,.0f}), at a cost "
            f"of {best['cost']:,.0f}; the probability of a loss is {best['p_loss']:.0%}."
        )
