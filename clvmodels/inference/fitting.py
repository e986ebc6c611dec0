"""One call to fit any model by any method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, FitError, check_between, unknown_name
from clvmodels.inference.diagnostics import parameter_notes
from clvmodels.inference.mle import maximise
from clvmodels.inference.threads import single_threaded
from clvmodels.inference.transforms import Scale
from clvmodels.inference.uncertainty import laplace_draws, log_errors
from clvmodels.models import AbstractModel, AbstractPurchaseModel, AbstractSpendModel, get, usual_spend_model
from clvmodels.records import Estimate, Histories, Outcome, Period, Summary, check_summary

type Method = Literal["mle"]

PRICE = "price"  # the method of an estimate of spend that is one price for every purchase

_SAME_PRICE = 1e-6  # of it: what sums of a price may be off by
_ROUNDING = 1e-9  # means of equal amounts differ by the rounding of their sums


def fit(model: str, summary: Summary, *, method: Method = "mle", n_draws: int = 1_000, seed: int = 1) -> Estimate:
    """Fit a model to a summary.

    Parameters
    ----------
    model : str
        Name of a registered model: ``"bgnbd"``, ``"gammagamma"``.
    summary : Summary
        The customers.
    method : "mle"
        Maximum likelihood; draws come from the curvature at the maximum (Laplace).
    n_draws : int >= 1
        Parameter draws to keep; every interval is made from them.
    seed : int
        Of the draws; the estimate itself doesn't depend on it.

    Returns
    -------
    Estimate
        Parameters in the summary's period, their uncertainty and how the fit went. A fit that didn't converge is
        returned with an outcome that says so.

    Raises
    ------
    FitError
        When the summary can't inform the model (no repeat purchase, no spend).
    ArgumentError
        For an unknown model or method.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.fit("bgnbd", rfm)
    Estimate(bgnbd: r=0.2426, alpha=4.414, a=0.7929, b=2.426; log-likelihood -9582.429; mle)
    """
    facts = get(model)
    if method != "mle":
        raise unknown_name("method", method, ["mle"])
    if n_draws < 1:
        raise ArgumentError(
            f"n_draws is {n_draws!r}; it must be at least 1, because intervals are made from the draws."
        )
    histories = check_summary(summary).statistics(facts.statistics)
    if isinstance(facts, AbstractPurchaseModel):
        facts.check_histories(histories.columns)
    with single_threaded():
        return _fitted(facts, summary, histories, method, n_draws, seed)


def _fitted(
    facts: AbstractModel, summary: Summary, histories: Histories, method: Method, n_draws: int, seed: int
) -> Estimate:
    columns, counts = _informative(facts, histories)
    scale = Scale.of(facts, columns, counts)
    maximum = maximise(facts, columns, counts, scale)
    point = {name: float(value) for name, value in scale.natural(facts, maximum.theta, maximum.held).items()}
    errors = dict(zip((p.name for p in facts.free), log_errors(maximum), strict=True))
    n_customers = round(float(counts.sum()))
    found = Estimate(
        model=facts,
        params=point,
        period=None if isinstance(facts, AbstractSpendModel) else summary.period,
        method=method,
        draws=scale.natural(facts, laplace_draws(maximum, n_draws, seed), maximum.held),
        std_errors={name: value * float(errors.get(name, np.nan)) for name, value in point.items()},
        log_likelihood=float(counts @ facts.pointwise(point, columns)),
        n_customers=n_customers,
        outcome=maximum.outcome,
    )
    return replace(found, notes=parameter_notes(found, histories))


def _informative(model: AbstractModel, histories: Histories) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the rows that tell something, or raise when there is too little to learn from."""
    repeats = histories.columns[model.statistics[0]]
    buyers = float(histories.counts[repeats > 0].sum())
    if isinstance(model, AbstractSpendModel):
        kept = repeats > 0
        if buyers < 2:
            raise FitError(
                f"{model.title} learns from customers with a repeat purchase of positive value, and this summary has "
                f"{buyers:.0f}; at least 2 are needed. Observe longer, or value customers with the mean of "
                f"their purchases."
            )
        means = histories.columns["m"][kept]
        if np.ptp(means) <= _ROUNDING * means.max():
            raise FitError(
                f"Every customer spends the same on average, so {model.title} has no spread to learn from; "
                f"multiply expected "
                f"purchases by that amount, or give value the amount as spend."
            )
        return {name: values[kept] for name, values in histories.columns.items()}, histories.counts[kept]
    if isinstance(model, AbstractPurchaseModel) and model.contractual:
        _check_contracts(model, histories)
    if buyers == 0:
        raise FitError(
            f"No customer has a repeat purchase, so {model.title} can't tell buying from leaving; observe "
            f"longer, or check "
            f"that the customer column repeats for the same person."
        )
    if histories.n_customers < 2:
        raise FitError(f"{model.title} describes how customers differ and needs at least 2 of them; there is 1.")
    return dict(histories.columns), histories.counts


def _check_contracts(model: AbstractPurchaseModel, histories: Histories) -> None:
    """Raise where contracts don't differ in how long they ran."""
    x, T = histories.columns["x"], histories.columns["T"]
    if not T.any():
        raise FitError(f"No contract has come to a renewal point, so {model.title} has seen no decision; wait for one.")
    if np.all(x == T):
        raise FitError(f"Nobody has left, so {model.title} can't tell how long contracts last; observe longer.")
    if np.all((x < T) & (x == x[0])):
        raise FitError(
            f"Everybody left at the same renewal point ({x[0] + 1:.0f}), so {model.title} has nothing to tell "
            f"customers apart by; check the end dates, or observe more cohorts."
        )


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
        other = np.flatnonzero((summary.frequency > 0) & (np.abs(m - paid) > _SAME_PRICE * paid))
        if len(other):
            first = ", ".join(f"{summary.customer_id[i]} paid {m[i]:.6g}" for i in other[:3])
            raise ArgumentError(
                f"spend is {price!r}, one price for every purchase, but {len(other):,} customers paid another on "
                f"average ({first}); fit a spend model to the summary instead."
            )
    model = usual_spend_model()
    found = estimate_from(model.name, model.at_price(paid))
    return replace(found, method=PRICE, outcome=Outcome(True, f"Every purchase is worth {paid:g}, as given."))


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
