"""Standard errors and draws from the curvature at the top (the Laplace approximation)."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.inference.mle import Maximum
from clvmodels.inference.space import REACH

_FLAT = REACH**-2  # a curvature below it has a standard error as wide as the whole search: no parabola is seen there


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


def is_flat(maximum: Maximum) -> bool:
    """Tell whether there is a direction inside the search along which the likelihood hardly curves."""
    return bool(np.any(_curvatures(maximum)[0] < _FLAT))


def nowhere_flat(maximum: Maximum) -> FloatArray:
    """Return the curvature inside the search, with a flat direction taken to curve over the width of the search."""
    values, vectors = _curvatures(maximum)
    information: FloatArray = maximum.information[np.ix_(maximum.inside, maximum.inside)]
    if np.all(values >= _FLAT):
        return information
    raised: FloatArray = (vectors * np.maximum(values, _FLAT)) @ vectors.T
    return raised


def wide_root(maximum: Maximum) -> FloatArray:
    """Return a root of the covariance inside the search, a flat direction taken as wide as the search."""
    return np.asarray(np.linalg.cholesky(np.linalg.inv(nowhere_flat(maximum))))


def laplace_draws(maximum: Maximum, n_draws: int, seed: int) -> FloatArray:
    """Return draws around the maximum, shape (draw, name); a flat direction is held, and the others are drawn.

    Draws come in pairs mirrored at the maximum, so their mean is the estimate itself.
    """
    inside = np.flatnonzero(maximum.inside)
    size = len(inside)
    rng = np.random.default_rng((seed, size))  # models of different size, fitted side by side, draw independently
    half = rng.standard_normal(((n_draws + 1) // 2, size))
    noise = np.concatenate([half, -half])[:n_draws]
    draws = np.tile(maximum.theta, (n_draws, 1))
    draws[:, inside] += noise @ _curved_root(maximum).T
    return draws


def _curved_root(maximum: Maximum) -> FloatArray:
    """Return a root of the covariance inside the search, without the flat directions."""
    values, vectors = _curvatures(maximum)
    if np.all(values >= _FLAT):
        return wide_root(maximum)
    curved = values >= _FLAT
    root: FloatArray = vectors * np.where(curved, 1 / np.sqrt(np.where(curved, values, 1.0)), 0.0)
    return root


def _curvatures(maximum: Maximum) -> tuple[FloatArray, FloatArray]:
    """Return the curvatures inside the search along the axes of the parabola, lowest first, and the axes."""
    values, vectors = np.linalg.eigh(maximum.information[np.ix_(maximum.inside, maximum.inside)])
    return np.asarray(values), np.asarray(vectors)
