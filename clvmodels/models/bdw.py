"""BdW: contracts whose renewal depends on their age, by a distribution of the customer's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import BetaMixing, Common, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import discrete_survival
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing, at_every_step


class BdW(AbstractPurchaseModel):
    r"""The beta-discrete-Weibull model.

    It fits contracts that end or are renewed at whole periods, where customers differ and each one's chance to leave
    also changes with age: c > 1 where it grows, c < 1 where it shrinks, c = 1 is sBG. It does not fit a few periods of
    a few customers: c and the differences between customers then explain the same curve.

    Story
    -----
    1. A customer is still there after t renewal points with probability :math:`(1 - \theta)^{t^c}`.
    2. Customers differ: :math:`\theta \sim \mathrm{Beta}(\gamma, \delta)`.

    Likelihood
    ----------
    With :math:`S(t) = B(\gamma, \delta + t^c) / B(\gamma, \delta)`, a customer who is active after T renewal
    points contributes :math:`S(T)`, who left after :math:`t_x` renewals :math:`S(t_x) - S(t_x+1)`.

    Parameters
    ----------
    gamma, delta : float > 0
        The beta distribution of leaving; gamma / (gamma + delta) leave at the first renewal point.
    c : float > 0
        How a customer's own chance to leave changes with age.

    Numerics
    --------
    :math:`S(t+1) / S(t)` is a product of steps of which each is small where c or gamma is, so that no difference of
    nearly equal numbers is taken; relative error below 1e-10. Sums of many renewals take a few terms of each block.

    References
    ----------
    Fader, Hardie, Liu, Davin & Steenburgh (2018), "How to Project Customer Retention" Revisited: The Role of Duration
    Dependence, Journal of Interactive Marketing 43, 1-16.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bdw", {"gamma": 0.259, "delta": 1.723, "c": 1.584}, period="year")
    >>> round(float(clv.predict(given, None, horizon=1)["p_active"][0]), 3)
    0.869
    """

    name = "bdw"
    title = "BdW"
    setting = "contract; renewed or left at whole periods; the chance to leave changes with age"
    assumes = "survival is a power law of age on the customer's own scale; customers differ in the scale alone"
    caveat = "with few periods, ageing and differences between customers explain the same curve and c is hardly known"
    parameters = (
        Parameter("gamma", "leaving: gamma / (gamma + delta) leave at the first renewal point", "none", 0.7),
        Parameter("delta", "leaving: large gamma + delta means customers leave alike", "none", 2.0),
        Parameter("c", "ageing: above 1 a customer's own chance to leave grows with age", "none", 1.0, null=1.0),
    )
    mixing = (
        BetaMixing("dropout", "gamma", "delta", quantities.MEAN_CHURN, quantities.CHURN_SPREAD),
        Common("c", quantities.AGEING),
    )
    updated_by = ("T",)
    discrete = True
    contractual = True

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, still there at T); -inf for who has left."""
        gamma, delta, c, T = params["gamma"], params["delta"], params["c"], h["T"]
        stays = xp.integral(discrete_survival.log_staying, gamma, delta, c, T)
        return xp.where(T - h["t_x"] > 0, -np.inf, stays)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, left at the renewal point after the last renewal); -inf for an active customer."""
        gamma, delta, c, t_x = params["gamma"], params["delta"], params["c"], h["t_x"]
        stays = xp.integral(discrete_survival.log_staying, gamma, delta, c, t_x)
        leaves = xp.integral(discrete_survival.log_leaving, gamma, delta, c, t_x)
        return xp.where(h["T"] - t_x > 0, stays + leaves, -np.inf)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the distributions of a customer who is there at T, and the age."""
        return {name: value + 0.0 * h["T"] for name, value in params.items()} | {"age": h["T"]}

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]."""
        return discrete_survival.ageing_renewals(*_laws(params), t=t)

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return discrete_survival.renewal_pmf(*_laws(params), t=t, n=n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return discrete_survival.at_least(*_laws(params), t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return at_every_step(n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return renewals (customer, time)."""
        made = discrete_survival.n_renewals(params["gamma"], params["delta"], params["c"], T, rng)
        return discrete_survival.one_a_period(made)


def _laws(params: Params) -> tuple[Any, Any, Any, Any]:
    """Return gamma, delta, c and the age; a new customer has age 0."""
    return params["gamma"], params["delta"], params["c"], params.get("age", 0.0)
