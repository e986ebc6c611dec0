"""The size of a common shock, from how far earlier forecasts of totals missed."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.records import ShockDistribution
from clvmodels.records.shock import FURTHEST

_USUAL, _TAIL = 0.15, 4.0  # scale and degrees of freedom of the prior; experiments/12_totals shows what they lead to
_SIZES = np.geomspace(1e-3, 2.0, 96)  # a tenth of a percent, lost beside chance, to a factor of seven; 8% apart
_GROWTH = np.array([0.0, 0.5, 1.0])  # of the variance: not at all, with the root of the horizon, in proportion to it
_NEGLIGIBLE = 1e-7  # probability of a size that is left out


def size_of_shock(
    misses: FloatArray,
    errors: FloatArray,
    n_independent: float,
    *,
    horizons: FloatArray | None = None,
    ahead: float | None = None,
) -> ShockDistribution:
    r"""Return what misses tell of the size of the shock, and of how it grows with the horizon.

    A miss is :math:`\ln(\text{actual} / \text{expected}) \sim N(0, e_i^2 + s^2 (h_i / H)^k)`: what parameters and
    chance explain, and the shock, s being its size as far ahead as it is wanted for. It is taken about zero and not
    about the mean miss, because a model that was always low will be low again. The prior of s is half of a t
    distribution, that of k is even over 0, 1/2 and 1, so that a few misses move them and don't make them.

    Forecasts that overlap count as fewer, by a power of the likelihood: those of one horizon as the separate periods
    that fit into the time they look at, and all horizons together as one of them.

    Parameters
    ----------
    misses : array, shape (forecast,)
        Logarithms of actual over expected totals.
    errors : array, shape (forecast,)
        Their standard deviations by parameters and chance.
    n_independent : float
        How many forecasts of separate periods those of the shortest horizon are worth, at most as many as there are.
    horizons : array, shape (forecast,), optional
        How far they looked; all alike when left out.
    ahead : float, optional
        How far the forecast looks that the shock is for; as far as the shortest of these when left out.

    Returns
    -------
    ShockLaw
        For the shortest horizon. From few forecasts its tails are heavy: a mixture of normal distributions over the
        sizes that could have given them.
    """
    looked = np.ones(len(misses)) if horizons is None else np.asarray(horizons, dtype=np.float64)
    shortest = float(looked.min())
    wanted = shortest if ahead is None else min(ahead, FURTHEST * shortest)
    grown = np.power.outer(looked / wanted, _GROWTH)
    variance = np.square(_SIZES)[:, None, None] * grown + np.square(errors)[:, None]
    each = -(np.log(variance) + np.square(misses)[:, None] / variance) / 2
    log_weight = np.einsum("sig,i->sg", each, _shares(looked) * n_independent)
    log_weight += (np.log(_SIZES) - (_TAIL + 1) / 2 * np.log1p(np.square(_SIZES / _USUAL) / _TAIL))[:, None]
    weights = np.exp(log_weight - log_weight.max()).ravel()
    sizes = _SIZES[:, None] * (shortest / wanted) ** (_GROWTH / 2)
    growth = np.broadcast_to(_GROWTH, sizes.shape)
    kept = weights > _NEGLIGIBLE * weights.sum()
    return ShockDistribution(sizes.ravel()[kept], weights[kept] / weights[kept].sum(), growth.ravel()[kept])


def _shares(looked: FloatArray) -> FloatArray:
    """Return how much of a separate period each forecast is, those of the shortest horizon being one together."""
    horizons, place, counts = np.unique(np.round(looked / looked.min(), 1), return_inverse=True, return_counts=True)
    shares: FloatArray = (1 / (horizons * counts * len(horizons)))[place]
    return shares
