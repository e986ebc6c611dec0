"""How what a customer's purchases are worth goes along with how often the customer buys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from clvmodels.records.estimate import Estimate

_MATTERS = 0.05  # of the money: totals of models that fit well miss by more, so less is not worth a parameter


@dataclass(frozen=True, slots=True)
class Correlation:
    """One measure of how two things go together.

    Attributes
    ----------
    measure : str
        What is measured.
    estimate, lower, upper : float
        From -1 to 1, with its interval.
    without_customer : float
        The same without the customer whose removal changes the correlation of frequency and mean spend most.
    """

    measure: str
    estimate: float
    lower: float
    upper: float
    without_customer: float


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """Expected revenue of some customers, with spend taken as independent of buying and with spend that goes along.

    Attributes
    ----------
    who : str
        ``"all"``, ``"top decile"`` (by the independent forecast) or ``"no repeat purchase"``.
    customers : int
        How many they are.
    independent, dependent : float
        Expected revenue ahead, in the currency of the log.
    """

    who: str
    customers: int
    independent: float
    dependent: float

    @property
    def change(self) -> float:
        """By what share revenue changes where the dependence is allowed for; NaN where there is none."""
        return self.dependent / self.independent - 1 if self.independent > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class SpendDependence:
    """Whether customers who buy more often spend more, or less, a purchase.

    Attributes
    ----------
    n_customers : int
        Repeat buyers that were looked at.
    correlations : tuple of Correlation
        ``frequency`` (of repeat purchases and their mean value), ``rate`` (of frequency / T and mean value), ``logs``
        (of the logarithms of frequency and mean value), ``ranks`` (Spearman) and ``underlying``: of the logarithms of
        the buying rate and of the customer's own level of spend, without the noise that a mean of few purchases has.
    customer : mapping of str to value
        ``customer_id, frequency, monetary_value`` of the customer whose removal changes the correlation of frequency
        and mean spend most.
    elasticity, lower, upper : float
        By how many percent spend rises where the buying rate is one percent higher, with its interval.
    statistic, p_value : float
        Likelihood-ratio test of elasticity 0: chi-square, one degree of freedom.
    money : tuple of MoneyChange
        What it does to expected revenue.
    horizon : str
        How far ahead that looks.
    ci_prob : float
        Probability inside each interval.
    spend : Estimate
        The spend model that allows for it, with ``buying_rate`` as its covariate.
    by_frequency : DataFrame
        One row a class of repeat buyers: ``frequency`` (as text), ``customers, mean_spend, lower, upper``, the interval
        of the mean by its standard error.
    """

    n_customers: int
    correlations: tuple[Correlation, ...]
    customer: Mapping[str, Any]
    elasticity: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    money: tuple[MoneyChange, ...]
    horizon: str
    ci_prob: float
    spend: Estimate
    by_frequency: pd.DataFrame

    def __getitem__(self, measure: str) -> Correlation:
        return {found.measure: found for found in self.correlations}[measure]

    @property
    def matters(self) -> bool:
        """Whether revenue of the base or of its top decile changes by 5% or more."""
        return any(abs(part.change) >= _MATTERS for part in self.money if part.who in ("all", "top decile"))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a correlation: ``measure, estimate, lower, upper, without_customer``."""
        rows = [(c.measure, c.estimate, c.lower, c.upper, c.without_customer) for c in self.correlations]
        return pd.DataFrame(rows, columns=["measure", "estimate", "lower", "upper", "without_customer"])

    def money_table(self) -> pd.DataFrame:
        """Return one row for each group of customers: ``who, customers, independent, dependent, change``."""
        rows = [(part.who, part.customers, part.independent, part.dependent, part.change) for part in self.money]
        return pd.DataFrame(rows, columns=["who", "customers", "independent", "dependent", "change"])

    def __str__(self) -> str:
        field = self["frequency"]
        slope, lower, upper = (f"{2**power - 1:+.0%}" for power in (self.elasticity, self.lower, self.upper))
        p = f"p = {self.p_value:.2g}" if self.p_value > 1e-99 else "p < 1e-99"
        changes = ", ".join(f"{part.who} {part.change:+.1%}" for part in self.money)
        verdict = "it matters" if self.matters else "independence does little harm"
        return (
            f"Among {self.n_customers:,} repeat buyers, frequency and mean spend have a correlation of "
            f"{field.estimate:.2f} ({self.ci_prob:.0%} interval {field.lower:.2f} to {field.upper:.2f}; "
            f"{field.without_customer:.2f} without customer {self.customer['customer_id']}). Twice the buying rate "
            f"goes with {slope} a purchase ({lower} to {upper}, {p}). Allowing for it changes expected revenue over "
            f"{self.horizon}: {changes}. For the base and its top decile {verdict}."
        )
