"""The size of a common shock, from how far earlier forecasts of totals missed."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.records import ShockDistribution

_USUAL = 0.25  # totals that are off by half as much again in one of twenty periods: before looking, no more than that
_SIZES = np.geomspace(1e-3, 2.0, 96)  # a tenth of a percent, lost beside chance, to a factor of seven; 8% apart
_NEGLIGIBLE = 1e-7  # probability of a size that is left out


def size_of_shock(misses: FloatArray, errors: FloatArray, n_independent: float) -> ShockDistribution:
    r"""Return what misses tell of the size of the shock.

    A miss is :math:`\ln(\text{actual} / \text{expected}) \sim N(0, e_i^2 + s^2)`: what parameters and chance explain,
    and the shock. It is taken about zero and not about the mean miss, because a model that was always low will be low
    again. The probability of each size s is its likelihood times a half-normal prior of scale 0.25; forecasts of
    periods that overlap count as fewer, by a power of the likelihood.

    Parameters
    ----------
    misses : array, shape (origin,)
        Logarithms of actual over expected totals.
    errors : array, shape (origin,)
        Their standard deviations by parameters and chance.
    n_independent : float
        How many forecasts of separate periods they are worth, at most as many as there are.

    Returns
    -------
    ShockLaw
        From few forecasts its tails are heavy: a mixture of normal distributions over the sizes that could have given
        them.
    """
    variance = np.square(_SIZES)[:, None] + np.square(errors)
    log_likelihood = -(np.log(variance) + np.square(misses) / variance).sum(axis=1) / 2
    log_weight = log_likelihood * n_independent / len(misses) - np.square(_SIZES / _USUAL) / 2 + np.log(_SIZES)
    weights = np.exp(log_weight - log_weight.max())
    kept = weights > _NEGLIGIBLE * weights.sum()
    return ShockDistribution(_SIZES[kept], weights[kept] / weights[kept].sum())
