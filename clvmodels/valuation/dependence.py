"""Whether spend goes along with buying, and what that does to money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import chdtrc, polygamma

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_between
from clvmodels.grammar import GammaMixing
from clvmodels.inference.dependence import (
    MEASURES,
    RepeatBuyers,
    bootstrapped,
    most_influential,
    spend_by_frequency,
)
from clvmodels.inference.fitting import fit
from clvmodels.models import default_purchase_model, default_spend_model
from clvmodels.prediction.buying_rate import BUYING_RATE, with_buying_rate
from clvmodels.prediction.predict import predict
from clvmodels.records import Estimate, Prediction, Summary, check_summary
from clvmodels.records.dependence import Correlation, MoneyChange, SpendDependence
from clvmodels.valuation.customers import Customers
from clvmodels.voice import muted

_FEWEST = 100  # bases: with fewer, the ends of an interval are single bases


@muted()
def spend_dependence(
    summary: Summary,
    *,
    buying: Estimate | str | None = None,
    horizon: str = "1 year",
    ci_prob: float = 0.95,
    n_bootstrap: int = 400,
    seed: int = 1,
) -> SpendDependence:
    """Measure whether customers who buy more often spend more, or less, a purchase, and whether that matters.

    Spend models take what a purchase is worth as independent of how often a customer buys. All of this is of repeat
    purchases: first purchases are left out, as in the published checks.

    Parameters
    ----------
    summary : Summary
        The customers, with amounts; repeat buyers inform.
    buying : Estimate, str or None
        A model of buying, or its name; the usual one where None.
    horizon : str
        How far ahead money is looked at, with its unit.
    ci_prob : float, in (0, 1)
        Probability inside each interval.
    n_bootstrap : int >= 100
        Bases drawn from the customers with replacement, for the intervals of the correlations.
    seed : int
        Of these bases.

    Returns
    -------
    SpendDependence
        Correlations with intervals, one customer's influence on them, the elasticity of spend to the buying rate with
        its test, and what allowing for it changes in money.

    Raises
    ------
    InputError
        When the summary has no amounts.
    FitError
        When repeat buyers are too few or all alike.
    ArgumentError
        For a model without buying rates, or an unlimited horizon.

    See Also
    --------
    fit : Fit a model to a summary.
    value : Value each customer's purchases ahead.

    Notes
    -----
    Correlations of means of few purchases are drawn towards 0 by noise. ``underlying`` is free of it: from a spend
    model whose scale depends on the buying rate, whose likelihood knows how many purchases a mean is of. The noise in
    the buying rate itself stays. A bootstrap of a correlation says little of customers rarer than one in the base,
    which is why one customer's influence stands beside it.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    >>> found = clv.spend_dependence(rfm)
    >>> round(found["frequency"].estimate, 2), round(found["frequency"].without_customer, 2), found.matters
    (0.11, 0.06, False)
    """
    base = RepeatBuyers.of(check_summary(summary))
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    check_between("n_bootstrap", n_bootstrap, _FEWEST, np.inf, "intervals are quantiles of as many bases")
    tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
    known = buying if isinstance(buying, Estimate) else fit(buying or default_purchase_model().name, summary)
    rated = with_buying_rate(summary, known)
    ahead = _expected(known, rated, horizon)
    independent, dependent = fit(default_spend_model().name, rated, first_purchase="leave_out"), _allowing(rated)
    row = most_influential(base)
    place = int(base.members[np.argmax(base.index == row)])
    without = _allowing(rated.take(np.arange(len(rated)) != place))
    slopes = dependent.draws[_slope(dependent)]
    lower, upper = np.quantile(slopes, tails)
    statistic = max(2 * (dependent.log_likelihood - independent.log_likelihood), 0.0)
    rates = rated.groups[BUYING_RATE][base.members]
    return SpendDependence(
        n_customers=len(base.members),
        correlations=(
            *_correlations(base, row, bootstrapped(base, n_bootstrap, seed), tails),
            _underlying(dependent, without, rates, tails),
        ),
        customer={
            "customer_id": summary.customer_id[place],
            "frequency": float(base.x[row]),
            "monetary_value": float(base.m[row]),
        },
        elasticity=dependent.params[_slope(dependent)],
        lower=float(lower),
        upper=float(upper),
        statistic=statistic,
        p_value=float(chdtrc(1, statistic)),
        money=_money(ahead, independent, dependent),
        horizon=horizon,
        ci_prob=ci_prob,
        spend=dependent,
        by_frequency=spend_by_frequency(base, ci_prob),
    )


def _allowing(rated: Summary) -> Estimate:
    """Return spend whose scale depends on the buying rate."""
    return fit(default_spend_model().name, rated, covariates={"spend": BUYING_RATE}, first_purchase="leave_out")


def _slope(dependent: Estimate) -> str:
    assert dependent.covariates is not None  # it was fitted with one
    return dependent.covariates.names[0]


def _expected(buying: Estimate, rated: Summary, horizon: str) -> Prediction:
    """Return expected purchases, at the point estimate alone."""
    certain = replace(buying, draws={name: np.array([value]) for name, value in buying.params.items()})
    return predict(certain, rated, horizon=horizon)


def _correlations(
    base: RepeatBuyers, row: int, bases: Mapping[str, FloatArray], tails: list[float]
) -> list[Correlation]:
    one = np.zeros_like(base.counts)
    one[row] = 1.0
    here = np.stack([base.counts, base.counts - one])
    found = []
    for name, measure in MEASURES.items():
        estimate, without = measure(base, here)
        lower, upper = np.nanquantile(bases[name], tails)
        found.append(Correlation(name, float(estimate), float(lower), float(upper), float(without)))
    return found


def _underlying(dependent: Estimate, without: Estimate, rates: FloatArray, tails: list[float]) -> Correlation:
    """Return the correlation of log rates with the logs of customers' own spend, as fitted."""
    law = next(law for law in dependent.model.mixing if isinstance(law, GammaMixing))

    def correlation(estimate: Estimate, values: Mapping[str, Any]) -> FloatArray:
        told = np.asarray(values[_slope(estimate)]) * rates.std()
        found: FloatArray = told / np.sqrt(told**2 + polygamma(1, np.asarray(values[law.shape])))
        return found

    lower, upper = np.quantile(correlation(dependent, dependent.draws), tails)
    estimate, other = correlation(dependent, dependent.params), correlation(without, without.params)
    return Correlation("underlying", float(estimate), float(lower), float(upper), float(other))


def _money(ahead: Prediction, independent: Estimate, dependent: Estimate) -> tuple[MoneyChange, ...]:
    """Return expected revenue both ways, of all customers and of those whom it may concern most."""
    revenue = []
    for spend in (independent, dependent):
        base = Customers.of(ahead, spend, 0.0)
        revenue.append((base.discounted * base.spend)[base.rows.index])
    assert ahead.summary is not None  # it is of customers
    groups = {
        "all": np.arange(len(ahead)),
        "top decile": np.argsort(-revenue[0], kind="stable")[: max(1, len(ahead) // 10)],
        "no repeat purchase": np.flatnonzero(ahead.summary.frequency == 0),
    }
    return tuple(
        MoneyChange(who, len(rows), *(float(values[rows].sum()) for values in revenue)) for who, rows in groups.items()
    )
