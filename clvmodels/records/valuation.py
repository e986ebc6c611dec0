"""What each customer is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, frozen
from clvmodels.errors import ArgumentError, check_between, check_kind
from clvmodels.records.distribution import Distribution
from clvmodels.records.estimate import Estimate
from clvmodels.records.log_check import shown
from clvmodels.records.note import Note
from clvmodels.records.period import Period
from clvmodels.records.prediction import Prediction
from clvmodels.records.summary import Summary
from clvmodels.records.total import Sum, Total

type Same = Literal["same"]  # of an argument that is left as it was, where None says something


@dataclass(frozen=True, slots=True)
class BusinessTerms:
    """The business terms of a valuation; an ArgumentError says when one can't be.

    Attributes
    ----------
    margin : float
        Share of revenue that stays, in [0, 1].
    discount_rate : float
        Per **year**, effective, in [0, 1]: 0.15 is 15% a year.
    acquisition_cost : float or None
        Money spent to win (or to contact) one customer, taken off the value; None takes off nothing.
    """

    margin: float = 1.0
    discount_rate: float = 0.0
    acquisition_cost: float | None = None

    def __post_init__(self) -> None:
        known = {
            "margin": check_between("margin", self.margin, 0, 1, "it is the share of revenue that stays (0.3 is 30%)"),
            "discount_rate": check_between(
                "discount_rate", self.discount_rate, 0, 1, "it is an effective rate a year (0.15 is 15%)"
            ),
        }
        if self.acquisition_cost is not None:
            known["acquisition_cost"] = check_between(
                "acquisition_cost",
                self.acquisition_cost,
                0,
                float("inf"),
                "it is money spent on one customer",
                open_high=True,
            )
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def force_of_interest(self, period: Period) -> float:
        """Return the continuous rate a period that makes the effective rate a year."""
        return float(np.log1p(self.discount_rate)) / period.per_year


@dataclass(frozen=True, eq=False)
class Path:
    """Expected revenue of the base, month by month.

    Attributes
    ----------
    month_end : array, shape (month,)
        End of each month, in months from now; the last may be cut by the horizon.
    purchases, revenue, value : array, shape (month,)
        Expected in that month: purchases, money before margin and discount, money after margin and discount.
    """

    month_end: FloatArray
    purchases: FloatArray
    revenue: FloatArray
    value: FloatArray

    def to_frame(self) -> pd.DataFrame:
        """Return one row a month, with cumulative revenue."""
        return pd.DataFrame(
            {
                "month_end": self.month_end,
                "purchases": self.purchases,
                "revenue": self.revenue,
                "value": self.value,
                "cumulative_revenue": self.revenue.cumsum(),
            }
        )


@dataclass(frozen=True, eq=False)
class Valuation:
    """Value ahead, customer by customer, in the currency of the log.

    Attributes
    ----------
    prediction : Prediction
        The purchases behind it.
    spend : Estimate
        The spend model behind it.
    terms : BusinessTerms
        Margin, discount rate and acquisition cost.
    columns : mapping of str to array, shape (customer,)
        ``expected_spend`` (per purchase, before margin), ``clv`` (expected value), ``clv_expected_lower/upper``
        (interval of the expectation), ``clv_lower/upper`` (predictive interval), and ``p_profitable`` where a cost
        is given.
    variance : array, shape (customer,)
        Of the value itself, parameters of buying and chance together.
    total : Total
        Value of the base.
    path : Path
        The monthly path of expected revenue.
    notes : tuple of Note
        What to know about it.
    sum : Sum or None
        What the total's interval is made of, before costs.
    distribution : Distribution or None
        Of the value of each customer, after margin and cost.
    on_terms : callable or None
        From other terms to the valuation on these; `with_terms` asks it.
    """

    prediction: Prediction
    spend: Estimate
    terms: BusinessTerms
    columns: Mapping[str, FloatArray]
    variance: FloatArray
    total: Total
    path: Path
    notes: tuple[Note, ...] = field(default=())
    sum: Sum | None = None
    distribution: Distribution | None = None
    on_terms: Callable[[BusinessTerms], Valuation] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {name: frozen(values) for name, values in self.columns.items()})

    def __len__(self) -> int:
        return len(self.columns["clv"])

    def __repr__(self) -> str:
        who = f"{len(self):,} customer{'' if len(self) == 1 else 's'}"
        models = f"{self.prediction.estimate.model.name} and {self.spend.model.name}"
        return f"Valuation({models}: {who}; {self.total}{shown(self.notes)})"

    def __getitem__(self, column: str) -> FloatArray:
        return self.columns[column] if column in self.columns else self.prediction[column]

    def with_terms(
        self,
        *,
        margin: float | Same = "same",
        discount_rate: float | Same = "same",
        acquisition_cost: float | Same | None = "same",
    ) -> Valuation:
        """Return the same customers' value on other business terms.

        Distributions are those of this valuation unless the discount rate changes, so it takes a fraction of the time.

        Parameters
        ----------
        margin, discount_rate, acquisition_cost : float or "same"
            As in ``value``; what is left out stays as it is.

        Returns
        -------
        Valuation

        Raises
        ------
        ArgumentError
            When a term can't be what it is, or the valuation wasn't made by ``value``.
        """
        if self.on_terms is None:
            raise ArgumentError("This valuation was put together by hand, so its terms can't change; value anew.")
        given = {"margin": margin, "discount_rate": discount_rate, "acquisition_cost": acquisition_cost}
        changed: dict[str, Any] = {name: term for name, term in given.items() if term != "same"}
        return self.on_terms(replace(self.terms, **changed))

    @property
    def summary(self) -> Summary | None:
        """The customers; None for a customer not seen yet."""
        return self.prediction.summary

    @property
    def valuation(self) -> Valuation:
        """The value behind it: itself. So a valuation and a prediction can be asked alike."""
        return self

    @property
    def expected(self) -> FloatArray:
        """What is expected from each customer: value after margin and cost, shape (customer,)."""
        return self.columns["clv"]

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row a customer: the prediction's columns, then those of value."""
        return self.prediction.to_frame().assign(**self.columns)

    def to_native(self) -> Any:
        """Return the kind of table that the log was."""
        frame = self.to_frame()
        return frame if self.summary is None or self.summary.as_native is None else self.summary.as_native(frame)


type AnyForecast = Prediction | Valuation  # of purchases, or of value; both answer to the same names


def check_forecast(value: object) -> AnyForecast:
    """Return what was given when it is a forecast, else raise an ArgumentError that says how to make one."""
    if isinstance(value, Valuation):
        return value
    return check_kind("the forecast", value, Prediction, "give what predict or value returns")
