"""Sums of many terms that change slowly: the first one by one, the others from a few terms of each block.

In a block of integers a function that is smooth on the scale of k itself is a polynomial of degree 15 to 12 digits,
and the sum of a polynomial over the integers of a block is known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.polynomial import legendre

from clvmodels.arrays import FloatArray
from clvmodels.kernels.quadrature import gauss_legendre

FIRST_BLOCK = 64  # earlier terms are summed one by one
_DEGREE = 16  # terms taken of each later block
_SHORTEST = 48  # in shorter blocks the chosen terms would meet
_NEAR = 2.0**40  # terms up to here are summed, later ones integrated
_PANEL = 2.0  # e-folds of k that a Gauss rule of 16 points integrates, falling by e^-20, to the last digit


def running_sums(
    ends: FloatArray, *, first: int = 1, widest: float = np.inf, share: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Return which terms to take, and weights, shape (end, term), so that weights @ f(terms) sums first, ..., each end.

    Parameters
    ----------
    ends : array, shape (end,)
        Whole numbers from 0 on.
    first : int
        Where the sum begins.
    widest : float
        A block is no longer than this.
    share : float
        Nor than this share of where it begins.
    """
    last = int(ends.max(initial=0.0))
    alone = np.arange(float(first), min(last, FIRST_BLOCK - 1) + 1)
    terms, weights = [alone], [(alone <= ends[:, None]).astype(np.float64)]
    start = max(first, FIRST_BLOCK)
    while start <= last:
        length = int(max(_SHORTEST, min(share * start, widest)))
        points, sums = _block(start, length, ends)
        terms.append(points)
        weights.append(sums)
        start = start + length
    return np.concatenate(terms), np.concatenate(weights, axis=1)


def to_infinity(
    log_term: Callable[[FloatArray], FloatArray], log_far: float, power: float, offset: float = 0.0
) -> float:
    """Return the sum of f(1), f(2), ... where f falls like (offset + k)^-power at last; inf where no float holds it.

    Parameters
    ----------
    log_term : callable
        ln f(k), given an array of ln k; f is smooth on the scale of k.
    log_far : float
        ln of a k from which f is a power law, to the last digit.
    power : float
        Above 1.
    offset : float
        At least 0.
    """
    k, weights = _to_near()
    near = float(weights @ np.exp(log_term(np.log(k))))
    # Beyond 2^40 the sum is the integral from half a term before, to 24 digits.
    start = float(np.log(_NEAR + 0.5))
    stop = max(log_far, start)
    panels = int(np.ceil((stop - start) / _PANEL))
    points, rule = gauss_legendre(_DEGREE)
    half = (stop - start) / max(panels, 1) / 2
    u = (start + half * (2 * np.arange(panels)[:, None] + 1 + points)).reshape(-1)
    with np.errstate(over="ignore"):
        between = half * np.tile(rule, panels) @ np.exp(u + log_term(u)) if panels else 0.0
        at_stop = np.logaddexp(stop, np.log(offset)) if offset > 0 else stop
        beyond = np.exp(at_stop + log_term(np.array([stop]))[0] - np.log(power - 1))
    return float(near + between + beyond)


@cache
def _to_near() -> tuple[FloatArray, FloatArray]:
    """Return the terms and weights of a sum up to 2^40."""
    k, weights = running_sums(np.array([_NEAR]))
    return k, weights[0]


def _block(start: int, length: int, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return terms of a block, and weights that sum it up to each end."""
    within = np.clip(ends - start + 1, 0, length)
    distinct, place = np.unique(within, return_inverse=True)
    points = _chosen(length)
    sums = np.array([_moments(length, float(n)) for n in distinct])
    weights = np.linalg.solve(_polynomials(points, length).T, sums.T).T
    return start + points, weights[place.reshape(-1)]


def _chosen(length: int) -> FloatArray:
    """Return the places in a block whose terms are taken: whole numbers close to Chebyshev's points."""
    angles = np.pi * (2 * np.arange(_DEGREE) + 1) / (2 * _DEGREE)
    places: FloatArray = np.round((length - 1) * (1 - np.cos(angles)) / 2)
    return places


def _polynomials(places: FloatArray, length: int) -> FloatArray:
    return np.asarray(legendre.legvander(2 * places / (length - 1) - 1, _DEGREE - 1), dtype=np.float64)


@cache
def _moments(length: int, n: float) -> FloatArray:
    """Return the sum of each polynomial of a block over its first n places."""
    if n <= 2 * _DEGREE:
        return _polynomials(np.arange(n), length).sum(axis=0)
    # Gauss's rule for equally heavy whole numbers, by the recurrence of the discrete Chebyshev (Gram) polynomials; in
    # units of n, whose square may be no float any more.
    j = np.arange(1.0, _DEGREE)
    beside = j / 2 * np.sqrt((1 - (j / n) ** 2) / (4 * j * j - 1))
    middle = np.full(_DEGREE, (1 - 1 / n) / 2)
    points, vectors = np.linalg.eigh(np.diag(middle) + np.diag(beside, 1) + np.diag(beside, -1))
    moments: FloatArray = n * vectors[0] ** 2 @ _polynomials(n * points, length)
    return moments
