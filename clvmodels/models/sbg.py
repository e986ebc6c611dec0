"""sBG: contracts that are renewed every period by a coin of the customer's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.grammar import BetaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractPurchaseModel, Params
from clvmodels.kernels import discrete_survival
from clvmodels.kernels.namespace import Namespace
from clvmodels.kernels.timing import Timing, at_every_step


class SBG(AbstractPurchaseModel):
    r"""The shifted beta-geometric model.

    It fits contracts that end or are renewed at whole periods: subscriptions, memberships, software by the month. A
    renewal is a purchase. It does not fit where a customer's own chance to leave changes with age; BdW allows that.

    Story
    -----
    1. At each renewal point a customer leaves with probability :math:`\theta`, and renews otherwise.
    2. Customers differ: :math:`\theta \sim \mathrm{Beta}(\gamma, \delta)`. Those with a high one leave first, so the
       retention rate of a cohort rises with age although nobody's own does.

    Likelihood
    ----------
    With :math:`S(t) = B(\gamma, \delta+t) / B(\gamma, \delta)`, a customer who is active after T renewal points
    contributes
    :math:`S(T)`, who left after :math:`t_x` renewals :math:`S(t_x) - S(t_x+1) = B(\gamma+1, \delta+t_x) / B(\gamma,
    \delta)`.

    Parameters
    ----------
    gamma, delta : float > 0
        The beta distribution of leaving; gamma / (gamma + delta) leave at the first renewal point.

    Numerics
    --------
    Expectations are free of the removable pole at gamma = 1; relative error below 1e-10. The mean life is infinite for
    gamma <= 1.

    References
    ----------
    Fader & Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1), 76-90. There the
    parameters are called alpha and beta.

    Examples
    --------
    >>> import pandas as pd
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("sbg", {"gamma": 0.668, "delta": 3.806}, period="year")
    >>> round(float(clv.predict(given, None, horizon=1)["p_active"][0]), 3)
    0.851

    Whoever has renewed three times is surer to renew again than a new customer:

    >>> loyal = clv.as_summary(pd.DataFrame({"frequency": [3], "recency": [3.0], "T": [3.0]}), period="year")
    >>> round(float(clv.predict(given, loyal, horizon=1)["p_active"][0]), 3)
    0.911
    """

    name = "sbg"
    title = "sBG"
    setting = "contract; renewed or left at whole periods"
    assumes = "a customer leaves at each renewal point with the same chance, whatever the age; customers differ in it"
    caveat = "retention that rises because customers grow loyal is taken for a mix of loyal and disloyal ones"
    parameters = (
        Parameter("gamma", "leaving: gamma / (gamma + delta) leave at the first renewal point", "none", 0.7),
        Parameter("delta", "leaving: large gamma + delta means customers leave alike", "none", 2.0),
    )
    mixing = (BetaMixing("dropout", "gamma", "delta", quantities.MEAN_CHURN, quantities.CHURN_SPREAD),)
    updated_by = ("T",)
    discrete = True
    contractual = True

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, still there at T); -inf for who has left."""
        gamma, delta, T = params["gamma"], params["delta"], h["T"]
        stays = xp.betaln(gamma, delta + T) - xp.betaln(gamma, delta)
        return xp.where(T - h["t_x"] > 0, -np.inf, stays)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, left at the renewal point after the last renewal); -inf for an active customer."""
        gamma, delta, t_x = params["gamma"], params["delta"], h["t_x"]
        leaves = xp.betaln(gamma + 1.0, delta + t_x) - xp.betaln(gamma, delta)
        return xp.where(h["T"] - t_x > 0, leaves, -np.inf)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the posterior distribution of a customer who is there at T."""
        return {"gamma": params["gamma"] + 0.0 * h["T"], "delta": params["delta"] + h["T"]}

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)]: S(1) + ... + S(t)."""
        return discrete_survival.renewals(params["gamma"], params["delta"], t)

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n)."""
        return discrete_survival.renewal_pmf(params["gamma"], params["delta"], 1.0, 0.0, t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n)."""
        return discrete_survival.at_least(params["gamma"], params["delta"], 1.0, 0.0, t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases."""
        return at_every_step(n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return renewals (customer, time)."""
        made = discrete_survival.n_renewals(params["gamma"], params["delta"], 1.0, T, rng)
        return discrete_survival.one_a_period(made)
