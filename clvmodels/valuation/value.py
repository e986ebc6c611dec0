"""From purchases ahead to what each customer is worth."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.inference.fitting import at_price
from clvmodels.models import spend_model
from clvmodels.prediction.futures import ParamDraws, blocks
from clvmodels.prediction.totals import total_of
from clvmodels.records import Estimate, Note, Prediction, Terms, Total, Valuation
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.discounting import discounted_expectation
from clvmodels.valuation.path import monthly_path
from clvmodels.valuation.predictive import compounds

_ROWS = 2_500  # x 1,000 draws x 8 bytes = 20 MB, and a few such arrays at a time


def value(
    prediction: Prediction,
    spend: Estimate | float,
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
    spend : Estimate or float
        Of a spend model, or the one price of every purchase (a subscription's).
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
    FitError
        When the mean spend of some customers doesn't exist under the spend model.

    Notes
    -----
    The predictive interval is that of the compound distribution of purchases and spend. With a discount, each
    customer's distribution of purchase times enters by its first two moments, exact in mean and variance when counts
    and times are independent; without discount nothing is approximated. Parameters of buying are averaged over their
    draws, those of spend enter as estimated.

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
    """
    terms = Terms(margin, discount_rate, acquisition_cost)
    spend = spend if isinstance(spend, Estimate) else at_price(spend, prediction.summary)
    spend_model(spend.model.name)
    estimate = prediction.estimate
    assert estimate.period is not None  # every estimate of a model of buying has one
    delta = terms.force_of_interest(estimate.period)
    if np.isinf(prediction.horizon) and delta == 0:
        raise ArgumentError(
            "An unlimited horizon needs a discount_rate above 0: without it the value of a customer who may stay "
            "for ever can be infinite. Give a rate a year, or a finite horizon."
        )
    base = Customers.of(prediction, spend, delta)
    cost = terms.acquisition_cost or 0.0
    columns = {"expected_spend": base.spend, "clv": terms.margin * base.discounted * base.spend - cost}
    bounds, totals = _expectation_bounds(base, prediction, spend)
    columns |= {name: terms.margin * values - cost for name, values in bounds.items()}
    predictive, variance = _predictive(base, prediction, spend, terms)
    columns |= predictive
    counts = base.rows.counts
    total = total_of(
        "value",
        float(counts @ columns["clv"]),
        terms.margin * totals - cost * counts.sum(),
        terms.margin**2 * variance,
        prediction.ci_prob,
    )
    return Valuation(
        prediction,
        spend,
        terms,
        {name: values[base.rows.index] for name, values in columns.items()},
        total,
        monthly_path(base.futures, estimate, prediction.horizon, base.living(), terms),
        _notes(prediction, total, terms),
    )


def _expectation_bounds(
    base: Customers, prediction: Prediction, spend: Estimate
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the interval of each expected revenue, and the base's expected revenue for each pair of draws."""
    n_draws = max(prediction.estimate.n_draws, spend.n_draws)
    buying = _paired(prediction.estimate.draws, n_draws)
    spending = {name: values[:, None] for name, values in _paired(spend.draws, n_draws).items()}
    ahead = base.futures.evaluate(
        lambda model, params: discounted_expectation(model, params, prediction.horizon, base.delta), buying
    )
    tails = [(1 - prediction.ci_prob) / 2, (1 + prediction.ci_prob) / 2]
    lower, upper = np.empty(len(base.rows)), np.empty(len(base.rows))
    totals = np.zeros(n_draws)
    for rows in blocks(len(base.rows), _ROWS):
        history = base.history[rows]
        worth = spend_model(spend.model.name).expected_spend(spending, base.n[rows], base.m[rows])
        worth = base.futures.weigh(worth * base.futures.alive_in_phases(buying, history), ahead, history)
        totals += worth @ base.rows.counts[rows]
        lower[rows], upper[rows] = np.quantile(worth, tails, axis=0, method="inverted_cdf")
    return {"clv_expected_lower": lower, "clv_expected_upper": upper}, totals


def _predictive(
    base: Customers, prediction: Prediction, spend: Estimate, terms: Terms
) -> tuple[dict[str, FloatArray], float]:
    """Return the predictive interval (and chance of profit) of each row, and the variance of the base by chance."""
    cost = terms.acquisition_cost or 0.0
    size = len(base.rows)
    lower, upper, profitable = np.empty(size), np.empty(size), np.zeros(size)
    variance = 0.0
    for rows, compound in compounds(base, prediction, spend):
        lower[rows] = terms.margin * compound.quantile((1 - prediction.ci_prob) / 2) - cost
        upper[rows] = terms.margin * compound.quantile((1 + prediction.ci_prob) / 2) - cost
        variance += float(base.rows.counts[rows] @ compound.moments()[1])
        if terms.margin > 0:
            profitable[rows] = 1 - compound.cdf(np.full(len(rows), cost / terms.margin))
    columns = {"clv_lower": lower, "clv_upper": upper}
    return columns if terms.acquisition_cost is None else columns | {"p_profitable": profitable}, variance


def _paired(draws: ParamDraws, n: int) -> ParamDraws:
    """Return n draws: as they are, or repeated in turn where the other model has more."""
    have = len(next(iter(draws.values())))
    return draws if have == n else {name: np.resize(values, n) for name, values in draws.items()}


def _notes(prediction: Prediction, total: Total, terms: Terms) -> tuple[Note, ...]:
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
