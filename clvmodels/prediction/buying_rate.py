"""How often each customer buys, as a column that spend can depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar import BetaMixing, Common, GammaMixing
from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import AbstractPurchaseModel
from clvmodels.prediction.futures import Futures, ParamDraws, in_any_phase
from clvmodels.records import Estimate, Summary, check_summary

BUYING_RATE = "buying_rate"


def with_buying_rate(summary: Summary, buying: Estimate) -> Summary:
    """Return the summary with how often each customer buys as a group column, ``buying_rate``.

    It serves as a covariate of spend, for bases where who buys more often also spends more, or less, a purchase.

    Parameters
    ----------
    summary : Summary
        The customers.
    buying : Estimate
        Of a model of buying, in the summary's period.

    Returns
    -------
    Summary
        With the column ``buying_rate``, shape (customer,): the logarithm of the mean rate, in purchases a period, at
        which the customer buys while alive; the log-odds of buying where there are opportunities.

    Raises
    ------
    ArgumentError
        When the model has no rates of buying (contracts), or counts time in another period.

    See Also
    --------
    predict : Forecast each customer's purchases.
    fit : Fit a model to a summary.

    Notes
    -----
    The mean is over the rates that the history leaves open, each weighed by the purchases that it brings:
    (r + x + 1) / (alpha + T) where rates are gamma. Of customers who bought once, those with a high rate make the
    purchases that are to be valued. The plain mean (r + x) / (alpha + T) is near zero for them, and would carry the
    effect far beyond the repeat buyers whom it is learned from.

    The rate is a guess from few purchases, so the coefficient is the slope of spend on what is known of the rate, and
    not quite that on the true rate.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    >>> rated = clv.with_buying_rate(rfm, clv.fit("bgnbd", rfm))
    >>> spend = clv.fit("gammagamma", rated, covariates={"spend": "buying_rate"})
    >>> round(spend.params["spend[buying_rate]"], 2)
    0.24
    """
    model = buying.purchase_model
    if model.returns:
        raise ArgumentError(
            f"{model.title} tells no single law of each customer's rate, awake and asleep; take it from a "
            f"model in which customers leave."
        )
    law = _law_of_buying(model)
    futures = Futures.of(buying, check_summary(summary))
    point = {name: np.array([value]) for name, value in buying.params.items()}
    params = futures.params(point, futures.columns(np.arange(len(futures.rows))))
    rate = np.atleast_2d(law.coordinates(NUMPY, _weighed_by_purchases(law, params))[0])
    every = slice(0, len(futures.histories))
    of_history = futures.weigh(phase_shares(futures.alive_in_phases(point, every)), rate, every)[0]
    return replace(summary, groups={**summary.groups, BUYING_RATE: of_history[futures.histories.index]})


def phase_shares(alive: FloatArray) -> FloatArray:
    """Return P(phase | alive) from P(alive, in each phase), by the first axis; all alike where nobody is alive."""
    some = in_any_phase(alive)
    shares: FloatArray = np.where(some > 0, alive / np.where(some > 0, some, 1.0), 1 / len(alive))
    return shares


def _law_of_buying(model: AbstractPurchaseModel) -> GammaMixing | BetaMixing:
    for law in model.mixing:
        if not isinstance(law, Common) and law.side == "buying":
            return law
    raise ArgumentError(
        f"{model.title} has no rates of buying that differ between customers, so spend can't depend on them; take a "
        f"model of purchases without contract."
    )


def _weighed_by_purchases(law: GammaMixing | BetaMixing, params: ParamDraws) -> ParamDraws:
    """Return the law of the rate behind a purchase to come: who buys twice as often makes twice as many of them."""
    grows = law.shape if isinstance(law, GammaMixing) else law.a
    return {**params, grows: params[grows] + 1}


def mean_rate(model: AbstractPurchaseModel, params: ParamDraws) -> FloatArray:
    """Return the mean number of purchases a period while alive; shape of the parameters.

    It is the chance to take an opportunity where a model counts opportunities.
    """
    law = _law_of_buying(model)
    level = law.coordinates(NUMPY, params)[0]
    rate: FloatArray = expit(level) if isinstance(law, BetaMixing) else np.exp(level)
    return rate
