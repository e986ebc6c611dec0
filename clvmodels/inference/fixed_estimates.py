"""Estimates that weren't fitted: published or stored parameters, and one price for every purchase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np

from clvmodels.errors import ArgumentError, check_between
from clvmodels.inference.diagnostics import parameter_notes
from clvmodels.models import AbstractSpendModel, default_spend_model, get, spend_model
from clvmodels.records import Estimate, Outcome, Period, Summary

PRICE = "price"  # the method of an estimate of spend that is one price for every purchase

USUAL = "usual"  # of a spend model: what is taken where nobody says another
SAME_PRICE = 1e-6  # of it: what sums of a price may be off by


def spend_asked(spend: str | float | None) -> str | float | None:
    """Return what ``spend`` asks for, the same wherever it is an argument.

    The name of a spend model, "usual" being Gamma-Gamma; or a number, the one price of every purchase; or None, which
    leaves money out.
    """
    if not isinstance(spend, str):
        return spend
    return (default_spend_model() if spend == USUAL else spend_model(spend)).name


def at_price(price: float, summary: Summary | None) -> Estimate:
    """Make the estimate of spend under which every purchase is worth one price.

    Raises
    ------
    ArgumentError
        When the price isn't a positive number, or the summary has customers who paid something else.
    """
    why = "it is what every purchase is worth; to learn from the amounts of a log, fit a spend model"
    paid = check_between("spend (as a price)", price, 0, float("inf"), why, open_low=True, open_high=True)
    if summary is not None and summary.monetary_value is not None:
        m = summary.monetary_value
        other = np.flatnonzero((summary.frequency > 0) & (np.abs(m - paid) > SAME_PRICE * paid))
        if len(other):
            first = ", ".join(f"{summary.customer_id[i]} paid {m[i]:.6g}" for i in other[:3])
            raise ArgumentError(
                f"spend is {price!r}, one price for every purchase, but {len(other):,} customers paid another on "
                f"average ({first}); fit a spend model to the summary instead."
            )
    model = default_spend_model()
    found = estimate_from(model.name, model.at_price(paid))
    return replace(found, method=PRICE, outcome=Outcome(True, f"Every purchase is worth {paid:g}, as given."))


def price_of(spend: Estimate) -> float | None:
    """Return the price of every purchase; None where purchases differ."""
    if spend.method != PRICE:
        return None
    nothing = np.zeros(1)
    return float(spend.spend_model.expected_spend(spend.params, nothing, nothing)[0])


def estimate_from(
    model: str, params: Mapping[str, float], *, period: str | timedelta | Period | None = None
) -> Estimate:
    """Make an estimate from published or stored parameters, without a fit.

    Parameters
    ----------
    model : str
        Name of a registered model.
    params : mapping of str to float
        All its parameters, positive.
    period : str, timedelta or None
        The unit of time of the parameters; needed for models of buying.

    Returns
    -------
    Estimate
        With a single draw: intervals of expectations have no width.

    See Also
    --------
    fit : Fit a model to a summary.
    from_lifetimes : Take over a fitted lifetimes object.
    load : Read an estimate that `save` has written, in either format; the content tells which.

    Examples
    --------
    >>> import clvmodels as clv
    >>> clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44}).method
    'given'
    """
    facts = get(model)
    values = facts.check_params(params)
    spends = isinstance(facts, AbstractSpendModel)
    if period is None and not spends:
        raise ArgumentError(
            f"period= is missing: {facts.title} counts time, and a rate means nothing without its unit."
        )
    given = Estimate(
        model=facts,
        params=values,
        period=None if spends or period is None else Period.of(period),
        method="given",
        draws={name: np.array([value]) for name, value in values.items()},
        std_errors=dict.fromkeys(values, float("nan")),
        log_likelihood=float("nan"),
        n_customers=0,
        outcome=Outcome(True, f"{facts.title} parameters were given, not fitted; their uncertainty isn't known."),
    )
    return replace(given, notes=parameter_notes(given))
