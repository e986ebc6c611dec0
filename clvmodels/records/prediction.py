"""What each customer is expected to do within a horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray, frozen
from clvmodels.records.distribution import Distribution
from clvmodels.records.estimate import Estimate
from clvmodels.records.log_check import shown
from clvmodels.records.note import Note
from clvmodels.records.shock import Shock
from clvmodels.records.summary import Summary
from clvmodels.records.total import Sum, Total


@dataclass(frozen=True, eq=False)
class Prediction:
    """Purchases ahead, customer by customer.

    Two kinds of interval are kept apart. ``expected_purchases_lower/upper`` bound the *expectation* (how well the
    parameters are known), ``purchases_lower/upper`` bound the *purchases* (what the customer will do). The second is
    what people mean by the uncertainty of a customer, and much wider.

    Attributes
    ----------
    estimate : Estimate
        The model and parameters behind it.
    summary : Summary or None
        The customers; None for a customer not seen yet (one row).
    horizon : float
        Periods ahead; ``inf`` for the whole life.
    ci_prob : float
        Probability inside each interval.
    columns : mapping of str to array, shape (customer,)
        ``p_active, p_alive, expected_purchases, expected_purchases_lower, expected_purchases_upper, purchases_lower,
        purchases_upper``.
    variance : array, shape (customer,)
        Of the purchases themselves, parameters and chance together.
    total : Total
        Purchases of the base.
    notes : tuple of Note
        What to know about it.
    shock : Shock or None
        The common shock that is in the interval of the total, and will be in that of a valuation.
    newcomers : mapping of str to array, shape (customer,), or None
        What is known of customers not seen yet: their covariates.
    sum : Sum or None
        What the total's interval is made of.
    distribution : Distribution or None
        Of the purchases of each customer.
    """

    estimate: Estimate
    summary: Summary | None
    horizon: float
    ci_prob: float
    columns: Mapping[str, FloatArray]
    variance: FloatArray
    total: Total
    notes: tuple[Note, ...] = field(default=())
    shock: Shock | None = None
    newcomers: Mapping[str, AnyArray] | None = None
    sum: Sum | None = None
    distribution: Distribution | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {name: frozen(values) for name, values in self.columns.items()})

    def __len__(self) -> int:
        return len(self.columns["expected_purchases"])

    def __repr__(self) -> str:
        who = f"{len(self):,} customer{'' if len(self) == 1 else 's'}"
        return f"Prediction({self.estimate.model.name}: {who}; {self.total}{shown(self.notes)})"

    def __getitem__(self, column: str) -> FloatArray:
        return self.columns[column]

    @property
    def prediction(self) -> Prediction:
        """The purchases behind it: itself. So a valuation and a prediction can be asked alike."""
        return self

    @property
    def valuation(self) -> None:
        """The value behind it: none."""
        return None

    @property
    def expected(self) -> FloatArray:
        """What is expected from each customer: purchases, shape (customer,)."""
        return self.columns["expected_purchases"]

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row a customer, in the order of the summary."""
        if self.summary is None:
            return pd.DataFrame({**(self.newcomers or {}), **self.columns})
        return pd.DataFrame({"customer_id": self.summary.customer_id, **self.columns})

    def to_native(self) -> Any:
        """Return the kind of table that the log was."""
        frame = self.to_frame()
        return frame if self.summary is None or self.summary.as_native is None else self.summary.as_native(frame)
