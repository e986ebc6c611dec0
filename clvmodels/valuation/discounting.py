"""Purchases counted at what they are worth today."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.kernels.discrete_survival import steps
from clvmodels.kernels.long_sums import running_sums
from clvmodels.models import AbstractPurchaseModel
from clvmodels.prediction.futures import ParamDraws

_CUT = 36.0  # e^-36 = 2e-16: nothing is left of a purchase discounted by more
_TOGETHER = 8  # times handed to a model at once
_STEPS_TOGETHER = 1_000_000  # steps x draws x futures handed to a discrete model at once: 8 MB an array
_BLOCK = 8.0  # a block of steps is no longer than what loses e^-8 by discount; a polynomial then follows it


def discounted_expectation(
    model: AbstractPurchaseModel, params: ParamDraws, horizon: float, delta: float
) -> FloatArray:
    r"""Return the expected discounted number of purchases within the horizon; shape of the parameters.

    .. math:: e^{-\delta H} E[X(H)] + \delta \int_0^H e^{-\delta u} E[X(u)] \, du

    Exact for any model whose expectation is known, one rule for finite and infinite horizons. A discrete model's
    purchases come at the ends of periods, and the integral is a sum over them. Else time is continuous, and stretched
    as ln(1 + u / scale), along which expectations of every model of this family are smooth.
    """
    if delta == 0:
        return model.expectation(params, horizon)
    if model.discrete:
        return _at_steps(model, params, horizon, delta)
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


def _at_steps(model: AbstractPurchaseModel, params: ParamDraws, horizon: float, delta: float) -> FloatArray:
    """Return the sum over steps k of e^(-delta k) (E[X(k)] - E[X(k - 1)]), summed by parts so that all is positive."""
    shape = np.broadcast_shapes(*(np.shape(values) for values in params.values()))
    end = float(steps(min(horizon, float(np.ceil(_CUT / delta)))))
    k, weights = running_sums(np.array([max(end - 1, 0.0)]), widest=_BLOCK / delta)
    weights = weights[0] * np.exp(-delta * k) * -np.expm1(-delta)
    k, weights = np.append(k, end), np.append(weights, np.exp(-delta * end))
    total = np.zeros(shape)
    size = max(1, _STEPS_TOGETHER // max(total.size, 1))
    for part in (slice(i, i + size) for i in range(0, len(k), size)):
        expected = model.expectation(params, k[part].reshape(-1, *(1,) * len(shape)))
        total = total + np.tensordot(weights[part], expected, axes=1)
    return total
