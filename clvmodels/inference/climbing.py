"""From near the top of a likelihood to the top: Newton steps."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray
from clvmodels.inference.objective import Objective
from clvmodels.inference.space import Space

_DECREMENT = 1e-9  # log-likelihood left to gain; published log-likelihoods carry three decimals
_ROUNDING = 1e-14  # of the log-likelihood: what a sum over many rows can tell apart
_NEWTON_STEPS = 60
_BORROWED_STEPS = 4
_SHORTEST = 1e-6  # a Newton step cut to a millionth without gain: rounding decides, the top is reached


def polish(
    objective: Objective, theta: FloatArray, information: FloatArray
) -> tuple[FloatArray, float, FloatArray, float]:
    """Climb to the top of the whole likelihood by Newton steps, halved while they don't help.

    The first steps use the curvature found in the search, which is nearly right and gets better by what each step shows
    (BFGS), the later ones their own.
    """
    theta, value, slope = climb(objective, theta, information, _DECREMENT)
    information = objective.curvature(theta, slope)
    step = _newton_step(information, slope, _free(objective.space, theta, slope))
    return theta, value, information, float(slope @ step) / 2


def climb(
    objective: Objective, theta: FloatArray, information: FloatArray, decrement: float
) -> tuple[FloatArray, float, FloatArray]:
    """Climb from near the top until a step would gain less than ``decrement``; return place, value and slope."""
    value, slope = objective(theta)
    for attempt in range(_NEWTON_STEPS):
        step = _newton_step(information, slope, _free(objective.space, theta, slope))
        if float(slope @ step) / 2 < max(decrement, _ROUNDING * abs(value)):
            break
        length = 1.0
        while length > _SHORTEST:
            trial = np.clip(theta - length * step, objective.space.low, objective.space.high)
            new_value, new_slope = objective(trial)
            if new_value < value:
                break
            length /= 2
        else:
            break
        information = _bent(information, trial - theta, new_slope - slope)
        theta, value, slope = trial, new_value, new_slope
        if attempt >= _BORROWED_STEPS or length < 1:
            information = objective.curvature(theta, slope)
    return theta, value, slope


def _bent(information: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    """Return the curvature that explains how the slope changed over a step (BFGS)."""
    expected = information @ step
    seen, foreseen = float(change @ step), float(step @ expected)
    if not (seen > 0 and foreseen > 0):
        return information
    better: FloatArray = information + np.outer(change, change) / seen - np.outer(expected, expected) / foreseen
    return better


def _free(space: Space, theta: FloatArray, slope: FloatArray) -> BoolArray:
    """Return which parameters aren't held at their boundary by a likelihood that still rises beyond it."""
    low, high = theta <= space.low, theta >= space.high
    free: BoolArray = ~((low & (slope > 0)) | (high & (slope < 0)))
    return free


def _newton_step(information: FloatArray, slope: FloatArray, free: BoolArray) -> FloatArray:
    """Return the step to the top of the local parabola; flat and upward directions are taken as gently curved."""
    step = np.zeros_like(slope)
    if free.any():
        values, vectors = np.linalg.eigh(information[np.ix_(free, free)])
        safe = np.maximum(np.abs(values), 1e-8 * max(np.abs(values).max(), 1e-300))
        step[free] = vectors @ ((vectors.T @ slope[free]) / safe)
    return step
