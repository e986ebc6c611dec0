"""What a business rule is asked under: the business side and the statistical side."""

from __future__ import annotations

from dataclasses import dataclass

from clvmodels.errors import check_between

_OPEN_END = float("inf")


@dataclass(frozen=True, slots=True)
class HeuristicTerms:
    """The business side of a rule.

    Attributes
    ----------
    margin : float
        Share of revenue that stays after the goods, in [0, 1].
    acquisition_cost : float or None
        Money spent to win one customer, taken off once a customer; None takes off nothing.
    promotion_cost, service_cost : float
        Money spent a customer and **year**, for each year the rule counts the customer as one.

    Examples
    --------
    >>> HeuristicTerms(margin=0.3, acquisition_cost=12.0).service_cost
    0.0
    """

    margin: float = 1.0
    acquisition_cost: float | None = None
    promotion_cost: float = 0.0
    service_cost: float = 0.0

    def __post_init__(self) -> None:
        check_between("margin", self.margin, 0.0, 1.0, "it is the share of revenue that stays")
        for name in ("acquisition_cost", "promotion_cost", "service_cost"):
            cost = getattr(self, name)
            if cost is not None:
                check_between(name, cost, 0.0, _OPEN_END, "a negative cost would be counted as income", open_high=True)


@dataclass(frozen=True, slots=True)
class HeuristicSettings:
    """The statistical side of a rule.

    Attributes
    ----------
    gone_after : float or None
        Periods of silence after which a customer is declared gone, at least a day; None is half a year.
    ci_prob : float
        Probability inside the intervals of the totals, in (0, 1).
    n_bootstrap : int
        Bases drawn for the intervals; 0 gives none.
    seed : int
        Of these draws.
    """

    gone_after: float | None = None
    ci_prob: float = 0.9
    n_bootstrap: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        why = "it is the probability inside the interval"
        check_between("ci_prob", self.ci_prob, 0, 1, why, open_low=True, open_high=True)
        check_between("n_bootstrap", self.n_bootstrap, 0, _OPEN_END, "it is a number of draws", open_high=True)
