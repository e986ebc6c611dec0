"""Purchases counted at what they are worth today."""

from __future__ import annotations

from functools import cache, reduce

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.kernels.discrete_survival import steps
from clvmodels.kernels.long_sums import running_sums
from clvmodels.kernels.namespace import NUMPY
from clvmodels.kernels.quadrature import gauss_legendre
from clvmodels.models import AbstractPurchaseModel
from clvmodels.prediction.futures import ParamDraws

_CUT = 36.0  # e^-36 = 2e-16: nothing is left of a purchase discounted by more
_EACH = 3.0  # more for every event before the first purchase: k of them come late, and u^k e^-u / k! falls later
_SPAN = 2.8  # e-folds of time a panel may span
_NODES = (
    (0.9, 8),
    (1.4, 10),
    (2.0, 12),
    (np.inf, 15),
)  # of panels up to so long: they follow what bends on e-folds to 1e-13
_WITHIN = 8.0  # of the shortest time: the unit of a stretched panel
_ERROR = 1e-12  # of the sum, that a panel may be off by before it is halved
_HALVINGS = 40  # of a panel; e^-40 of time is nothing
_AT_ONCE = 50_000  # panels handed to a model together: at most 15 x 8 bytes each
_STEPS_TOGETHER = 1_000_000  # steps x draws x futures handed to a discrete model at once: 8 MB an array
_BLOCK = 8.0  # a block of steps is no longer than what loses e^-8 by discount; a polynomial then follows it


def discounted_expectation(
    model: AbstractPurchaseModel, params: ParamDraws, horizon: float, delta: float
) -> FloatArray:
    r"""Return the expected discounted number of purchases within the horizon; shape of the parameters.

    .. math:: e^{-\delta H} E[X(H)] + \delta \int_0^H e^{-\delta u} E[X(u)] \, du

    Exact for any model whose expectation is known, one rule for finite and infinite horizons. A discrete model's
    purchases come at the ends of periods, and the integral is a sum over them. Else time is stretched as ln(1 + u / c),
    c a short time of the model, and cut into panels. The last Legendre coefficients of a panel say
    whether it was followed; where it wasn't, it is halved. What a row gets depends on the row alone.
    """
    if delta == 0:
        return model.expectation(params, horizon)
    if model.discrete:
        return _at_steps(model, params, horizon, delta)
    if model.discounted is not None:
        return model.discounted(params, horizon, delta)
    names = list(params)
    every = np.broadcast_arrays(*(np.asarray(params[name], dtype=np.float64) for name in names))
    rows = dict(zip(names, (values.ravel() for values in every), strict=True))
    total = np.zeros(every[0].size)
    if np.isfinite(horizon):
        total += np.exp(-delta * horizon) * model.expectation(rows, horizon)
    scale = _scale(model, rows)
    cut = _CUT + _EACH * (model.n_phases(rows) - 1)
    stretch = np.log1p(min(horizon, cut / delta) / scale)
    panels = np.ceil(stretch / _SPAN).astype(np.int64)
    row = np.repeat(np.arange(len(total)), panels)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(panels) - panels, panels)
    length = (stretch / panels)[row]
    start = nth * length
    for _ in range(_HALVINGS):
        found, missed = np.empty(len(row)), np.empty(len(row))
        for part in (slice(i, i + _AT_ONCE) for i in range(0, len(row), _AT_ONCE)):
            mine = {name: values[row[part]] for name, values in rows.items()}
            found[part], missed[part] = _panels(model, mine, scale[row[part]], start[part], length[part], delta)
        good = missed <= _ERROR * (total + np.bincount(row, found, len(total)))[row]
        total += np.bincount(row[good], found[good], len(total))
        if good.all():
            break
        row, start, half = np.repeat(row[~good], 2), np.repeat(start[~good], 2), np.repeat(length[~good] / 2, 2)
        start[1::2] += half[1::2]
        length = half
    return total.reshape(every[0].shape)


def _scale(model: AbstractPurchaseModel, params: ParamDraws) -> FloatArray:
    """Return a time that expectations bend around.

    It lies halfway, in logarithms, between the shortest time on which buying, leaving or their mixing laws change, and
    the shortest of the mixing laws alone: among customers who differ, a short mean time bends little. It is never so
    long that the nodes of a panel would miss what happens on the shortest.
    """
    laws = reduce(np.minimum, [np.asarray(params[p.name]) for p in model.parameters if p.unit == "time"])
    found = model.coordinates(NUMPY, params)
    powers = {"time": 1.0, "rate": -1.0}
    means = [np.exp(powers[q.unit] * found[q.name]) for q in model.quantities if q.unit in powers]
    shortest = reduce(np.minimum, [laws, *means])
    scale: FloatArray = np.minimum(np.sqrt(laws * shortest), _WITHIN * shortest)
    return scale


def _panels(
    model: AbstractPurchaseModel,
    params: ParamDraws,
    scale: FloatArray,
    start: FloatArray,
    length: FloatArray,
    delta: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the integral over panels, shape (panel,), and about how far it is off."""
    found, missed = np.empty(len(start)), np.empty(len(start))
    shorter = 0.0
    for longest, n in _NODES:
        part = np.flatnonzero((length > shorter) & (length <= longest))
        if len(part):
            points, weights = gauss_legendre(n)
            mine = {name: values[part] for name, values in params.items()}
            u = scale[part] * np.expm1(start[part] + length[part] * (points[:, None] + 1) / 2)
            density = (length[part] / 2) * (scale[part] + u) * delta * np.exp(-delta * u) * model.expectation(mine, u)
            found[part], missed[part] = weights @ density, _missed(density)
        shorter = longest
    return found, missed


def _missed(density: FloatArray) -> FloatArray:
    """Return about how far Gauss's rule is off, from what it integrates at its nodes, shape (node, panel).

    Coefficients fall by a factor from one to the next, and the rule is exact for twice as many as it has nodes.
    """
    last = np.abs(_last_coefficients(len(density)) @ density).max(axis=0)
    highest = np.abs(density).max(axis=0)
    missed: FloatArray = np.divide(np.square(last), highest, out=np.zeros_like(last), where=highest > 0)
    return missed


@cache
def _last_coefficients(n: int) -> FloatArray:
    """Return what makes the last two Legendre coefficients from values at n nodes."""
    points, weights = gauss_legendre(n)
    basis = np.asarray(np.polynomial.legendre.legvander(points, n - 1), dtype=np.float64)
    found: FloatArray = (basis * weights[:, None] * (np.arange(n) + 0.5)).T[-2:]
    return found


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
