"""How much the largest customers pull the average ticket."""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

import numpy as np

from clvmodels.errors import ArgumentError
from clvmodels.heuristics.average_ticket import average_ticket
from clvmodels.heuristics.formula import formula, not_negative, share


class TicketWithoutLargest(NamedTuple):
    """The average ticket with and without the largest customers.

    Attributes
    ----------
    all_customers, without_largest : float
        Sales a customer, of all and of those who stay.
    drop : float
        Share by which the ticket falls, in [0, 1].
    left_out : int
        Customers left out.
    """

    all_customers: float
    without_largest: float
    drop: float
    left_out: int


@formula(
    title="Average ticket without the largest customers",
    formula="sales of all but the largest customers / number of them",
    caveat="The largest customers are real: it shows what the mean hangs on, not what the business earns.",
)
def ticket_without_largest(spend: Any, *, top_share: float = 0.01, top: int | None = None) -> TicketWithoutLargest:
    """Return the average ticket without the largest customers, and by how much it drops.

    Parameters
    ----------
    spend : array, shape (customer,)
        Sales of each customer, at least 0, above 0 in sum.
    top_share : float, in [0, 1]
        Share of customers to leave out, rounded up.
    top : int, optional
        Number of customers to leave out, instead of a share.

    Returns
    -------
    TicketWithoutLargest
        ``all_customers, without_largest, drop, left_out``.

    Raises
    ------
    ArgumentError
        When sales are missing or negative, or nobody would be left.

    Examples
    --------
    >>> ticket_without_largest([910, 10, 10, 10, 60], top=1)
    TicketWithoutLargest(all_customers=200.0, without_largest=22.5, drop=0.8875, left_out=1)
    """
    ranked = np.sort(not_negative("spend", spend, "it is money taken").ravel())
    if top is None:
        left_out = ceil(float(share("top_share", top_share, "it is a share of customers")) * len(ranked))
    else:
        left_out = top
    if not 0 <= left_out < len(ranked):
        raise ArgumentError(f"Leaving out {left_out} of {len(ranked)} customers leaves nobody to take an average of.")
    if not ranked.sum() > 0:
        raise ArgumentError("spend sums to 0, and a drop can't be told as a share of nothing.")
    kept = ranked[: len(ranked) - left_out]
    before = float(average_ticket(sales=float(ranked.sum()), customers=len(ranked)))
    after = float(average_ticket(sales=float(kept.sum()), customers=len(kept)))
    return TicketWithoutLargest(before, after, 1 - after / before, left_out)
