"""BG/NBD: buying at random times, leaving by a coin after each purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import BetaMixing, GammaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import beta_geometric, negative_binomial
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.negative_binomial import log_buying
from clvmodels.kernels.timing import Timing


class BGNBD(AbstractPurchaseModel):
    r"""The beta-geometric / negative binomial distribution model.

    It fits bases without contract where leaving is tied to buying (a bad order, a satisfied need). It does not fit
    where customers fade away in silence between purchases: a customer without a repeat purchase is alive for ever here.

    Story
    -----
    1. While alive, a customer buys as a Poisson process of rate :math:`\lambda`.
    2. After each repeat purchase the customer leaves for good with probability :math:`p`.
    3. Rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.
    4. Dropout differs: :math:`p \sim \mathrm{Beta}(a, b)`, independently of the rate.

    Likelihood
    ----------
    With :math:`C = \Gamma(r+x) / \Gamma(r) \cdot \alpha^r`,

    .. math::

        \text{alive} = C \frac{B(a, b+x)}{B(a,b)} (\alpha+T)^{-(r+x)}, \qquad
        \text{gone} = C \frac{B(a+1, b+x-1)}{B(a,b)} (\alpha+t_x)^{-(r+x)} \; [x > 0].

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma distribution of buying rates; r / alpha is the mean number of purchases a period.
    a, b : float > 0
        The beta distribution of dropout; a / (a + b) is the mean chance to leave after a purchase.

    Numerics
    --------
    ``alpha ** r`` is carried inside ``log1p(T / alpha)``, so large r and alpha don't cancel. The expectation is an
    integral without the removable pole at a = 1 of the usual 2F1 form; relative error below 1e-10 for x up to 5,000.

    References
    ----------
    Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.444
    """

    name = "bgnbd"
    title = "BG/NBD"
    other_names = ("BetaGeoModel",)
    setting = "no contract; purchases at any time; leaving right after a purchase"
    assumes = (
        "buying is Poisson at a rate of the customer's own; rate and dropout are independent; "
        "a coin is thrown after each repeat purchase"
    )
    caveat = "customers without a repeat purchase count as alive for ever; leaving between purchases isn't seen"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average", "time", 0.3),
        Parameter("a", "dropout: a / (a + b) leave after a purchase on average", "none", 0.8, null=0.0),
        Parameter("b", "dropout: large a + b means customers leave alike", "none", 2.5),
    )
    mixing = (
        GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),
        BetaMixing("dropout", "a", "b", quantities.MEAN_DROPOUT, quantities.DROPOUT_SPREAD),
    )
    updated_by = ("x", "T")
    memoryless = True
    reference = True
    lifetimes_name = "BetaGeoFitter"

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        x, T, a, b = h["x"], h["T"], params["a"], params["b"]
        return log_buying(xp, params["r"], params["alpha"], x, T) + xp.betaln(a, b + x) - xp.betaln(a, b)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T): the last purchase was the last ever."""
        x, t_x, a, b = h["x"], h["t_x"], params["a"], params["b"]
        left = xp.where(x > 0, x, 1.0)  # keeps the unused branch inside the support of the beta function
        gone = (
            log_buying(xp, params["r"], params["alpha"], x, t_x) + xp.betaln(a + 1.0, b + left - 1.0) - xp.betaln(a, b)
        )
        return xp.where(x > 0, gone, -np.inf)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T."""
        return {
            "r": params["r"] + h["x"],
            "alpha": params["alpha"] + h["T"],
            "a": params["a"] + 0.0 * h["x"],
            "b": params["b"] + h["x"],
        }

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        return beta_geometric.expected_purchases(params["r"], t / params["alpha"], params["a"], params["b"])

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return beta_geometric.purchase_pmf(params["r"], t / params["alpha"], params["a"], params["b"], n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        beyond = negative_binomial.at_least(params["r"], t / params["alpha"], n)
        return beta_geometric.at_least(beyond, params["a"], params["b"], n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return beta_geometric.timing(params["r"], params["alpha"], params["a"], params["b"], t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        return beta_geometric.simulate_purchases(params, T, rng, coins_before=0)
