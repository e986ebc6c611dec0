"""Gamma-Gamma: what a purchase is worth, customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.grammar import Common, GammaMixing, Parameter, quantities
from clvmodels.grammar.model import AbstractSpendModel, Params
from clvmodels.kernels.namespace import Namespace

_ALIKE = 1e10  # shapes whose spread is 1e-5; beyond, probabilities lose more digits than amounts gain


class GammaGamma(AbstractSpendModel):
    r"""The gamma-gamma model of spend per purchase.

    It fits positive purchase values that vary around a customer's own mean. It does not fit where spend depends on how
    often a customer buys, or where many values are zero.

    Story
    -----
    1. The value of each purchase of a customer is :math:`z \sim \mathrm{Gamma}(p, \text{rate } \nu)`.
    2. Customers differ: :math:`\nu \sim \mathrm{Gamma}(q, \text{rate } \gamma)`.
    3. Spend is independent of buying and of leaving.

    Likelihood
    ----------
    The density of the mean m of n purchases,

    .. math::

        \ln f(m \mid n) = -\ln m - \ln B(pn, q) + q \ln\gamma + pn \ln(nm) - (pn+q) \ln(\gamma + nm).

    Which purchases n and m hold, ``fit(first_purchase=...)`` says: the repeat purchases alone, as published, or the
    first one too, at its scale.

    Parameters
    ----------
    p : float > 0
        Shape within a customer: 1 / sqrt(p) is the relative spread of the purchases of one customer.
    q : float > 0
        Shape across customers; the mean spend of the population exists for q > 1 only.
    gamma : float > 0
        Scale, in money; p gamma / (q - 1) is the mean spend.

    Numerics
    --------
    ``q ln(gamma) + pn ln(nm) - (pn + q) ln(gamma + nm)`` is written with log1p of the ratio that doesn't exceed 1 on
    the larger term, so that it holds its digits for nm far from gamma on either side.

    References
    ----------
    Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value, note 025; Fader, Hardie & Lee (2005), RFM and CLV,
    Journal of Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> import clvmodels as clv
    >>> clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44}).params["q"]
    3.74
    """

    name = "gammagamma"
    title = "Gamma-Gamma"
    setting = "the value of a purchase, independent of how often a customer buys"
    assumes = (
        "spend is independent of buying; "
        "every customer has a mean of their own, with the same relative spread around it"
    )
    caveat = "with q <= 1 the mean spend of a new customer doesn't exist; spend that grows with frequency is missed"
    parameters = (
        Parameter("p", "shape within a customer: 1 / sqrt(p) is the spread of one customer's purchases", "none", 4.0),
        Parameter("q", "shape across customers: small means a heavy tail of large spenders", "none", 3.5),
        Parameter("gamma", "scale: p gamma / (q - 1) is the mean spend", "money", 0.6),
    )
    mixing = (
        Common("p", quantities.OWN_SPREAD, power=-0.5),
        GammaMixing(
            "spend",
            "q",
            "gamma",
            quantities.TYPICAL_SPEND,
            quantities.SPEND_SPREAD,
            sign=-1,
            factors={"p": 1.0},
            power=1,
        ),
    )
    default = True
    lifetimes_name = "GammaGammaFitter"
    lifetimes_renames: ClassVar[Mapping[str, str]] = {"v": "gamma"}

    def log_likelihood(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln f(m | n), 0 where nothing was bought."""
        p, q, gamma = params["p"], params["q"], params["gamma"]
        n = xp.where(h["n"] > 0, h["n"], 1.0)
        m = xp.where(h["n"] > 0, h["m"], 1.0)
        shape, total = p * n, n * m
        density = -xp.log(m) - xp.betaln(shape, q) - q * xp.log1p(total / gamma) - shape * xp.log1p(gamma / total)
        return xp.where(h["n"] > 0, density, 0.0)

    def expected_spend(self, params: Params, n: AnyArray, m: AnyArray) -> FloatArray:
        """Return E[value of a purchase | n, m]."""
        scale, p, q = self.beta_prime(params, n, m)
        spend: FloatArray = np.where(q > 1, p * scale / np.where(q > 1, q - 1, 1.0), np.inf)
        return spend

    def fourth_slope(self, params: Params, n: AnyArray) -> FloatArray:
        """Return (q + p n) / 8.

        In v = ln m only ln(gamma + n e^v) bends, and its fourth derivative is s(1 - s)(1 - 6s + 6s^2) with s between 0
        and 1.
        """
        bent: FloatArray = (params["q"] + params["p"] * n) / 8
        return bent

    def mean_exists(self, params: Params, n: AnyArray) -> Any:
        """Return whether q + p n > 1."""
        return params["q"] + params["p"] * n > 1

    def beta_prime(self, params: Params, n: AnyArray, m: AnyArray) -> tuple[Any, Any, Any]:
        """Return (gamma + n m, p, q + p n)."""
        return params["gamma"] + n * m, params["p"], params["q"] + params["p"] * n

    def at_price(self, price: float) -> dict[str, float]:
        """Return parameters under which neither customers nor their purchases differ, but for a hundred-thousandth."""
        return {"p": _ALIKE, "q": _ALIKE, "gamma": price * (_ALIKE - 1) / _ALIKE}

    def simulate_spend(
        self, params: Params, customers: IntArray, n_customers: int, rng: np.random.Generator
    ) -> FloatArray:
        """Return the value of each purchase."""
        nu = rng.gamma(params["q"], 1 / params["gamma"], n_customers)
        return rng.gamma(params["p"], 1.0, len(customers)) / nu[customers]
