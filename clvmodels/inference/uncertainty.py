"""Standard errors and draws from the curvature at the top (the Laplace approximation)."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.inference.mle import Maximum

_WIDEST = 12.0  # e^12 = 160,000 times the estimate either way: on a ridge, more is rounding and not uncertainty


def covariance(maximum: Maximum) -> FloatArray:
    """Return the covariance on the scale of the fit; NaN where the likelihood doesn't curve.

    A parameter at the boundary of the search is taken as known: its row and column are zero.
    """
    inside = np.ix_(maximum.inside, maximum.inside)
    spread = np.zeros_like(maximum.information)
    curved = np.all(np.linalg.eigvalsh(maximum.information[inside]) > 0)
    spread[inside] = np.linalg.inv(maximum.information[inside]) if curved else np.nan
    return spread


def errors(maximum: Maximum) -> FloatArray:
    """Return the standard errors on the scale of the fit; NaN where there is none, at a boundary too."""
    return np.where(maximum.inside, np.sqrt(np.diag(covariance(maximum))), np.nan)


def laplace_draws(maximum: Maximum, n_draws: int, seed: int) -> FloatArray:
    """Return draws around the maximum, shape (draw, name); the maximum alone without curvature.

    Draws come in pairs mirrored at the maximum, so their mean is the estimate itself.
    """
    spread = covariance(maximum)
    if np.isnan(spread).any():
        return maximum.theta[None, :]
    inside = np.flatnonzero(maximum.inside)
    size = len(inside)
    rng = np.random.default_rng((seed, size))  # models of different size, fitted side by side, draw independently
    half = rng.standard_normal(((n_draws + 1) // 2, size))
    noise = np.concatenate([half, -half])[:n_draws]
    draws = np.tile(maximum.theta, (n_draws, 1))
    steps = noise @ np.linalg.cholesky(spread[np.ix_(inside, inside)]).T
    draws[:, inside] += np.clip(steps, -_WIDEST, _WIDEST)
    return draws
