"""When customers have paid back what winning them cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Payback:
    """The time until customers' margin has paid a cost, as a distribution.

    Attributes
    ----------
    every : str
        The step that time is counted in: "month".
    steps : float
        How many of them were looked at.
    groups : DataFrame
        One row a group: ``group, customers, cost`` (of one), ``p_paid_back`` (share of its customers expected to have
        paid back by the end), ``half_by, most_by`` (steps after which half, and 80%, of its customers are expected to
        have; inf where that is never so within the horizon), ``group_half_by, group_most_by`` (steps after which the
        group as a whole has paid back all that it cost with a probability of a half, and of 80%) and ``formula``, cost
        over margin a step as it was so far, in which nobody leaves (NaN where it isn't known).
    customers : DataFrame
        One row a customer in the order of the summary: ``customer_id``, where there are customers, ``group, cost,
        p_paid_back, half_by, most_by`` (steps after which the customer has paid back with a probability of a half, and
        of 80%).
    path : DataFrame
        One row a group and step: ``group, end, share`` (expected to have paid back) and ``p_group`` (probability that
        the group as a whole has).
    """

    every: str
    steps: float
    groups: pd.DataFrame
    customers: pd.DataFrame
    path: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group."""
        return self.groups.copy()

    def __str__(self) -> str:
        return " ".join(self._sentence(row) for row in self.groups.to_dict("records"))

    def _sentence(self, row: dict[object, object]) -> str:
        who = "Customers" if row["group"] == "all" else f"Customers of {row['group']}"
        formula = row["formula"]
        beside = ""
        if isinstance(formula, float) and np.isfinite(formula):
            beside = f" The formula, in which nobody leaves, says {formula:.1f} {self.every}s."
        share = row["p_paid_back"]
        assert isinstance(share, float)  # a share
        return (
            f"{who}: {share:.0%} are expected to have paid back within {self.steps:.3g} {self.every}s, "
            f"{self._by('half', row['half_by'])} and {self._by('80%', row['most_by'])}.{beside}"
        )

    def _by(self, share: str, when: object) -> str:
        assert isinstance(when, float)  # steps
        return f"{share} by {self.every} {when:.3g}" if np.isfinite(when) else f"{share} not in that time"
