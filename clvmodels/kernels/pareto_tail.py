"""Importance weights whose largest are smoothed by the Pareto distribution that they follow."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from clvmodels.arrays import FloatArray

_MANY = 225  # weights: above it 3 sqrt(n) of them are less than a fifth
_LEAST = 5  # weights that make a tail
_PRIOR_SHAPE, _PRIOR_WEIGHT = 0.5, 10  # the shape of a short tail is pulled towards one half, as by ten more weights
_PRIOR_SCALE = 3  # of the first quartile: where candidates of the scale lie (Zhang & Stephens)
_SAME = 1e-12  # of the largest weight: weights closer than rounding have no tail


def smoothed(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Return weights that sum to 1, the largest smoothed by a Pareto distribution, and its shape k.

    The largest 3 sqrt(n) of n weights (a fifth of a few) are taken for a generalised Pareto distribution, fitted by its
    posterior mean under Zhang and Stephens' prior (A New and Efficient Estimation Method for the Generalized Pareto
    Distribution, Technometrics 51, 2009), with k pulled a little towards one half, and are replaced by its quantiles
    (Vehtari, Simpson, Gelman, Yao & Gabry, Pareto Smoothed Importance Sampling, Journal of Machine Learning Research
    25, 2024). ``arviz_stats`` has the same, and takes most of a second to load, which no plain fit should wait for.

    Parameters
    ----------
    log_weights : array, shape (draw,)
        Up to a constant; -inf or NaN for draws without weight.

    Returns
    -------
    weights : array, shape (draw,)
        All 0 where no draw has any.
    k : float
        0 where the largest weights are all alike; inf where one outweighs all others, or where there are too few.
    """
    known = np.where(np.isnan(log_weights), -np.inf, log_weights)
    top = np.max(known, initial=-np.inf)
    weights = np.exp(known - top) if np.isfinite(top) else np.zeros(len(known))
    n = len(weights)
    size = int(3 * n**0.5) if n > _MANY else n // 5
    k = np.inf
    if size >= _LEAST and np.any(weights):
        order = np.argsort(weights)
        cutoff = weights[order[-size - 1]]
        k, scale = _shape_and_scale(weights[order[-size:]] - cutoff)
        if np.isfinite(k) and scale > 0:
            shares = np.arange(0.5, size) / size
            weights[order[-size:]] = np.minimum(cutoff + scale * np.expm1(-k * np.log1p(-shares)) / k, 1.0)
    total = weights.sum()
    return weights / total if total > 0 else weights, float(k)


def _shape_and_scale(above: FloatArray) -> tuple[float, float]:
    """Return shape and scale of the Pareto distribution of some excesses, lowest first; scale 0 where all are alike."""
    size = len(above)
    if above[-1] < _SAME:
        return 0.0, 0.0
    quartile = above[int(size / 4 + 0.5) - 1]
    if quartile <= above[0]:
        return np.inf, 0.0
    n_candidates = 30 + int(size**0.5)
    slopes = 1 - np.sqrt(n_candidates / (np.arange(1, n_candidates + 1) - 0.5))
    slopes = slopes / (_PRIOR_SCALE * quartile) + 1 / above[-1]
    shapes = np.mean(np.log1p(-slopes[:, None] * above), axis=1)
    heights = size * (np.log(-slopes / shapes) - shapes - 1)
    slope = float(np.sum(slopes * np.exp(heights - logsumexp(heights))))
    shape = float(np.mean(np.log1p(-slope * above)))
    return (size * shape + _PRIOR_WEIGHT * _PRIOR_SHAPE) / (size + _PRIOR_WEIGHT), -shape / slope
