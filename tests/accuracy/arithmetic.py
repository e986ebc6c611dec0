"""Sums and integrals to many digits, from definitions: nothing here is shared with the package.

Everything runs at the precision mpmath is set to; ``settled`` raises it until two precisions agree.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from mpmath import mp, mpf

PRECISIONS = (30, 45, 70, 110, 170, 260, 400, 800)  # decimal digits, the next one where the last two don't agree
AGREE = 17  # digits in which two precisions have to agree: three more than a float holds with certainty
ENDLESS = 130  # e^-130 = 1e-56: what a discounted time of that many times 1 / delta is worth
_GRID = 200  # places at which an integrand is looked at to find where it is worth something
_FALL = 20.0  # of the logarithm of an integrand on one panel
_NEAR = 1e-3  # beside 1; what is lost there is less than what two precisions would tell
_LONGEST = 2.5  # panel on a logarithmic scale, whose singularities are pi away


class UnsettledError(ArithmeticError):
    """Two precisions never agreed."""


class EXACT:
    """The functions of mpmath that integrands use, as NumPy names them."""

    exp, log = staticmethod(mp.exp), staticmethod(mp.log)

    @staticmethod
    def log1p(x):
        return log1p(x)

    @staticmethod
    def expm1(x):
        return expm1(x)


def settled(value, *, digits=AGREE, precisions=PRECISIONS):
    """Return value() at the first precision that agrees with the one before."""
    before = None
    for dps in precisions:
        with mp.workdps(dps):
            now = value()
            if before is not None and (now == before or abs(now - before) <= abs(now) * mpf(10) ** -digits):
                return now
        before = now
    raise UnsettledError(f"no {digits} digits at {precisions[-1]}: {mp.nstr(before, 20)}")


def ratio_sum(tops, bottoms, z=1, n=None):
    """Return the sum over i < n of the product over j < i of z (top + j) ... / (bottom + j) ..., all positive.

    Whole-number arithmetic with a fixed point; without n it runs until nothing is added.
    """
    bits = mp.prec + 40
    one = 1 << bits
    tops, bottoms = [[int(mp.ldexp(mpf(v), bits)) for v in side] for side in (tops, bottoms)]
    z = int(mp.ldexp(mpf(z), bits))
    term = total = one
    i = 1
    while n is None or i < n:
        before = term
        if z != one:
            term = term * z >> bits
        for j in range(len(tops)):
            term = term * tops[j] // bottoms[j]
            tops[j] += one
            bottoms[j] += one
        total += term
        i += 1
        if term < before and (term == 0 or (n is None and term < total >> bits)):
            break
    return mp.ldexp(mpf(total), -bits)


def log1p(x):
    """Return ln(1 + x); mpmath's own takes three times as long where nothing cancels."""
    return mp.log(1 + x) if x > _NEAR else mp.log1p(x)


def expm1(x):
    """Return e^x - 1."""
    return mp.exp(x) - 1 if abs(x) > _NEAR else mp.expm1(x)


def log_beta(a, b):
    """Return ln B(a, b)."""
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta_cdf(x, rest, a, b):
    """Return P(Beta(a, b) <= x), rest = 1 - x; by the series of positive terms that is shorter."""
    if x <= 0 or rest <= 0:
        return mpf(0) if x <= 0 else mpf(1)
    log_front = a * mp.log(x) + b * mp.log(rest) - log_beta(a, b)
    deep = x * (a + b) < a and log_front < -mp.prec / 2  # 1 less the other side would cancel
    below, above = _terms(x, a, b), _terms(rest, b, a)
    if deep or below < 5_000 or below <= above:
        return beta_cdf_series(x, rest, a, b)
    return 1 - beta_cdf_series(rest, x, b, a)


def beta_cdf_series(x, rest, a, b):
    """Return P(Beta(a, b) <= x) by its own series, however long it is."""
    front = mp.exp(a * mp.log(x) + b * mp.log(rest) - log_beta(a, b)) / a
    return front * ratio_sum([a + b], [a + 1], x)


def _terms(x, a, b):
    """Return about how many terms the series for P(Beta(a, b) <= x) takes."""
    x, a, b, far = float(x), float(a), float(b), 0.7 * mp.prec
    first = x * (a + b) / (a + 1)
    rise = max(0.0, (x * (a + b) - a - 1) / max(1 - x, 1e-300))
    steepest = max(first, x)
    by_ratio = far / -np.log(steepest) if steepest < 1 else np.inf
    by_bend = np.sqrt(2 * far * (a + b) * (a + 1) / (b - 1)) if b > 1 else np.inf
    return 2 * rise + min(by_ratio, by_bend, far / -np.log(min(x, 1 - 1e-16)))


def log_buying(r, alpha, x, until):
    """Return ln of the density of x events at given times, at a rate that follows Gamma(r, rate alpha)."""
    return mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) - (r + x) * mp.log(alpha + until)


def nb_pmf(k, r, y):
    """Return P(N = k) of a Poisson number with mean y Gamma(r, 1)."""
    if k < 0:
        return mpf(0)
    if y == 0:
        return mpf(k == 0)
    log_ways = mp.loggamma(r + k) - mp.loggamma(r) - mp.loggamma(k + 1)
    return mp.exp(log_ways - (r + k) * mp.log1p(y) + k * mp.log(y))


def nb_tail(n, r, y):
    """Return P(N >= n) of a Poisson number with mean y Gamma(r, 1)."""
    return mpf(1) if n <= 0 else beta_cdf(y / (1 + y), 1 / (1 + y), mpf(n), r)


@cache
def _legendre(n, dps):
    """Return points in (-1, 1) and weights of Gauss-Legendre, by Newton's steps from the rule in floats."""
    with mp.workdps(dps + 10):
        points, weights = [], []
        for start in np.polynomial.legendre.leggauss(n)[0]:
            x = mpf(float(start))
            for _ in range(2 + int(np.log2(dps / 14))):
                before, value = mpf(1), x
                for j in range(2, n + 1):
                    before, value = value, ((2 * j - 1) * x * value - (j - 1) * before) / j
                slope = n * (x * value - before) / (x * x - 1)
                x -= value / slope
            points.append(x)
            weights.append(2 / ((1 - x * x) * slope * slope))
        return points, weights


def gauss(f, start, stop):
    """Return the integral of f from start to stop by one rule."""
    points, weights = _legendre(int(8 + 0.6 * mp.dps), mp.dps)
    half = (stop - start) / 2
    return half * mp.fdot((w, f(start + half * (x + 1))) for x, w in zip(points, weights, strict=True))


def integral(height, start, stop, *, bends=(), centres=(), longest=_LONGEST):
    """Return the integral of exp(height) from start to stop, cut where it changes.

    ``height(xp, u)`` runs with xp = mpmath on numbers and, roughly, with xp = NumPy on arrays. Panels end at ``bends``;
    they are no longer than ``longest`` or, where ``centres`` are named, the longer the farther these are.
    """
    left, right = float(start), float(stop)
    with np.errstate(all="ignore"):
        for _ in range(12):  # each look is closer
            u = np.linspace(left, right, _GRID)
            h = _heights(height, u)
            worth = np.flatnonzero(h > np.max(h) - 2.4 * mp.dps - 5)
            if not len(worth):
                return mpf(0)
            first, last = max(worth[0] - 1, 0), min(worth[-1] + 1, _GRID - 1)
            left, right = u[first], u[last]
            if last - first > _GRID // 4:
                break
        cuts = _cuts(height, left, right, bends, centres, longest)
    cuts = [mpf(float(cut)) for cut in cuts]
    cuts[0] = start if left == float(start) else cuts[0]
    cuts[-1] = stop if right == float(stop) else cuts[-1]
    return mp.fsum(gauss(lambda x: mp.exp(height(mp, x)), cuts[i], cuts[i + 1]) for i in range(len(cuts) - 1))


def _heights(height, u):
    h = np.asarray(height(np, u), dtype=float)
    return np.where(h > -np.inf, h, -np.inf)


def _cuts(height, left, right, bends, centres, longest):
    """Return the ends of panels on which the integrand neither falls far nor comes near what bends it."""
    inside = sorted({left, right, *(v for v in (*bends, *centres) if left < v < right)})
    cuts = [left]
    while cuts[-1] < right:
        here = cuts[-1]
        away = min((abs(here - v) for v in centres), default=0.0)
        ahead = min((v - here for v in centres if v > here), default=np.inf)
        most = max(longest, away if away < ahead else away / 2)
        following = min(v for v in inside if v > here)
        cuts.append(following if following - here <= 1.2 * most else here + most)
    parts = [left]
    for start, stop in pairwise(cuts):
        h = _heights(height, np.linspace(start, stop, 17))
        h = h[np.isfinite(h)]
        fall = np.sum(np.abs(np.diff(h))) if len(h) > 1 else 0.0
        parts += list(np.linspace(start, stop, int(np.clip(np.ceil(fall / _FALL), 1, 200)) + 1)[1:])
    return parts


def time_integral(log_f, lower, upper, scale, *, bends=()):
    """Return the integral of exp(log_f(xp, y)) over times, along u = ln((scale + y) / (scale + lower))."""
    if not upper > lower:
        return mpf(0)
    origin = scale + lower

    def height(xp, u):
        if xp is np:
            return log_f(np, float(lower) + float(origin) * np.expm1(u)) + u
        return log_f(EXACT, lower + origin * expm1(u)) + u

    places = [float(mp.log1p((mpf(y) - lower) / origin)) for y in bends if lower < y < upper]
    return origin * integral(height, mpf(0), mp.log1p((upper - lower) / origin), bends=places)


def smooth_sum(log_f, first, last, *, alone, rest=None, longest=_LONGEST):
    """Return the sum of exp(log_f(z)) over z = first, first + 1, ..., last, by Abel and Plana beyond ``alone`` terms.

    ``log_f(xp, z, log_z)`` is analytic right of first + alone, for NumPy rough. ``last`` may be infinite: then the
    integral ends at ``rest[0]``, a logarithm of z, and ``rest[1]`` is what lies beyond.
    """

    def f(z):
        return mp.exp(log_f(mp, z, mp.log(z)))

    count = last - first + 1
    total = mpf(0)
    for i in range(int(min(count, alone))):
        term = f(first + i)
        total += term
        if term * 1e9 < total * mpf(10) ** -mp.dps and log_f(mp, first + i, mp.log(first + i)) < 0:
            return total
    if count <= alone:
        return total
    start, stop = first + alone, last
    log_stop, beyond = rest if mp.isinf(stop) else (mp.log(stop), mpf(0))

    def height(xp, u):
        return log_f(xp, xp.exp(u), u) + u

    total += integral(height, mp.log(start), log_stop, longest=longest) + beyond + f(start) / 2
    total -= _bend(f, start)
    if not mp.isinf(stop):
        total += f(stop) / 2 + _bend(f, stop)
    return total


def _bend(f, z):
    """Return 2 times the integral over y > 0 of Im f(z + iy) / (e^(2 pi y) - 1)."""
    edges = [mpf(0), mpf(1), mpf(3), mpf(6), mpf(10)]
    while edges[-1] * 2 * mp.pi < 2.4 * mp.dps:
        edges.append(edges[-1] + 5)
    if f(z) == 0:
        return mpf(0)
    return 2 * mp.fsum(
        gauss(lambda y: mp.im(f(mp.mpc(z, y))) / mp.expm1(2 * mp.pi * y), edges[i], edges[i + 1])
        for i in range(len(edges) - 1)
    )
