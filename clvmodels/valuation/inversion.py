"""Where a cumulative probability reaches what is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray

_LEAVES = 1e-12  # of a logarithm of money: what the last step leaves, by what steps have gained
_ROUGH = 1e-2  # standard deviations; a step from there leaves a millionth or so
_ROUNDING = 4 * np.finfo(float).eps
_FARTHEST = 700.0  # e^700 is the largest amount that a float can hold, about
_DOUBLINGS = 10  # of a step away from where nothing is known, before the whole range is halved
_TURNS = 200  # halving alone goes from e^700 down to rounding in 60, every other step
_PATIENCE = 8  # steps, before every other step halves the bracket

type CumulativeAndSlopes = Callable[[FloatArray, IntArray], FloatArray]


def smallest_reaching(
    function: CumulativeAndSlopes,
    wanted: FloatArray,
    start: FloatArray,
    *,
    roughly: bool = False,
    last: float = np.inf,
) -> FloatArray:
    """Return the point of each row at which an increasing function reaches a probability inside (0, 1).

    On the scale of normal deviates a distribution of log money is nearly a straight line, so Halley's steps, which know
    how it bends, meet it within two or three; where one leaves what is known to hold the root, the bracket is halved.

    Parameters
    ----------
    function : callable
        Takes points and the numbers of their rows, gives cumulative probabilities, their slopes, and the slopes of
        these, shape (3, row).
    wanted : array, shape (row,)
        The probabilities.
    start : array, shape (row,)
        Where to begin.
    roughly : bool
        Stop within a hundred-thousandth of the amount or so.
    last : float
        The last step is to be shorter, on the logarithm of the amount: 1e-7 is squared away wherever steps began.
    """
    at, low, high = start.copy(), np.full_like(start, -_FARTHEST), np.full_like(start, _FARTHEST)
    deviate, missed = special.ndtri(wanted), np.zeros_like(start)
    open_ = np.arange(len(start))
    for turn in range(_TURNS):
        here, slope, bend = function(at[open_], open_)
        error, point = here - wanted[open_], at[open_]
        low[open_] = np.where(error <= 0, point, low[open_])
        high[open_] = np.where(error >= 0, point, high[open_])
        left, right = low[open_], high[open_]
        with np.errstate(all="ignore"):
            reached = special.ndtri(here)
            density = np.exp(-0.5 * np.square(reached)) / np.sqrt(2 * np.pi)
            rise = slope / density
            miss = reached - deviate[open_]
            bent = np.clip(miss / 2 * (bend / density / np.square(rise) + reached), -0.5, 0.5)
            step = -miss / rise / (1 - bent)
            following = point + step
            gained = np.abs(miss) / missed[open_]  # a step takes the cube of a miss, so the next gains as much thrice
            there = np.abs(miss) < _ROUGH if roughly else np.abs(step) * gained**3 < _LEAVES
            there &= np.abs(step) < last
            halved = (left + right) / 2
        missed[open_] = np.minimum(np.abs(miss), 1.0)
        lost = ~(np.isfinite(following) & (following >= left) & (following <= right))
        held = (left > -_FARTHEST) & (right < _FARTHEST)
        if turn >= _PATIENCE and turn % 2:
            lost |= held
        away = np.where(left > -_FARTHEST, left + 2.0**turn, right - 2.0**turn) if turn < _DOUBLINGS else halved
        at[open_] = np.where(lost, np.where(held, halved, np.clip(away, left, right)), following)
        closed = right - left <= _ROUNDING * np.maximum(np.abs(point), 1.0)
        open_ = open_[~(closed | (~lost & there))]
        if not len(open_):
            break
    return at
