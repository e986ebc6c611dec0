"""Dormancy/NBD (BG/NBD with dormancy): customers who fall asleep after a purchase, and wake with the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import AbstractPurchaseModel, BetaMixing, Common, GammaMixing, Parameter, Params, quantities
from clvmodels.kernels import dormancy, dormant_future
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing

_LAW = ("r", "alpha", "a", "b", "delta")


class DormancyNBD(AbstractPurchaseModel):
    r"""The beta-geometric / negative binomial distribution model with dormancy.

    It fits bases without contract in which those who seem to be gone come back: silence is sleep, and the next purchase
    ends it. It does not fit where customers leave for good; with :math:`\delta = 0` nobody wakes, and it is MBG/NBD.

    Story
    -----
    1. After **every** purchase, the first included, the customer falls asleep with probability :math:`p`.
    2. Awake, a customer buys as a Poisson process of rate :math:`\lambda`; asleep, at the rate
       :math:`\rho = \delta \lambda`. A purchase wakes (and sleep may follow it again).
    3. Rates differ: :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`.
    4. Sleep differs: :math:`p \sim \mathrm{Beta}(a, b)`, independently of the rate. All share :math:`\delta`.

    Likelihood
    ----------
    Given :math:`\lambda` and :math:`p`, with gaps :math:`g_i` between purchases and the silence :math:`s = T - t_x`,

    .. math::

        \prod_i \left[(1-p) \lambda e^{-\lambda g_i} + p \rho e^{-\rho g_i}\right] \cdot
        \left[(1-p) e^{-\lambda s} + p e^{-\rho s}\right],

    the two parts of the last factor for a customer awake and asleep at T. It looks at every gap, not at x and
    :math:`t_x` alone.

    What is told as P(alive) is the chance to be **awake**. Whoever sleeps buys too, rarely, so forecasts hold what both
    bring. With :math:`\kappa = \lambda p + \rho (1 - p)`, the share of time awake in the long run
    :math:`\pi = \rho (1 - p) / \kappa` and :math:`P_0` the chance to be awake now,

    .. math::

        W = \pi H + (P_0 - \pi) \frac{1 - e^{-\kappa H}}{\kappa}, \qquad E[X(H)] = \lambda W + \rho (H - W).

    Parameters
    ----------
    r, alpha : float > 0
        Shape and rate of the gamma law of buying rates while awake.
    a, b : float > 0
        The beta law of falling asleep; a / (a + b) do so after a purchase on average.
    delta : float, above 0 and below 1
        How often a sleeper buys, over the same customer awake.

    Numerics
    --------
    Rates and chances are averaged by quadrature, as many nodes as a relative error of 1e-10 needs: Gauss's rule for the
    beta law, exact for up to 130 purchases, and the trapezoidal rule along the logarithm of the rate. Counts ahead come
    from their generating function.

    References
    ----------
    Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
    International Journal of Research in Marketing 24(3), 201-209, for :math:`\delta = 0`.

    Examples
    --------
    >>> import clvmodels as clv
    >>> params = {"r": 0.6, "alpha": 5.0, "a": 1.2, "b": 1.3, "delta": 0.05}
    >>> given = clv.estimate_from("dormancynbd", params, period="week")
    >>> round(float(clv.predict(given, None, horizon=52)["expected_purchases"][0]), 3)
    1.647
    """

    name = "dormancynbd"
    title = "Dormancy/NBD"
    setting = "no contract; purchases at any time; falling asleep after any purchase, and waking with the next"
    assumes = (
        "buying is Poisson at a rate of the customer's own, slower by one factor for all while asleep; rate and chance "
        "to fall asleep are independent"
    )
    misleads = "nobody leaves for good, so the far future is too bright where customers do; needs every purchase day"
    parameters = (
        Parameter("r", "shape of the buying rates: small means customers differ much", "none", 0.5),
        Parameter("alpha", "rate of the buying rates: r / alpha purchases a period on average, awake", "time", 0.3),
        Parameter("a", "sleep: a / (a + b) fall asleep after a purchase on average", "none", 0.8),
        Parameter("b", "sleep: large a + b means customers fall asleep alike", "none", 1.5),
        Parameter("delta", "how often a sleeper buys, over the same customer awake", "none", 0.05, null=0.0, below=1.0),
    )
    mixing = (
        GammaMixing("buying", "r", "alpha", quantities.MEAN_RATE, quantities.RATE_SPREAD),
        BetaMixing("dropout", "a", "b", quantities.MEAN_DROPOUT, quantities.DROPOUT_SPREAD),
        Common("delta", quantities.SLEEPERS_PACE),
    )
    statistics = ("x", "t_x", "T", "gaps")
    updated_by = ("x", "t_x", "T", "gaps")
    returns = True
    dear = True
    discounted = staticmethod(dormant_future.discounted)

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, awake at T)."""
        return xp.integral(dormancy.log_awake, *(params[name] for name in _LAW), h["T"] - h["t_x"], h["gaps"])

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, asleep at T)."""
        return xp.integral(dormancy.log_asleep, *(params[name] for name in _LAW), h["T"] - h["t_x"], h["gaps"])

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the laws as they are, and the history that future is weighed by."""
        return {name: params[name] for name in _LAW} | {"silence": h["T"] - h["t_x"], "gaps": h["gaps"]}

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        return dormant_future.expectation(params, t)

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return dormant_future.pmf(params, t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return dormant_future.at_least(params, t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return dormant_future.timing(params, t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time)."""
        return dormant_future.simulate(params, T, rng)
