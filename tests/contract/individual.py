"""What each model says of a single customer whose rates are known, and sums over customers by brute force.

Written from the models' stories and not from their closed forms: what a closed form says of the base must be the
average over these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

_NODES = 600  # of the trapezoidal rule, on a scale on which integrands fall off on both sides
_CUT = 27.0  # e^-27 = 2e-12 of a distribution is left out


@dataclass(frozen=True)
class Individual:
    """A customer whose latent values are known; every function takes these first.

    ``laws`` gives the latent values' distributions for parameters; ``alive`` and ``gone`` are the densities of a
    history;
    ``ahead`` and ``chance`` are the expected number and P(k) of purchases within t of a customer alive at T.
    """

    laws: Callable
    alive: Callable
    gone: Callable
    ahead: Callable
    chance: Callable


def gamma(shape, rate):
    """Return nodes and weights that average over a gamma distribution."""
    u = np.linspace(
        np.log(shape / rate) - _CUT / min(shape, 1) - 2, np.log((shape + 30 + 9 * np.sqrt(shape)) / rate), _NODES
    )
    density = np.exp(shape * (u + np.log(rate)) - rate * np.exp(u) - special.gammaln(shape))
    return np.exp(u), density * (u[1] - u[0])


def beta(a, b):
    """Return nodes and weights that average over a beta distribution."""
    logit = np.linspace(np.log(a / b) - _CUT / min(a, 1) - 2, np.log(a / b) + _CUT / min(b, 1) + 2, _NODES)
    density = np.exp(a * -np.logaddexp(0, -logit) + b * -np.logaddexp(0, logit) - special.betaln(a, b))
    return special.expit(logit), density * (logit[1] - logit[0])


def average(laws, function):
    """Return the mean of a function of the latent values, which are independent."""
    if len(laws) == 1:
        nodes, weights = laws[0]
        return float(weights @ function(nodes))
    (first, first_weights), (second, second_weights) = laws
    return float(first_weights @ function(first[:, None], second[None, :]) @ second_weights)


def buys(lam, x, until):
    """Return the density of x purchases at given times until then, at rate lam."""
    return np.exp(x * np.log(lam) - lam * until)


def stays(p, n):
    """Return the chance that n coins let a customer stay."""
    return np.exp(n * np.log1p(-np.minimum(p, 1 - 1e-16)))


def _coin_laws(q):
    return gamma(q["r"], q["alpha"]), beta(q["a"], q["b"])


def _coin_chance(q, h, t, k, lam, p):
    bought = stats.poisson.pmf(k, lam * t)
    left = 0.0 if k == 0 else p * stays(p, k - 1) * special.gammainc(k, lam * t)
    return stays(p, k) * bought + left


def _coins(first):
    """Return the customer who throws a coin after each purchase, ``first`` of them before the first repeat one."""
    return Individual(
        _coin_laws,
        lambda q, h, lam, p: buys(lam, h["x"], h["T"]) * stays(p, h["x"] + first),
        lambda q, h, lam, p: (
            buys(lam, h["x"], h["t_x"]) * p * stays(p, h["x"] + first - 1) if h["x"] + first else 0.0 * lam * p
        ),
        lambda q, h, t, lam, p: -np.expm1(-lam * p * t) / p,
        _coin_chance,
    )


def _regular_alive(first):
    def alive(q, h, lam, p):
        k, x, wait = int(q["k"]), h["x"], h["T"] - h["t_x"]
        waiting = sum((lam * wait) ** j / special.factorial(j) for j in range(k))
        density = buys(lam, k * x, h["T"]) * np.exp((k - 1) * h["litt"] - x * special.gammaln(k))
        return density * waiting * stays(p, x + first)

    return alive


def _regular_gone(first):
    def gone(q, h, lam, p):
        k, x = int(q["k"]), h["x"]
        if x + first == 0:
            return 0.0 * lam * p
        density = buys(lam, k * x, h["t_x"]) * np.exp((k - 1) * h["litt"] - x * special.gammaln(k))
        return density * p * stays(p, x + first - 1)

    return gone


def _phases(q, h, lam):
    """Return the chance of each phase of waiting at T of a customer alive then."""
    terms = np.array([(lam * (h["T"] - h["t_x"])) ** j / special.factorial(j) for j in range(int(q["k"]))])
    return terms / terms.sum(axis=0)


def _regular_ahead(q, h, t, lam, p):
    k = int(q["k"])
    reached = [
        sum(share * special.gammainc(k * m - j, lam * t) for j, share in enumerate(_phases(q, h, lam)))
        for m in range(1, 120)
    ]
    return sum(stays(p, m) * chance for m, chance in enumerate(reached))


def _regular_chance(q, h, t, n, lam, p):
    k = int(q["k"])

    def at_least(m):
        if m == 0:
            return 1.0 + 0.0 * lam
        return sum(share * special.gammainc(k * m - j, lam * t) for j, share in enumerate(_phases(q, h, lam)))

    left = 0.0 if n == 0 else p * stays(p, n - 1) * at_least(n)
    return stays(p, n) * (at_least(n) - at_least(n + 1)) + left


def _regular(first):
    return Individual(_coin_laws, _regular_alive(first), _regular_gone(first), _regular_ahead, _regular_chance)


def _fading_gone(q, h, lam, mu):
    both = lam + mu
    waited = -np.expm1(-both * (h["T"] - h["t_x"]))
    return np.exp(h["x"] * np.log(lam) - both * h["t_x"]) * mu / both * waited


def _fading_chance(q, h, t, k, lam, mu):
    left = (lam / (lam + mu)) ** k * mu / (lam + mu) * special.gammainc(k + 1, (lam + mu) * t)
    return np.exp(-mu * t) * stats.poisson.pmf(k, lam * t) + left


def _over_time(function, lower, upper):
    points, weights = np.polynomial.legendre.leggauss(40)
    half = (upper - lower) / 2
    return sum(w * half * function(lower + half * (z + 1)) for z, w in zip(points, weights, strict=True))


def _aging_survival(q, eta, start, y):
    """Return the chance to be there y after age ``start``, given one is there then."""
    return np.exp(-eta * np.exp(q["b"] * start) * np.expm1(q["b"] * y))


def _aging_gone(q, h, lam, eta):
    def leaves(y):
        return buys(lam, h["x"], y) * eta * q["b"] * np.exp(q["b"] * y) * _aging_survival(q, eta, 0.0, y)

    return _over_time(leaves, h["t_x"], h["T"])


def _aging_chance(q, h, t, k, lam, eta):
    def leaves(y):
        hazard = eta * q["b"] * np.exp(q["b"] * (h["T"] + y))
        return stats.poisson.pmf(k, lam * y) * hazard * _aging_survival(q, eta, h["T"], y)

    there = _aging_survival(q, eta, h["T"], t) * stats.poisson.pmf(k, lam * t)
    return there + _over_time(leaves, 0.0, t)


def _opportunities_gone(q, h, p, theta):
    missed = range(int(h["T"] - h["t_x"]))
    return (
        sum(p ** h["x"] * stays(p, h["t_x"] - h["x"] + i) * theta * stays(theta, h["t_x"] + i) for i in missed)
        + 0.0 * p * theta
    )


def _opportunities_chance(q, h, t, k, p, theta):
    there = [theta * stays(theta, i) * stats.binom.pmf(k, i, p) for i in range(int(t))]
    return sum(there) + stays(theta, t) * stats.binom.pmf(k, int(t), p)


def _renewing(power):
    """Return the customer who renews until age n with chance (1 - theta)^(n^c)."""

    def there(q, theta, n):
        return stays(theta, n ** power(q))

    def later(q, h, theta, n):
        return stays(theta, (h["T"] + n) ** power(q) - h["T"] ** power(q))

    return Individual(
        lambda q: (beta(q["gamma"], q["delta"]),),
        lambda q, h, theta: there(q, theta, h["T"]) if h["t_x"] == h["T"] else 0.0 * theta,
        lambda q, h, theta: (
            there(q, theta, h["t_x"]) - there(q, theta, h["t_x"] + 1) if h["t_x"] < h["T"] else 0.0 * theta
        ),
        lambda q, h, t, theta: sum(later(q, h, theta, n) for n in range(1, int(t) + 1)),
        lambda q, h, t, k, theta: later(q, h, theta, k) - (later(q, h, theta, k + 1) if k < t else 0.0),
    )


INDIVIDUALS = {
    "nbd": Individual(
        lambda q: (gamma(q["r"], q["alpha"]),),
        lambda q, h, lam: buys(lam, h["x"], h["T"]),
        lambda q, h, lam: 0.0 * lam,
        lambda q, h, t, lam: lam * t,
        lambda q, h, t, k, lam: stats.poisson.pmf(k, lam * t),
    ),
    "bgnbd": _coins(0),
    "mbgnbd": _coins(1),
    "bgcnbd": _regular(0),
    "mbgcnbd": _regular(1),
    "paretonbd": Individual(
        lambda q: (gamma(q["r"], q["alpha"]), gamma(q["s"], q["beta"])),
        lambda q, h, lam, mu: buys(lam, h["x"], h["T"]) * np.exp(-mu * h["T"]),
        _fading_gone,
        lambda q, h, t, lam, mu: lam * -np.expm1(-mu * t) / mu,
        _fading_chance,
    ),
    "ggomnbd": Individual(
        lambda q: (gamma(q["r"], q["alpha"]), gamma(q["s"], q["beta"])),
        lambda q, h, lam, eta: buys(lam, h["x"], h["T"]) * _aging_survival(q, eta, 0.0, h["T"]),
        _aging_gone,
        lambda q, h, t, lam, eta: lam * _over_time(lambda y: _aging_survival(q, eta, h["T"], y), 0.0, t),
        _aging_chance,
    ),
    "bgbb": Individual(
        lambda q: (beta(q["alpha"], q["beta"]), beta(q["gamma"], q["delta"])),
        lambda q, h, p, theta: p ** h["x"] * stays(p, h["T"] - h["x"]) * stays(theta, h["T"]),
        _opportunities_gone,
        lambda q, h, t, p, theta: p * sum(stays(theta, i) for i in range(1, int(t) + 1)),
        _opportunities_chance,
    ),
    "sbg": _renewing(lambda q: 1.0),
    "bdw": _renewing(lambda q: q["c"]),
}
