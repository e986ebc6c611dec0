"""BG/BB: taking opportunities by a coin, leaving by another before each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import BetaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import beta_bernoulli, discrete_survival
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing


class BGBB(AbstractPurchaseModel):
    r"""The beta-geometric / beta-Bernoulli model.

    It fits bases without contract where purchases come at known opportunities, at most one at each: a yearly appeal, a
    season, a show, or whole periods of a log read with ``collapse="period"``. It does not fit where customers often
    buy twice between two opportunities.

    Story
    -----
    1. While alive, a customer takes an opportunity with probability :math:`p`.
    2. Before each opportunity the customer leaves for good with probability :math:`\theta`.
    3. Customers differ in both: :math:`p \sim \mathrm{Beta}(\alpha, \beta)` and
       :math:`\theta \sim \mathrm{Beta}(\gamma, \delta)`, independently.

    Likelihood
    ----------
    With T opportunities so far, the last one taken being number :math:`t_x`,

    .. math::

        \text{alive} &= \frac{B(\alpha+x, \beta+T-x)}{B(\alpha,\beta)} \frac{B(\gamma, \delta+T)}{B(\gamma,\delta)}, \\
        \text{gone} &= \sum_{i=0}^{T-t_x-1} \frac{B(\alpha+x, \beta+t_x-x+i)}{B(\alpha,\beta)}
                       \frac{B(\gamma+1, \delta+t_x+i)}{B(\gamma,\delta)}.

    Parameters
    ----------
    alpha, beta : float > 0
        The beta distribution of taking an opportunity; alpha / (alpha + beta) on average.
    gamma, delta : float > 0
        The beta distribution of leaving before an opportunity; gamma / (gamma + delta) on average.

    Numerics
    --------
    The sum over i is taken by Horner's scheme in ratios below 1. The expectation is free of the removable pole at
    gamma = 1 (``kernels/discrete_survival.py``); relative error below 1e-10 for 10,000 opportunities.

    References
    ----------
    Fader, Hardie & Shang (2010), Customer-Base Analysis in a Discrete-Time Noncontractual Setting, Marketing Science
    29(6), 1086-1108.

    Examples
    --------
    >>> import clvmodels as clv
    >>> published = {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}
    >>> given = clv.estimate_from("bgbb", published, period="year")
    >>> round(float(clv.predict(given, None, horizon=10)["expected_purchases"][0]), 2)
    3.18
    """

    name = "bgbb"
    title = "BG/BB"
    setting = "no contract; at most one purchase at each of a known row of opportunities; leaving before any of them"
    assumes = (
        "each opportunity is taken or not by a coin of the customer's own; the chances to buy and to leave are "
        "independent and don't change"
    )
    caveat = "several purchases between two opportunities count once, so it can't say how much a customer buys then"
    parameters = (
        Parameter("alpha", "taking an opportunity: alpha / (alpha + beta) do on average", "none", 1.0),
        Parameter("beta", "taking an opportunity: large alpha + beta means customers buy alike", "none", 1.0),
        Parameter(
            "gamma", "leaving: gamma / (gamma + delta) leave before an opportunity on average", "none", 0.7, null=0.0
        ),
        Parameter("delta", "leaving: large gamma + delta means customers leave alike", "none", 2.5),
    )
    mixing = (
        BetaMixing("buying", "alpha", "beta", quantities.MEAN_TAKING, quantities.TAKING_SPREAD),
        BetaMixing("dropout", "gamma", "delta", quantities.MEAN_CHURN, quantities.CHURN_SPREAD),
    )
    updated_by = ("x", "T")
    discrete = True
    lifetimes_name = "BetaGeoBetaBinomFitter"

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T)."""
        alpha, beta, gamma, delta = (params[name] for name in ("alpha", "beta", "gamma", "delta"))
        x, T = h["x"], h["T"]
        buying = xp.betaln(alpha + x, beta + (T - x)) - xp.betaln(alpha, beta)
        return buying + xp.betaln(gamma, delta + T) - xp.betaln(gamma, delta)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T): after the last purchase, or later and in silence."""
        alpha, beta, gamma, delta = (params[name] for name in ("alpha", "beta", "gamma", "delta"))
        x, t_x, T = h["x"], h["t_x"], h["T"]
        buying = xp.betaln(alpha + x, beta + (t_x - x)) - xp.betaln(alpha, beta)
        leaving = xp.betaln(gamma + 1.0, delta + t_x) - xp.betaln(gamma, delta)
        later = xp.integral(beta_bernoulli.log_last_purchase, alpha, beta, gamma, delta, x, t_x, T)
        return xp.where(T - t_x > 0, buying + leaving + later, -np.inf)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distributions of a customer alive at T."""
        return {
            "alpha": params["alpha"] + h["x"],
            "beta": params["beta"] + (h["T"] - h["x"]),
            "gamma": params["gamma"] + 0.0 * h["T"],
            "delta": params["delta"] + h["T"],
        }

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        takes = params["alpha"] / (params["alpha"] + params["beta"])
        expected: FloatArray = takes * discrete_survival.renewals(params["gamma"], params["delta"], t)
        return expected

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        alpha, beta, gamma, delta = (params[name] for name in ("alpha", "beta", "gamma", "delta"))
        return beta_bernoulli.purchase_pmf(alpha, beta, gamma, delta, t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        alpha, beta, gamma, delta = (params[name] for name in ("alpha", "beta", "gamma", "delta"))
        return beta_bernoulli.at_least(alpha, beta, gamma, delta, t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        alpha, beta, gamma, delta_ = (params[name] for name in ("alpha", "beta", "gamma", "delta"))
        return beta_bernoulli.timing(alpha, beta, gamma, delta_, t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return purchases (customer, opportunity)."""
        return beta_bernoulli.simulate_purchases(params, T, rng)
