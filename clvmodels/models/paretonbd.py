"""Pareto/NBD: buying at random times, leaving at a random time of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import GammaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import dropout_time, pareto_lifetime
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.negative_binomial import log_buying
from clvmodels.kernels.pareto_lifetime import ParetoClock
from clvmodels.kernels.power_integral import log_power_integral
from clvmodels.kernels.timing import Timing


class ParetoNBD(AbstractPurchaseModel):
    r"""The Pareto / negative binomial distribution model.

    It fits bases without contract where customers fade away between purchases, for reasons that have nothing to do with
    buying. It does not fit where the first purchase is often the last, or where buying is regular.

    Story
    -----
    1. While alive, a customer buys as a Poisson process of rate :math:`\lambda`.
    2. A customer lives for a time that is exponential with rate :math:`\mu`.
    3. Buying rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.
    4. Dropout rates differ: :math:`\mu \sim \mathrm{Gamma}(s, \text{rate } \beta)`, independently of the buying rate.

    Likelihood
    ----------
    With :math:`C = \Gamma(r+x) / \Gamma(r) \cdot \alpha^r`,

    .. math::

        \text{alive} = C (\alpha+T)^{-(r+x)} \Big(\frac{\beta}{\beta+T}\Big)^s, \qquad
        \text{gone} = C s \beta^s \int_{t_x}^{T} (\alpha+y)^{-(r+x)} (\beta+y)^{-(s+1)} \, dy.

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma distribution of buying rates; r / alpha is the mean number of purchases a period.
    s, beta : float > 0
        Shape and rate of the gamma distribution of dropout rates; s / beta is the mean rate of leaving.

    Numerics
    --------
    The textbook's hypergeometric functions overflow for many purchases or alpha and beta far apart. The integral is
    taken by Gauss-Legendre nodes along ln(c + y) (``kernels/power_integral.py``): relative error below 1e-11 for x up
    to 5,000. The expectation holds at s = 1 and near it.

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), Counting Your Customers: Who Are They and What Will They Do Next?,
    Management Science 33(1), 1-24; Fader & Hardie (2005), A Note on Deriving the Pareto/NBD Model, note 009.

    Examples
    --------
    >>> import clvmodels as clv
    >>> params = {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}
    >>> given = clv.estimate_from("paretonbd", params, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.474
    """

    name = "paretonbd"
    title = "Pareto/NBD"
    setting = "no contract; purchases at any time; leaving at any time, unseen"
    assumes = (
        "buying is Poisson and lifetimes are exponential, each at a rate of the customer's own; "
        "the two rates are independent"
    )
    caveat = "s and beta often lie on a ridge; that many buy once and never again is missed"
    lifetimes_name = "ParetoNBDFitter"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average", "time", 0.3),
        Parameter("s", "shape of the dropout rates: small means lifetimes differ much", "none", 0.6, null=0.0),
        Parameter("beta", "rate of the dropout rates: s / beta is the mean rate of leaving", "time", 0.4),
    )
    mixing = (
        GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),
        GammaMixing("dropout", "s", "beta", quantities.LIFETIME, quantities.LIFETIME_SPREAD, sign=-1),
    )
    updated_by = ("x", "T")

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        T = h["T"]
        return log_buying(xp, params["r"], params["alpha"], h["x"], T) - params["s"] * xp.log1p(T / params["beta"])

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T), over all times since the last purchase."""
        r, alpha, s, beta, x = params["r"], params["alpha"], params["s"], params["beta"], h["x"]
        silence = xp.integral(log_power_integral, r + x, alpha, s + 1.0, beta, h["t_x"], h["T"])
        return xp.gammaln(r + x) - xp.gammaln(r) + r * xp.log(alpha) + xp.log(s) + s * xp.log(beta) + silence

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T."""
        return {
            "r": params["r"] + h["x"],
            "alpha": params["alpha"] + h["T"],
            "s": params["s"] + 0.0 * h["x"],
            "beta": params["beta"] + h["T"],
        }

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]: the mean rate of buying times the mean time alive."""
        alive = pareto_lifetime.mean_time_alive(params["s"], params["beta"], t)
        expected: FloatArray = params["r"] / params["alpha"] * alive
        return expected

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return dropout_time.purchase_pmf(params["r"], params["alpha"], ParetoClock(params["s"], params["beta"]), t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return dropout_time.at_least(params["r"], params["alpha"], ParetoClock(params["s"], params["beta"]), t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return dropout_time.timing(params["r"], params["alpha"], ParetoClock(params["s"], params["beta"]), t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        rate = rng.gamma(params["r"], 1 / params["alpha"], len(T))
        dropout = rng.gamma(params["s"], 1 / params["beta"], len(T))
        lives = rng.exponential(size=len(T)) / np.maximum(dropout, np.finfo(float).tiny)
        return dropout_time.simulate_purchases(rate, lives, T, rng)
