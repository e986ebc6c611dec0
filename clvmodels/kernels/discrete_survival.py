"""Renewals of customers who leave at whole periods: the sums behind BG/BB, sBG and BdW.

A customer is still there after k periods with probability (1 - theta)^(k^c), theta ~ Beta(gamma, delta), so that
S(k) = B(gamma, delta + k^c) / B(gamma, delta). Whoever has been there for ``age`` periods goes on with
S(age + k) / S(age).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.long_sums import running_sums, to_infinity

_SHIFT = 16  # from here on four terms of Stirling's series leave less than 4e-14 of a decline
_FACTORS = 8  # steps whose product has one logarithm: no float overflows before gamma = 1e38
_STIRLING = ((1, 1 / 12), (3, -1 / 360), (5, 1 / 1260), (7, -1 / 1680))  # (power, coefficient) of 1 / u
_DIGAMMA = ((2, -1 / 12), (4, 1 / 120), (6, -1 / 252), (8, 1 / 240))  # the derivative of that series
_AT_ONE = 1e-200  # stands for gamma - 1 = 0: its quotients are then the limits, to the last digit
_MOST = 700.0  # of c ln t: e^700 = 1e304 is still a number, and reached by c = 20 only after e^35 periods
_ROUNDING = 1e-9  # a time that was reckoned in other units may miss its whole number by this
_FAR = 38.0  # e^-38 = 3e-17: what separates a power law from the survival that has become one
_AGELESS = 600.0  # ln of a time beside which every age is nothing
_CELLS = 500_000  # of sums that are worked on at once: 4 MB an array


def steps(t: Any) -> FloatArray:
    """Return how many whole periods have passed by a time."""
    whole: FloatArray = np.floor(np.asarray(t, dtype=np.float64) + _ROUNDING)
    return whole


def log_decline(gamma: Any, a: Any, d: Any) -> FloatArray:
    r"""Return :math:`\ln B(\gamma, a) / B(\gamma, a + d)`, for gamma > -a and d >= 0 that broadcast.

    It is a difference of two differences of ln Gamma, small where gamma or d is, and taken without cancellation: a
    product of positive steps up to a + 16, and Stirling's series beyond, where each term has the factor gamma d.
    """
    gamma, a, d = (np.asarray(v, dtype=np.float64) for v in (gamma, a, d))
    out: FloatArray = np.zeros(np.broadcast_shapes(gamma.shape, a.shape, d.shape))
    for start in range(0, _SHIFT, _FACTORS):
        grown = np.zeros(out.shape)  # a product of factors, less 1
        for i in range(start, start + _FACTORS):
            u = a + i
            factor = gamma / u * (d / (u + gamma + d))
            grown += factor + grown * factor
        out += np.log1p(grown)
    u = a + _SHIFT
    out += (u - 0.5) * np.log1p(-(gamma / (u + gamma)) * (d / (u + d)))
    out += gamma * np.log1p(d / (u + gamma)) + d * np.log1p(gamma / (u + d))
    return out + _fall(u, gamma, _STIRLING) - _fall(u + d, gamma, _STIRLING)


def _decline_slopes(gamma: FloatArray, a: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the derivatives of ``log_decline`` by gamma, a and d, as free of cancellation as itself."""
    by_gamma, by_a, by_d = (np.zeros(np.broadcast_shapes(gamma.shape, a.shape, d.shape)) for _ in range(3))
    for i in range(_SHIFT):
        u = a + i
        by_gamma += d / (u + gamma) / (u + gamma + d)
        by_d += gamma / (u + d) / (u + gamma + d)
        by_a -= _both_falls(gamma, u, d)
    u = a + _SHIFT
    by_gamma += _digamma_rise(u + gamma, d)
    by_d += _digamma_rise(u + d, gamma)
    by_a += np.log1p(-(gamma / (u + gamma)) * (d / (u + d))) - _both_falls(gamma, u, d) / 2
    by_a += _fall(u, gamma, _DIGAMMA) - _fall(u + d, gamma, _DIGAMMA)
    return by_gamma, by_a, by_d


def _both_falls(gamma: FloatArray, u: FloatArray, d: FloatArray) -> FloatArray:
    """Return 1 / u - 1 / (u + gamma) - 1 / (u + d) + 1 / (u + gamma + d)."""
    falls: FloatArray = gamma / (u + gamma) * (d / (u + d)) * ((2 * u + gamma + d) / (u + gamma + d)) / u
    return falls


def _digamma_rise(u: FloatArray, step: FloatArray) -> FloatArray:
    """Return digamma(u + step) - digamma(u), u at least 16."""
    rise: FloatArray = np.log1p(step / u) + step / u / (u + step) / 2 - _fall(u, step, _DIGAMMA)
    return rise


def _fall(u: FloatArray, step: FloatArray, series: tuple[tuple[int, float], ...]) -> FloatArray:
    """Return by how much a series in 1 / u falls from u to u + step; q^k - p^k = (q - p) (q^(k-1) + ... + p^(k-1))."""
    q, p = 1 / u, 1 / (u + step)
    k, power, powers, total = 1, p, np.ones(()), np.zeros(())
    for last, coefficient in series:
        while k < last:
            powers, power, k = q * powers + power, power * p, k + 1
        total = total + coefficient * powers
    fall: FloatArray = step * p * q * total
    return fall


def _power(t: FloatArray, c: FloatArray) -> FloatArray:
    """Return t^c, 0 at t = 0, and held below 1e304."""
    log_t = np.log(np.where(t > 0, t, 1.0))
    return np.where(t > 0, np.exp(np.minimum(c * log_t, _MOST)), 0.0)


def _ahead(c: FloatArray, age: FloatArray, k: FloatArray) -> FloatArray:
    """Return (age + k)^c - age^c without cancellation."""
    with np.errstate(over="ignore"):
        grown = _power(age, c) * np.expm1(np.minimum(c * np.log1p(k / np.where(age > 0, age, 1.0)), _MOST))
    return np.where(age > 0, np.minimum(grown, np.exp(_MOST)), _power(k, c))


def log_survival(gamma: Any, delta: Any, c: Any, age: Any, k: Any) -> FloatArray:
    """Return ln of the chance that a customer of that age is still there k periods later; k needn't be whole."""
    gamma, delta, c, age, k = (np.asarray(v, dtype=np.float64) for v in (gamma, delta, c, age, k))
    return -log_decline(gamma, delta + _power(age, c), _ahead(c, age, k))


def log_staying(
    gamma: Any, delta: Any, c: Any, t: Any, *, slopes: bool = False
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln of the chance that a new customer is there after t periods, and its derivatives.

    Derivatives are by gamma, delta and c.
    """
    gamma, delta, c, t = (np.asarray(v, dtype=np.float64) for v in (gamma, delta, c, t))
    grown = _power(t, c)
    value = -log_decline(gamma, delta, grown)
    if not slopes:
        return value, ()
    by_gamma, by_delta, by_grown = _decline_slopes(gamma, delta, grown)
    return value, (-by_gamma, -by_delta, -by_grown * grown * np.log(np.where(t > 0, t, 1.0)))


def log_leaving(
    gamma: Any, delta: Any, c: Any, age: Any, *, slopes: bool = False
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln of the chance that a customer of that age leaves at the next renewal point, and its derivatives.

    Derivatives are by gamma, delta and c.
    """
    gamma, delta, c, age = (np.asarray(v, dtype=np.float64) for v in (gamma, delta, c, age))
    grown, step = _power(age, c), _ahead(c, age, np.ones(()))
    decline = log_decline(gamma, delta + grown, step)
    value: FloatArray = np.log(-np.expm1(-decline))
    if not slopes:
        return value, ()
    by_gamma, by_a, by_step = _decline_slopes(gamma, delta + grown, step)
    grown_by_c = grown * np.log(np.where(age > 0, age, 1.0))
    step_by_c = _power(age + 1, c) * np.log1p(age) - grown_by_c
    leaves = 1 / np.expm1(decline)
    return value, (leaves * by_gamma, leaves * by_a, leaves * (by_a * grown_by_c + by_step * step_by_c))


def renewals(gamma: Any, delta: Any, t: Any) -> FloatArray:
    r"""Return S(1) + ... + S(t) for c = 1, with t cut to whole periods; inf for t = inf and gamma <= 1.

    .. math:: \frac{\delta}{\gamma - 1}
              \left[1 - \frac{\Gamma(\gamma+\delta) \Gamma(\delta+1+t)}{\Gamma(\delta+1) \Gamma(\gamma+\delta+t)}\right]

    The bracket is a decline at gamma - 1, so that gamma = 1 is no case of its own.
    """
    gamma, delta = np.asarray(gamma, dtype=np.float64), np.asarray(delta, dtype=np.float64)
    t = np.maximum(steps(t), 0.0)
    above = gamma - 1
    above = np.where(np.abs(above) < _AT_ONE, _AT_ONE, above)
    decline = log_decline(above, delta + 1, np.where(np.isinf(t), 1.0, t))
    whole_life = np.where(above > _AT_ONE, delta / above, np.inf)
    return np.where(np.isinf(t), whole_life, -delta * np.expm1(-decline) / above) + 0.0  # and no -0.0


def ageing_renewals(gamma: Any, delta: Any, c: Any, age: Any, t: Any) -> FloatArray:
    """Return S(age + 1) / S(age) + ... + S(age + t) / S(age) for any c; inf where the whole life has no mean.

    Times share their terms: t may have axes in front of those of the parameters, or be one for all.
    """
    values = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (gamma, delta, c, age)))
    shape = np.broadcast_shapes(values[0].shape, np.shape(t))
    columns = [v.reshape(-1) for v in (np.broadcast_to(v, shape[len(shape) - values[0].ndim :]) for v in values)]
    times = np.broadcast_to(np.maximum(steps(t), 0.0), shape).reshape(-1, len(columns[0]))
    ends, place = np.unique(times, return_inverse=True)
    out = np.empty((len(columns[0]), len(ends)))
    finite = np.isfinite(ends)
    k, weights = running_sums(ends[finite])
    for part in _parts(len(out), len(k)):
        gamma, delta, c, age = (v[part, None] for v in columns)
        out[part, : finite.sum()] = np.exp(log_survival(gamma, delta, c, age, k)) @ weights.T
        if not finite.all():
            out[part, -1] = _whole_life(gamma[:, 0], delta[:, 0], c[:, 0], age[:, 0])
    return out[np.arange(len(out)), place.reshape(times.shape)].reshape(shape)


def _whole_life(gamma: FloatArray, delta: FloatArray, c: FloatArray, age: FloatArray) -> FloatArray:
    """Return the sum over all renewals ahead; inf where S falls no faster than 1 / k, or no float holds it."""
    out: FloatArray = np.full(len(gamma), np.inf)
    grown = _power(age, c)
    for i in np.flatnonzero(c * gamma > 1):

        def log_stays(log_k: FloatArray, i: int = int(i)) -> FloatArray:
            k = np.exp(np.minimum(log_k, _AGELESS))
            grown_ahead = np.exp(np.minimum(c[i] * log_k, _MOST)) - grown[i]
            ahead = np.where(log_k < _AGELESS, _ahead(c[i], age[i], k), grown_ahead)
            return -log_decline(gamma[i], delta[i] + grown[i], ahead)

        log_far = (_FAR + np.log1p(gamma[i] * (gamma[i] + 2 * (delta[i] + 1)))) / c[i]
        out[i] = to_infinity(log_stays, log_far, c[i] * gamma[i], age[i])
    return out


def _parts(rows: int, terms: int) -> Iterator[slice]:
    size = max(1, _CELLS // max(terms, 1))
    yield from (slice(start, start + size) for start in range(0, rows, size))


def renewal_pmf(gamma: Any, delta: Any, c: Any, age: Any, t: Any, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n) of the renewals ahead; shape (n + 1, *broadcast)."""
    t = steps(t)
    shape = np.broadcast_shapes(*(np.shape(v) for v in (gamma, delta, c, age, t)))
    k = np.arange(n + 1.0).reshape(-1, *(1,) * len(shape))
    age = np.asarray(age, dtype=np.float64)
    stays = np.exp(log_survival(gamma, delta, c, age, k))
    leaves = np.exp(log_leaving(gamma, delta, c, age + k)[0])
    out = np.empty((n + 1, *shape))
    out[:] = np.where(k < t, stays * leaves, np.where(k == t, stays, 0.0))
    out[n] = np.where(n <= t, stays[n], 0.0)
    return out


def at_least(gamma: Any, delta: Any, c: Any, age: Any, t: Any, n: Any) -> FloatArray:
    """Return P(n renewals or more) until t, n at least 1, for inputs that broadcast."""
    return np.where(n <= steps(t), np.exp(log_survival(gamma, delta, c, age, n)), 0.0)


def n_renewals(gamma: float, delta: float, c: float, T: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw how many of the renewals until T each customer makes."""
    theta = rng.beta(gamma, delta, len(T))
    with np.errstate(divide="ignore"):
        life = (np.log(rng.random(len(T))) / np.log1p(-theta)) ** (1 / c)
    return np.minimum(np.floor(life), steps(T))


def one_a_period(n: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return customer and time of purchases at 1, 2, ..., n of each customer."""
    counts = n.astype(np.int64)
    customer: IntArray = np.repeat(np.arange(len(n)), counts)
    nth = np.arange(len(customer)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return customer, nth.astype(np.float64)
