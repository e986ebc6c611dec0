"""Purchases counted at what they are worth today."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.models import AbstractPurchaseModel
from clvmodels.prediction.futures import ParamDraws

_CUT = 36.0  # e^-36 = 2e-16: nothing is left of a purchase discounted by more
_TOGETHER = 8  # times handed to a model at once


def discounted_expectation(
    model: AbstractPurchaseModel, params: ParamDraws, horizon: float, delta: float
) -> FloatArray:
    r"""Return the expected discounted number of purchases within the horizon; shape of the parameters.

    .. math:: e^{-\delta H} E[X(H)] + \delta \int_0^H e^{-\delta u} E[X(u)] \, du

    Exact for any model whose expectation is known, continuous in time, one rule for finite and infinite horizons.
    Time is stretched as ln(1 + u / scale), along which expectations of every model of this family are smooth.
    """
    if delta == 0:
        return model.expectation(params, horizon)
    end = min(horizon, _CUT / delta)
    scale = sum(np.asarray(params[p.name]) for p in model.parameters if p.unit == "time")
    stretch = np.log1p(end / scale) / 2
    # Enough for a relative error below 1e-10: the integrand bends with every e-fold of time and with the discount's
    # decay.
    n = 10 + int(np.ceil(6 * float(np.max(stretch)) + 12 * min(delta * end, 2.0)))
    points, weights = np.polynomial.legendre.leggauss(n)
    total = np.zeros(np.broadcast_shapes(*(np.shape(values) for values in params.values())))
    if np.isfinite(horizon):
        total = total + np.exp(-delta * horizon) * model.expectation(params, horizon)
    for part in (slice(i, i + _TOGETHER) for i in range(0, n, _TOGETHER)):
        point, weight = (values[part].reshape(-1, *(1,) * total.ndim) for values in (points, weights))
        u = scale * np.expm1(stretch * (point + 1))
        density = weight * stretch * (scale + u) * delta * np.exp(-delta * u)
        total = total + np.sum(density * model.expectation(params, u), axis=0)
    return total
