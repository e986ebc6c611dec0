"""Where a cumulative probability reaches what is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray

_QUADRATIC = 1e-6  # standard deviations; a Newton step from there leaves its square, far below a probability of 1e-10
_ROUGH = 1e-2
_ROUNDING = 4 * np.finfo(float).eps
_TURNS = 200  # halving alone goes from e^64 down to rounding in 120
_PATIENCE = 8  # Newton steps, before every other step halves the bracket

type CumulativeAndSlope = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]


def smallest_reaching(
    function: CumulativeAndSlope, wanted: FloatArray, start: FloatArray, *, roughly: bool = False
) -> FloatArray:
    """Return the point of each row at which an increasing function reaches a probability inside (0, 1).

    On the scale of normal deviates a distribution of log money is nearly a straight line, so Newton's steps meet it
    within a few; where one leaves what is known to hold the root, the bracket is halved.

    Parameters
    ----------
    function : callable
        Takes points and the numbers of their rows, gives cumulative probabilities and slopes.
    wanted : array, shape (row,)
        The probabilities.
    start : array, shape (row,)
        Where to begin.
    roughly : bool
        Stop at a ten-thousandth of a standard deviation.
    """
    at, low, high = start.copy(), np.full_like(start, -np.inf), np.full_like(start, np.inf)
    deviate = special.ndtri(wanted)
    near = _ROUGH if roughly else _QUADRATIC
    open_ = np.arange(len(start))
    for turn in range(_TURNS):
        here, slope = function(at[open_], open_)
        error, point = here - wanted[open_], at[open_]
        low[open_] = np.where(error <= 0, point, low[open_])
        high[open_] = np.where(error >= 0, point, high[open_])
        left, right = low[open_], high[open_]
        with np.errstate(all="ignore"):
            reached = special.ndtri(here)
            miss = reached - deviate[open_]
            following = point - miss * np.exp(-0.5 * np.square(reached)) / np.sqrt(2 * np.pi) / slope
            halved = (left + right) / 2
        lost = ~(np.isfinite(following) & (following >= left) & (following <= right))
        if turn >= _PATIENCE and turn % 2:
            lost |= np.isfinite(halved)
        away = np.where(np.isfinite(left), left + 2.0**turn, right - 2.0**turn) if turn < 10 else point
        at[open_] = np.where(lost, np.where(np.isfinite(halved), halved, away), following)
        closed = right - left <= _ROUNDING * np.maximum(np.abs(point), 1.0)
        open_ = open_[~(closed | (~lost & (np.abs(miss) < near)))]
        if not len(open_):
            break
    return at
