"""MBG/NBD: like BG/NBD, with a coin after the first purchase too."""

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


class MBGNBD(AbstractPurchaseModel):
    r"""The modified beta-geometric / negative binomial distribution model.

    It fits bases without contract in which many try once and never return: unlike under BG/NBD, a customer without a
    repeat purchase may have left. It does not fit where customers fade away in silence between purchases.

    Story
    -----
    1. While alive, a customer buys as a Poisson process of rate :math:`\lambda`.
    2. After **every** purchase, the first included, the customer leaves for good with probability :math:`p`.
    3. Rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.
    4. Dropout differs: :math:`p \sim \mathrm{Beta}(a, b)`, independently of the rate.

    Likelihood
    ----------
    With :math:`C = \Gamma(r+x) / \Gamma(r) \cdot \alpha^r`,

    .. math::

        \text{alive} = C \frac{B(a, b+x+1)}{B(a,b)} (\alpha+T)^{-(r+x)}, \qquad
        \text{gone} = C \frac{B(a+1, b+x)}{B(a,b)} (\alpha+t_x)^{-(r+x)}.

    Whoever is alive at T has passed the first coin: no coin stands before the next purchase.

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma distribution of buying rates.
    a, b : float > 0
        The beta distribution of dropout; a / (a + b) leave after the first purchase.

    Numerics
    --------
    As for BG/NBD; the expectation is b / (a + b) times that of BG/NBD at (a, b + 1), so no pole at a = 1 either.

    References
    ----------
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
    International Journal of Research in Marketing 24(3), 201-209.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("mbgnbd", {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.42
    """

    name = "mbgnbd"
    title = "MBG/NBD"
    other_names = ("ModifiedBetaGeoModel",)
    setting = "no contract; purchases at any time; leaving right after any purchase, the first included"
    assumes = (
        "buying is Poisson at a rate of the customer's own; rate and dropout are independent; "
        "a coin is thrown after every purchase"
    )
    caveat = "leaving between purchases isn't seen"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average", "time", 0.3),
        Parameter("a", "dropout: a / (a + b) leave after a purchase on average", "none", 0.8, null=0.0),
        Parameter("b", "dropout: large a + b means customers leave alike", "none", 1.5),
    )
    mixing = (
        GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),
        BetaMixing("dropout", "a", "b", quantities.MEAN_DROPOUT, quantities.DROPOUT_SPREAD),
    )
    updated_by = ("x", "T")
    memoryless = True
    default = True
    lifetimes_name = "ModifiedBetaGeoFitter"

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        x, a, b = h["x"], params["a"], params["b"]
        return log_buying(xp, params["r"], params["alpha"], x, h["T"]) + xp.betaln(a, b + x + 1.0) - xp.betaln(a, b)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T): the last purchase was the last ever."""
        x, a, b = h["x"], params["a"], params["b"]
        return log_buying(xp, params["r"], params["alpha"], x, h["t_x"]) + xp.betaln(a + 1.0, b + x) - xp.betaln(a, b)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T."""
        return {
            "r": params["r"] + h["x"],
            "alpha": params["alpha"] + h["T"],
            "a": params["a"] + 0.0 * h["x"],
            "b": params["b"] + h["x"] + 1.0,
            "coin": 0.0 * h["x"],  # whoever is alive has the coin of the first purchase behind
        }

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        stays, passed = beta_geometric.past_first_coin(params)
        expected: FloatArray = stays * beta_geometric.expected_purchases(
            passed["r"], t / passed["alpha"], passed["a"], passed["b"]
        )
        return expected

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        stays, passed = beta_geometric.past_first_coin(params)
        out: FloatArray = stays * beta_geometric.purchase_pmf(
            passed["r"], t / passed["alpha"], passed["a"], passed["b"], n
        )
        out[0] += 1 - stays
        return out

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        stays, passed = beta_geometric.past_first_coin(params)
        beyond = negative_binomial.at_least(passed["r"], t / passed["alpha"], n)
        reached: FloatArray = stays * beta_geometric.at_least(beyond, passed["a"], passed["b"], n)
        return reached

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        _, passed = beta_geometric.past_first_coin(params)
        return beta_geometric.timing(passed["r"], passed["alpha"], passed["a"], passed["b"], t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        return beta_geometric.simulate_purchases(params, T, rng, coins_before=1)
