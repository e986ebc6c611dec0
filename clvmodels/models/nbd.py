"""NBD: buying at random times, leaving never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import GammaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import dropout_time
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.negative_binomial import at_least, counts, log_buying, purchase_times
from clvmodels.kernels.purchase_time import NoClock
from clvmodels.kernels.timing import Timing


class NBD(AbstractPurchaseModel):
    r"""The negative binomial distribution model: the baseline without churn.

    It fits mature markets in which nobody leaves. Where customers do leave, it carries the past on and forecasts too
    much; it is here to show how much churn matters.

    Story
    -----
    1. A customer buys as a Poisson process of rate :math:`\lambda`, for ever.
    2. Rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.

    Likelihood
    ----------
    .. math:: \text{alive} = \frac{\Gamma(r+x)}{\Gamma(r)} \alpha^r (\alpha+T)^{-(r+x)}, \qquad \text{gone} = 0.

    The time of the last purchase doesn't enter: whoever has been silent for a year is as much a customer as whoever
    bought yesterday, if they have bought as often. P(alive) is 1 for everybody.

    Models of churn become this one where nobody leaves. Twice the gap between the likelihoods therefore says how much
    churn a base shows, and the gap between the forecasts what it costs to overlook it.

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma distribution of buying rates; r / alpha is the mean number of purchases a period.

    Numerics
    --------
    As for BG/NBD: ``alpha ** r`` is carried inside ``log1p(T / alpha)``. All forms are closed: the expectation is a
    straight line in time, and the distribution of purchases ahead a negative binomial with updated parameters.

    References
    ----------
    Ehrenberg (1959), The Pattern of Consumer Purchases, Applied Statistics 8(1), 26-41.

    Examples
    --------
    >>> import pandas as pd
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("nbd", {"r": 0.3848, "alpha": 12.072}, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.658
    >>> silent = clv.as_summary(pd.DataFrame({"frequency": [3], "recency": [5.0], "T": [39.0]}), period="week")
    >>> float(clv.predict(given, silent, horizon=52)["p_alive"][0])
    1.0
    """

    name = "nbd"
    title = "NBD"
    setting = "no contract; purchases at any time; nobody leaves"
    assumes = "buying is Poisson at a rate of the customer's own, for ever"
    caveat = "whoever has fallen silent still counts as a customer, so forecasts run high wherever customers leave"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average", "time", 0.5),
    )
    mixing = (GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),)
    updated_by = ("x", "T")

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        return log_buying(xp, params["r"], params["alpha"], h["x"], h["T"])

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return -inf: nobody leaves."""
        return xp.where(h["x"] > -1.0, -np.inf, 0.0)  # of every row

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distribution of the buying rate."""
        return {"r": params["r"] + h["x"], "alpha": params["alpha"] + h["T"]}

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        expected: FloatArray = np.asarray(params["r"] * t / params["alpha"], dtype=np.float64)
        return expected

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        alone, beyond = counts(params["r"], t / params["alpha"], n)
        return np.concatenate([alone, beyond[None]])

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return at_least(params["r"], t / params["alpha"], n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return dropout_time.timing(params["r"], params["alpha"], NoClock(), t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        customer, time, _ = purchase_times(rng.gamma(params["r"], 1 / params["alpha"], len(T)), T, rng)
        return customer, time
