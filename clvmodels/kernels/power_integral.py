r"""The integral of two powers, by which a customer who leaves in silence is accounted for.

.. math:: I = \int_{lower}^{upper} (\alpha+y)^{-A} (\beta+y)^{-B} \, dy

The textbooks write it as a difference of two hypergeometric functions, which overflow, lose their digits or don't
converge where alpha and beta lie far apart or A is large. Here the integrand is looked at along u = ln(c + y), c the
smaller of alpha and beta: there its logarithm is concave, and its nearest singularity is at least pi away from the
real line, so that few Gauss-Legendre nodes take it to the last digit. How few depends on the length of the interval
and on how far the integrand falls in it.
"""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.kernels.quadrature import gauss_legendre

_CUT = 37.0  # e^-37 = 1e-16: what the integrand is worth less than, beside its top, is left out
_NEWTON_STEPS = 6  # a cut that isn't found to the end leaves the interval longer than needed, never too short
_RULES = np.array([8, 12, 16, 20, 28, 48, 160])
_PART = 4_096  # rows at a time: a dozen arrays of 32 kB stay in the processor's cache and in the allocator's hands
_CELLS = 20_000  # nodes x rows that are worked on at once: 0.16 MB an array stays in the processor's cache


def log_power_integral(
    A: AnyArray,
    alpha: AnyArray,
    B: AnyArray,
    beta: AnyArray,
    lower: AnyArray,
    upper: AnyArray,
    *,
    slopes: bool = False,
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln I and, where asked, its derivatives by A, alpha, B, beta; inputs broadcast.

    Relative error of I below 1e-11 for A and B up to several thousand; -inf where upper doesn't exceed lower.
    """
    inputs = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (A, alpha, B, beta, lower, upper)))
    shape = inputs[0].shape
    rows = [v.ravel() for v in inputs]
    out = np.zeros((5 if slopes else 1, len(rows[0])))
    for start in range(0, len(rows[0]), _PART):
        part = slice(start, start + _PART)
        out[:, part] = _of_rows(*(v[part] for v in rows), slopes=slopes)
    return out[0].reshape(shape), tuple(v.reshape(shape) for v in out[1:])


def _of_rows(
    A: FloatArray,
    alpha: FloatArray,
    B: FloatArray,
    beta: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    slopes: bool,
) -> list[FloatArray]:
    """Return ln I and, where asked, its four derivatives."""
    swapped = beta < alpha
    near, far = np.where(swapped, beta, alpha) + lower, np.where(swapped, alpha, beta) + lower
    P, Q = np.where(swapped, B, A), np.where(swapped, A, B)  # powers of the nearer and of the farther origin
    share = near / far
    with np.errstate(divide="ignore", invalid="ignore"):
        start, stop, fall = _window(P, Q, share, np.log1p((upper - lower) / near))
    log_sum = np.full(len(A), -np.inf)
    moments = np.zeros((4, len(A)))
    # Checked against 400 nodes on 200,000 random cases: the error stays below 1e-12.
    needed = 4 + 2.6 * np.sqrt(fall) + 1.8 * (stop - start)
    rule = np.minimum(np.searchsorted(_RULES, needed), len(_RULES) - 1)
    rule[~(upper > lower)] = -1
    for i, n in enumerate(_RULES):
        found = np.flatnonzero(rule == i)
        size = _CELLS // int(n)
        for rows in (found[j : j + size] for j in range(0, len(found), size)):
            log_sum[rows], moments[:, rows] = _sums(
                int(n), P[rows], Q[rows], share[rows], start[rows], stop[rows], slopes=slopes
            )
    with np.errstate(divide="ignore"):
        log_near, log_far = np.log(near), np.log(far)
    value = log_sum + (1 - P) * log_near - Q * log_far
    if not slopes:
        return [value]
    mean_log_near, mean_log_far, mean_near, mean_far = moments
    by_P, by_near = -mean_log_near - log_near, -P * mean_near / near
    by_Q, by_far = -mean_log_far - log_far, -Q * mean_far / far
    return [
        value,
        np.where(swapped, by_Q, by_P),
        np.where(swapped, by_far, by_near),
        np.where(swapped, by_P, by_Q),
        np.where(swapped, by_near, by_far),
    ]


def _window(
    P: FloatArray, Q: FloatArray, share: FloatArray, length: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return where, between 0 and length, the integrand is worth something, and how far its logarithm falls there.

    Counting u from the lower end, the logarithm of the integrand is (1 - P) u - Q ln(1 + share (e^u - 1)).
    """

    def height(u: FloatArray, rows: IntArray | slice) -> FloatArray:
        tall: FloatArray = (1 - P[rows]) * u - Q[rows] * np.log1p(share[rows] * np.expm1(u))
        return tall

    def slope(u: FloatArray, rows: IntArray) -> FloatArray:
        steep: FloatArray = (1 - P[rows]) - Q[rows] / (1 + (1 / share[rows] - 1) * np.exp(-u))
        return steep

    everywhere = slice(None)
    wanted = (1 - P) / Q  # the share that the farther power has at the top; none is inside for P >= 1
    top = np.where(wanted > 0, np.log(wanted * (1 - share) / (share * (1 - wanted))), 0.0)
    top = np.clip(np.where(np.isnan(top) | (wanted >= 1), np.where(wanted > 0, np.inf, 0.0), top), 0.0, length)
    peak = height(top, everywhere)
    ends = []
    for end in (np.zeros_like(length), length):
        place = end.copy()
        drop = peak - height(place, everywhere)
        deep = np.flatnonzero(drop > _CUT)
        for _ in range(_NEWTON_STEPS if len(deep) else 0):
            # The logarithm is concave: a Newton step from outside never passes the place that is looked for.
            place[deep] += (drop[deep] - _CUT) / slope(place[deep], deep)
            drop[deep] = peak[deep] - height(place[deep], deep)
        ends.append((place, drop))
    (start, rise), (stop, fall) = ends
    return start, stop, rise + fall


def _sums(
    n: int, P: FloatArray, Q: FloatArray, share: FloatArray, start: FloatArray, stop: FloatArray, *, slopes: bool
) -> tuple[FloatArray, FloatArray]:
    """Return ln of the integral, in units of its value at the lower end, and the means that its derivatives are."""
    points, weights = gauss_legendre(n)
    half = (stop - start) / 2
    u = start + half * (points[:, None] + 1)
    grown = np.expm1(u)
    far = share * grown
    log_far = np.log1p(far)
    log_height = (1 - P) * u - Q * log_far
    peak = log_height.max(axis=0)
    mass = np.exp(log_height - peak)
    total = np.einsum("k,kr->r", weights, mass)  # no matrix product: waking its threads takes longer than the sum
    log_sum = np.log(total * half) + peak
    if not slopes:
        return log_sum, np.zeros((4, len(P)))
    mass *= weights[:, None] / total
    means = [np.einsum("kr,kr->r", mass, v) for v in (u, log_far, 1 / (1 + grown), 1 / (1 + far))]
    return log_sum, np.array(means)
