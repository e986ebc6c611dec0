"""GGompertz/NBD: buying at random times, leaving ever more likely with age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import Common, GammaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import dropout_time, gompertz_lifetime
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.negative_binomial import log_buying
from clvmodels.kernels.timing import Timing


class GGompertzNBD(AbstractPurchaseModel):
    r"""The gamma-Gompertz / negative binomial distribution model.

    It fits bases without contract whose customers leave the more readily the longer they have been customers, or with
    lifetimes that bunch around an age. It does not fit where the newest customers are lost fastest; there its growth b
    runs to zero and what is left is a model of exponential lifetimes.

    Story
    -----
    1. While alive, a customer buys as a Poisson process of rate :math:`\lambda`.
    2. The hazard of leaving at age t is :math:`\eta b e^{bt}`.
    3. Buying rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.
    4. Levels of the hazard differ: :math:`\eta \sim \mathrm{Gamma}(s, \text{rate } \beta)`, independently of buying.

    Likelihood
    ----------
    With :math:`C = \Gamma(r+x) / \Gamma(r) \cdot \alpha^r` and
    :math:`S(t) = [\beta / (\beta + e^{bt} - 1)]^s`,

    .. math::

        \text{alive} = C (\alpha+T)^{-(r+x)} S(T), \qquad
        \text{gone} = C \int_{t_x}^{T} (\alpha+y)^{-(r+x)} [-S'(y)] \, dy.

    Whoever is alive at T goes on with :math:`\beta' = 1 + (\beta - 1) e^{-bT}`: the hazard's scale grows by
    :math:`e^{bT}`, and dividing by it leaves the same distribution.

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma distribution of buying rates; r / alpha is the mean number of purchases a period.
    b : float > 0
        Growth of the hazard, per period.
    s, beta : float > 0
        Shape and rate of the gamma distribution of the hazard's level.

    Numerics
    --------
    The integral is taken by Gauss-Legendre nodes on panels that are cut where the hazard bends and where nothing is
    left (``kernels/gompertz_lifetime.py``): relative error below 1e-10 for x up to 5,000 and any b t. With b to zero
    and beta / b fixed it becomes a distribution of exponential lifetimes of rate beta / b, without loss of digits.

    References
    ----------
    Bemmaor & Glady (2012), Modeling Purchasing Behavior with Sudden "Death": A Flexible Customer Lifetime Model,
    Management Science 58(5), 1012-1021.

    Examples
    --------
    >>> import clvmodels as clv
    >>> params = {"r": 0.55, "alpha": 10.6, "b": 0.05, "s": 0.4, "beta": 0.6}
    >>> given = clv.estimate_from("ggomnbd", params, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.482
    """

    name = "ggomnbd"
    title = "GGompertz/NBD"
    setting = "no contract; purchases at any time; leaving at any time, unseen, ever more likely with age"
    assumes = (
        "buying is Poisson at a rate of the customer's own; the hazard of leaving grows exponentially with age, at one "
        "pace for all from a level of the customer's own; rate and level are independent"
    )
    caveat = "where the newest are lost fastest its growth b runs to zero and its standard errors mean nothing"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average", "time", 0.3),
        Parameter("b", "growth of the hazard of leaving a period", "rate", 1.0),
        Parameter("s", "shape of the hazard's level: small means lifetimes differ much", "none", 0.6, null=0.0),
        Parameter("beta", "rate of the hazard's level: large means that leaving sets in late", "none", 0.5),
    )
    mixing = (
        GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),
        Common("b", quantities.HAZARD_GROWTH),
        GammaMixing(
            "dropout", "s", "beta", quantities.LIFETIME, quantities.LIFETIME_SPREAD, sign=-1, factors={"b": -1.0}
        ),
    )
    updated_by = ("x", "T")

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        T, s, beta, b = h["T"], params["s"], params["beta"], params["b"]
        left = xp.integral(gompertz_lifetime.log_growth, T, beta, b)
        return log_buying(xp, params["r"], params["alpha"], h["x"], T) - s * left

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T), over all times since the last purchase."""
        r, alpha, x = params["r"], params["alpha"], h["x"]
        silence = xp.integral(
            gompertz_lifetime.log_gompertz_integral,
            r + x,
            alpha,
            params["s"],
            params["beta"],
            params["b"],
            h["t_x"],
            h["T"],
        )
        return xp.gammaln(r + x) - xp.gammaln(r) + r * xp.log(alpha) + silence

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T."""
        aged = params["b"] * h["T"]
        return {
            "r": params["r"] + h["x"],
            "alpha": params["alpha"] + h["T"],
            "b": params["b"] + 0.0 * h["x"],
            "s": params["s"] + 0.0 * h["x"],
            "beta": params["beta"] * np.exp(-aged) - np.expm1(-aged),
        }

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]: the mean rate of buying times the mean time alive."""
        alive = gompertz_lifetime.mean_time_alive(params["s"], params["beta"], params["b"], t)
        expected: FloatArray = params["r"] / params["alpha"] * alive
        return expected

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return dropout_time.purchase_pmf(params["r"], params["alpha"], _clock(params), t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return dropout_time.at_least(params["r"], params["alpha"], _clock(params), t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return dropout_time.timing(params["r"], params["alpha"], _clock(params), t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        rate = rng.gamma(params["r"], 1 / params["alpha"], len(T))
        level = np.maximum(rng.gamma(params["s"], 1 / params["beta"], len(T)), np.finfo(float).tiny)
        lives = np.log1p(rng.exponential(size=len(T)) / level) / params["b"]
        return dropout_time.simulate_purchases(rate, lives, T, rng)


def _clock(params: Params) -> gompertz_lifetime.GompertzClock:
    return gompertz_lifetime.GompertzClock(params["s"], params["beta"], params["b"])
