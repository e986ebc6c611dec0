"""Quantiles of a total: draws of its expectation, chance around each, and a shock that multiplies all."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from clvmodels.arrays import FloatArray
from clvmodels.prediction.grid_sums import GridSum
from clvmodels.records import ShockDistribution

_FAR = 12.0  # standard deviations beyond which nothing is left
_STEP = 0.7  # of what bends most: sums over equal steps of a normal density then err by exp(-2 (pi / .7)^2) = 3e-18
_FINEST = 0.05  # of the spread by chance: a narrower shock changes its variance by 1/400 at most
_STILL = 0.02  # a relative spread by parameters or a shock below which single amounts don't run into each other
_MOST_STEPS = 5_000  # x 1,000 draws x 8 bytes = 40 MB; a wider range of draws is lumpy by itself


def total_quantiles(
    draws: FloatArray, spread: float, law: ShockDistribution | None, probabilities: tuple[float, ...]
) -> tuple[float, ...]:
    """Return quantiles of (m + spread * normal) * exp(shock), m being one of the draws; none is below 0.

    It is the sum of many customers.

    Parameters
    ----------
    draws : array, shape (draw,)
        Expectations of the total, equally likely.
    spread : float > 0
        Standard deviation by chance.
    law : ShockDistribution or None
        Of the shock.
    probabilities : tuple of float, in (0, 1)
        Which quantiles.
    """
    if law is None:
        low, high = float(draws.min() - _FAR * spread), float(draws.max() + _FAR * spread)
        return tuple(
            max(float(brentq(lambda s, p=p: float(ndtr((s - draws) / spread).mean()) - p, low, high)), 0.0)
            for p in probabilities
        )
    lowest = total_quantiles(draws, spread, None, (min(probabilities),))[0]
    totals, masses = _without_shock(draws, spread, float(law.sizes.min()) * lowest / 2)
    return _shocked(totals, masses, law, probabilities)


def few_quantiles(
    summed: GridSum, spread: float, law: ShockDistribution | None, probabilities: tuple[float, ...]
) -> tuple[float, ...]:
    """Return quantiles of a sum of few customers, times exp(shock).

    Parameters
    ----------
    summed : GridSum
        The distribution of the sum of customers who know nothing of each other.
    spread : float
        Relative standard deviation that parameters bring beyond: what is wrong in them moves all customers alike.
    law : ShockDistribution or None
        Of the shock.
    probabilities : tuple of float, in (0, 1)
        Which quantiles.
    """
    sizes = np.zeros(1) if law is None else law.sizes
    moved = ShockDistribution(np.sqrt(np.square(sizes) + spread**2), np.ones(1) if law is None else law.weights)
    if moved.size < _STILL:
        return tuple(summed.quantile(p) for p in probabilities)
    return _shocked(summed.totals, summed.masses, moved, probabilities)


def _shocked(
    totals: FloatArray, masses: FloatArray, law: ShockDistribution, probabilities: tuple[float, ...]
) -> tuple[float, ...]:
    """Return quantiles of a total that takes some values, times exp(shock)."""
    none, positive = float(masses[totals <= 0].sum()), totals > 0
    log_totals, masses = np.log(totals[positive]), masses[positive]
    widest = _FAR * float(law.sizes.max())

    def missing(log_total: float, probability: float) -> float:
        below = ndtr((log_total - log_totals)[:, None] / law.sizes) @ law.weights
        return none + float(masses @ below) - probability

    def quantile(probability: float) -> float:
        low, high = float(log_totals[0]) - widest, float(log_totals[-1]) + widest
        if not len(log_totals) or missing(low, probability) >= 0:
            return 0.0
        return float(np.exp(brentq(missing, low, high, args=(probability,))))

    return tuple(quantile(p) for p in probabilities)


def _without_shock(draws: FloatArray, spread: float, shock: float) -> tuple[FloatArray, FloatArray]:
    """Return totals at equal steps, and the mass of each.

    The mass is a mixture of normal densities and what it will be summed with is a normal distribution of its logarithm,
    both analytic and gone at the ends, so that a sum over equal steps is as good as the integral where the steps are
    small beside the spread and beside the shock, in the unit of the total, that comes with a low total.
    """
    narrowest = max(shock, _FINEST * spread)
    low, high = float(draws.min()) - _FAR * spread, float(draws.max()) + _FAR * spread
    steps = min(int((high - low) / (_STEP * min(spread, narrowest))) + 2, _MOST_STEPS)
    totals = np.linspace(low, high, steps)
    masses = np.zeros(steps)
    for m in np.unique(draws):
        masses += np.exp(-np.square((totals - m) / spread) / 2)
    return totals, masses / masses.sum()
