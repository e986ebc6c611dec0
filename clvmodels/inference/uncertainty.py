"""Standard errors and draws from the curvature at the maximum (the Laplace approximation)."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.inference.mle import Maximum

_WIDEST = 12.0  # e^12 = 160,000 times the estimate either way: on a ridge, more is rounding and not uncertainty


def covariance(maximum: Maximum) -> FloatArray:
    """Return the covariance of the logarithms of the parameters; NaN where the likelihood doesn't curve."""
    if np.linalg.eigvalsh(maximum.information)[0] <= 0:
        return np.full_like(maximum.information, np.nan)
    inverse: FloatArray = np.linalg.inv(maximum.information)
    return inverse


def laplace_draws(maximum: Maximum, n_draws: int, seed: int) -> FloatArray:
    """Return draws of the logarithms around the maximum, shape (draw, parameter); the maximum alone without curvature.

    Draws come in pairs mirrored at the maximum, so their mean is the estimate itself.
    """
    spread = covariance(maximum)
    if np.isnan(spread).any():
        return maximum.theta[None, :]
    size = len(maximum.theta)
    rng = np.random.default_rng((seed, size))  # models of different size, fitted side by side, draw independently
    half = rng.standard_normal(((n_draws + 1) // 2, size))
    noise = np.concatenate([half, -half])[:n_draws]
    steps = np.clip(noise @ np.linalg.cholesky(spread).T, -_WIDEST, _WIDEST)
    draws: FloatArray = maximum.theta + steps
    return draws
