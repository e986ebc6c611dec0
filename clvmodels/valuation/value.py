"""From purchases ahead to what each customer is worth."""

from __future__ import annotations

import numpy as np

from clvmodels.errors import ArgumentError, check_kind
from clvmodels.grammar.model import as_spend_model
from clvmodels.inference.dependence import dependence_notes
from clvmodels.inference.fixed_estimates import has_prices
from clvmodels.prediction.totals import total_of
from clvmodels.records import BusinessTerms, Estimate, Note, Prediction, Sum, Total, Valuation
from clvmodels.records.note import warn_of
from clvmodels.valuation.gross_value import GrossValue
from clvmodels.valuation.own_price import Spend, spend_of
from clvmodels.valuation.path import monthly_path

_LEFT_OUT = (
    "These contracts carry a price each, and the spend model draws them to a mean: who hasn't renewed yet is valued "
    "at the mean of all. Give spend='price' for each contract's own."
)


def value(
    prediction: Prediction,
    spend: Spend,
    *,
    margin: float = 1.0,
    discount_rate: float = 0.0,
    acquisition_cost: float | None = None,
) -> Valuation:
    """Value each customer's purchases ahead.

    Parameters
    ----------
    prediction : Prediction
        From ``predict``; its horizon and ``ci_prob`` are used.
    spend : Estimate, float, "price" or array, shape (customer,)
        Of a spend model; or the one price of every purchase (a subscription's); or each customer's own price of a
        period: "price" takes those that contracts carry (``price=`` in ``as_contracts``), an array gives them in the
        order of the summary, and a Series by customer id, or else in that order.
    margin : float, in [0, 1]
        Share of revenue that stays.
    discount_rate : float >= 0
        Per **year**, effective: 0.15 is 15% a year, whatever the period.
    acquisition_cost : float >= 0 or None
        Cost of winning (or contacting) one customer, in the currency of the log, taken off each value; with it comes
        ``p_profitable``, the probability that the margin ahead exceeds it.

    Returns
    -------
    Valuation
        ``clv`` is the expected value. ``clv_expected_lower/upper`` bound this expectation, ``clv_lower/upper`` the
        value itself.

    Raises
    ------
    ArgumentError
        For a margin outside [0, 1], a negative rate or cost, an unlimited horizon without discount, or a price that
        customers didn't pay.
    InputError
        When customers carry no prices, or prices aren't one for each customer.
    FitError
        When the mean spend of some customers doesn't exist under the spend model.

    See Also
    --------
    predict : Forecast each customer's purchases.
    allowable_cac : Return the largest cost of acquisition that customers repay with a chosen confidence.
    capped_value : Say what each customer is worth where the expected value doesn't exist, and as a check where it
        does.
    totals : Return the totals of groups of customers, with honest intervals.

    Notes
    -----
    The predictive interval is that of the compound distribution of purchases and spend. With a discount, what is left
    of a number of purchases enters by its mean and variance, given that number; without discount nothing is
    approximated. Parameters of buying and of spend are averaged over their draws.

    Examples
    --------
    >>> import clvmodels as clv
    >>> buying = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> newcomer = clv.predict(buying, None, horizon="1 year")
    >>> round(float(clv.value(newcomer, spend, margin=0.3, discount_rate=0.15)["clv"][0]), 2)
    14.45
    >>> round(float(clv.value(newcomer, 30.0, margin=0.3, discount_rate=0.15)["clv"][0]), 2)
    12.3
    >>> contracts = clv.contracts_from_survivors([2, 2], period="year")
    >>> given = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 3.0}, period="year")
    >>> clv.value(clv.predict(given, contracts, horizon=5), [149.0, 19.0])["clv"].round(2)
    array([511.49,  65.22])
    """
    check_kind("the prediction", prediction, Prediction, "give what predict returns")
    terms = BusinessTerms(margin, discount_rate, acquisition_cost)
    prediction, spend = spend_of(prediction, spend)
    as_spend_model(spend.model)
    if np.isinf(prediction.horizon) and terms.discount_rate == 0:
        raise ArgumentError(
            "An unlimited horizon needs a discount_rate above 0: without it the value of a customer who may stay "
            "for ever can be infinite. Give a rate a year, or a finite horizon."
        )
    return _valued(GrossValue.of(prediction, spend, terms), terms, _independence(prediction, spend))


def _valued(gross: GrossValue, terms: BusinessTerms, independence: tuple[Note, ...]) -> Valuation:
    """Return the valuation on some terms, whose discount rate is that of the gross value."""
    prediction, base, cost = gross.money.prediction, gross.money.base, terms.acquisition_cost or 0.0
    columns = {"expected_spend": base.spend}
    columns |= {name: terms.margin * values - cost for name, values in gross.columns.items()}
    if terms.acquisition_cost is not None:
        columns["p_profitable"] = gross.p_above(cost / terms.margin if terms.margin else np.inf)
    summed = Sum(
        terms.margin * gross.expected,
        terms.margin * gross.totals,
        terms.margin**2 * float(base.rows.counts @ (gross.variance - gross.parameter_variance)),
    )
    total = total_of(
        "value",
        summed,
        prediction.ci_prob,
        None if prediction.shock is None else prediction.shock.law("spend", prediction.horizon),
        cost * float(base.rows.counts.sum()),
        None if gross.few is None else gross.few.times(terms.margin),
    )

    def on(other: BusinessTerms) -> Valuation:
        """Return the same on other terms; with another discount rate, everything is another."""
        if other.discount_rate == terms.discount_rate:
            return _valued(gross, other, independence)
        given = {"margin": other.margin, "discount_rate": other.discount_rate}
        return value(prediction, gross.money.spend, acquisition_cost=other.acquisition_cost, **given)

    return Valuation(
        prediction,
        gross.money.spend,
        terms,
        {name: values[base.rows.index] for name, values in columns.items()},
        terms.margin**2 * gross.variance[base.rows.index],
        total,
        monthly_path(base.states, prediction.estimate, prediction.horizon, base.living(), terms),
        (*_notes(prediction, total, terms), *independence),
        summed,
        gross.money.on(terms),
        on,
    )


def _notes(prediction: Prediction, total: Total, terms: BusinessTerms) -> tuple[Note, ...]:
    notes = list(prediction.notes)
    if np.isinf(prediction.horizon):
        notes = [note for note in notes if note.code != "infinite_expectation"]
    if prediction.summary is not None and (terms.acquisition_cost or 0) > 0:
        notes.append(
            Note(
                "acquisition_cost_of_known_customers",
                "The cost was taken off customers that are already won: right "
                "for the cost of a campaign, but an acquisition cost that has been paid doesn't come back; value "
                "them without it.",
                "warning",
            )
        )
    if not np.isfinite(total.upper):
        notes.append(
            Note(
                "infinite_variance",
                "The spread of purchase values is so heavy-tailed that the variance of the base's "
                "total doesn't exist, so its interval can't be given; look for outliers in the amounts.",
                "warning",
            )
        )
    return tuple(notes)


def _independence(prediction: Prediction, spend: Estimate) -> tuple[Note, ...]:
    """Warn where spend was fitted as independent of buying and the customers say otherwise, or carry their prices."""
    summary = prediction.summary
    if summary is not None and summary.price is not None and not has_prices(spend):
        told = (Note("own_prices_left_out", _LEFT_OUT, "warning"),)
        warn_of(told)
        return told
    if summary is None or summary.counts is not None or summary.monetary_value is None:
        return ()
    if spend.covariates is not None or has_prices(spend):
        return ()
    notes = dependence_notes(summary)
    warn_of(notes)
    return notes
