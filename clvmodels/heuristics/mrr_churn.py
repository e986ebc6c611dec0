"""The share of recurring revenue that goes."""

from __future__ import annotations

from clvmodels.heuristics.formula import Quantity, formula, part_of, plain, positive


@formula(
    title="MRR churn",
    formula="recurring revenue lost in a period / recurring revenue at its start",
    caveat="It weighs customers by revenue: next to `churn_rate` it says whether the large or the small ones leave.",
)
def mrr_churn(*, lost_mrr: Quantity, mrr_at_start: Quantity) -> Quantity:
    """Return the share of recurring revenue that was lost in a period.

    Parameters
    ----------
    lost_mrr : float or array
        Recurring revenue of the start that was lost by cancelling and by paying less, in [0, mrr_at_start].
    mrr_at_start : float or array
        Recurring revenue at the start of the period, above 0.

    Returns
    -------
    float or array
        Share in [0, 1], per period.

    Raises
    ------
    ArgumentError
        When a figure is missing or outside its range.

    Examples
    --------
    >>> mrr_churn(lost_mrr=2_000, mrr_at_start=80_000)
    0.025
    """
    start = positive("mrr_at_start", mrr_at_start, "the lost revenue is divided by it")
    return plain(part_of("lost_mrr", lost_mrr, "mrr_at_start", start) / start)
