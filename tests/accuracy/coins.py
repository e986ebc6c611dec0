"""BG/NBD and its kin, by purchases and coins: sums over purchases and events, averages over a customer's coin."""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

from .arithmetic import ENDLESS, integral, log1p, log_beta, log_buying, nb_pmf, nb_tail, ratio_sum, time_integral

_EVENTS = 150_000  # added one by one


class Coins:
    """A coin after each purchase, ``before`` coins before the first repeat purchase; purchases at every k-th event."""

    def __init__(self, before):
        self.before = before

    def _coins(self, p):
        return int(p.get("coin", self.before))

    @staticmethod
    def _stays(p, n):
        """Return E[(1 - p)^n]."""
        return mp.exp(log_beta(p["a"], p["b"] + n) - log_beta(p["a"], p["b"]))

    @staticmethod
    def _leaves(p, n):
        """Return E[p (1 - p)^n]."""
        return mp.exp(log_beta(p["a"] + 1, p["b"] + n) - log_beta(p["a"], p["b"]))

    def terms(self, p, h):
        k, x, litt = int(p.get("k", 1)), h["x"], h.get("litt", mpf(0))
        shared = (k - 1) * litt - x * mp.loggamma(k)
        alive = []
        for j in range(k):
            density = log_buying(p["r"], p["alpha"], k * x + j, h["T"])
            silent = h["T"] - h["t_x"]
            waits = (j * mp.log(silent) if silent > 0 else mpf("-inf")) - mp.loggamma(j + 1) if j else mpf(0)
            alive.append(density + waits + shared + mp.log(self._stays(p, x + self.before)))
        if x + self.before == 0:
            return alive, None
        gone = log_buying(p["r"], p["alpha"], k * x, h["t_x"]) + mp.log(self._leaves(p, x + self.before - 1))
        return alive, gone + shared

    def _purchases(self, p, t, m, *, exactly):
        """Return P(the m-th purchase is made) by who never leaves, or P(exactly m)."""
        k, j, y = int(p.get("k", 1)), int(p.get("phase", 0)), t / p["alpha"]
        if exactly:
            return mp.fsum(nb_pmf(k * m - j + i, p["r"], y) for i in range(k))
        return nb_tail(k * m - j, p["r"], y)

    def pmf(self, p, t, k):
        coins = self._coins(p)
        chance = self._stays(p, k + coins) * self._purchases(p, t, k, exactly=True)
        if k + coins > 0:
            chance += self._leaves(p, k + coins - 1) * self._purchases(p, t, k, exactly=False)
        if k == 0 and coins:
            chance = self._stays(p, 1) * self._purchases(p, t, 0, exactly=True) + self._leaves(p, 0)
        return chance

    def at_least(self, p, t, n):
        return self._stays(p, n - 1 + self._coins(p)) * self._purchases(p, t, n, exactly=False)

    def expected(self, p, t):
        coins = self._coins(p)
        share, b = self._stays(p, coins), p["b"] + coins
        if mp.isinf(t):
            return share * ((p["a"] + b - 1) / (p["a"] - 1) if p["a"] > 1 else mp.inf)
        return share * _expected(int(p.get("k", 1)), int(p.get("phase", 0)), p["r"], t / p["alpha"], p["a"], b)

    def discounted(self, p, delta, horizon):
        coins = self._coins(p)
        share, b, r, alpha = self._stays(p, coins), p["b"] + coins, p["r"], p["alpha"]
        end, k = min(horizon, ENDLESS / delta), int(p.get("k", 1))

        def log_rate(xp, u):
            if xp is not np and k > 1:
                return -delta * u + mp.log(_regular_rate(k, int(p.get("phase", 0)), r, alpha, p["a"], b, u))
            if xp is np:
                lost = float(p["a"] / (p["a"] + b))
                return -float(delta) * u - np.minimum(float(r + 1), float(p["a"])) * np.log1p(lost * u / float(alpha))
            return -delta * u + mp.log(_coin_rate(r, u / alpha, p["a"], b))

        level = 1 if k > 1 else r / alpha
        return share * level * time_integral(log_rate, mpf(0), end, min(alpha, 1 / delta))


def _over_coins(log_f, a, b, centres):
    """Return the average of exp(log_f(xp, log_p, log_q)) over p = 1 - q from Beta(a, b), along the log-odds of p."""
    rough_a, rough_b = float(a), float(b)

    def height(xp, logit):
        if xp is np:
            z = np.log1p(np.exp(-np.abs(logit)))
            log_p, log_q = np.minimum(logit, 0) - z, -np.maximum(logit, 0) - z
            return rough_a * log_p + rough_b * log_q + log_f(np, log_p, log_q)
        log_p, log_q = -log1p(mp.exp(-logit)), -log1p(mp.exp(logit))
        return a * log_p + b * log_q + log_f(mp, log_p, log_q)

    centres = [0.0, float(mp.log(a / b)), *map(float, centres)]
    # Farther out f is a constant, to 10^-dps, and the integrand a plain power of p or of q.
    left, right = min(centres) - 3 * mp.dps, max(centres) + 3 * mp.dps
    tails = mp.exp(height(mp, mpf(left))) / a + mp.exp(height(mp, mpf(right))) / b
    return (integral(height, mpf(left), mpf(right), centres=centres) + tails) * mp.exp(-log_beta(a, b))


def _coin_expectation(r, y, a, b):
    """Return the average over Beta(a, b) of (1 - (1 + p y)^-r) / p, what customers with coin p buy."""
    if y == 0:
        return mpf(0)
    rough_r, rough_y = float(r), float(y)

    def log_bought(xp, log_p, log_q):
        if xp is np:
            return np.log(-np.expm1(-rough_r * np.log1p(np.exp(log_p) * rough_y))) - log_p
        return mp.log(-mp.expm1(-r * log1p(mp.exp(log_p) * y))) - log_p

    return _over_coins(log_bought, a, b, [-mp.log(y), -mp.log(r * y)])


def _coin_rate(r, w, a, b):
    """Return the average over Beta(a, b) of (1 + p w)^-(r + 1), by a series of positive terms or by an integral."""
    if w < 20 and w * max(r + 1, b) < 2_000:
        return mp.exp(-(r + 1) * mp.log1p(w)) * ratio_sum([r + 1, b], [a + b, 1], w / (1 + w))
    rough_r, rough_w = float(r), float(w)

    def log_rate(xp, log_p, log_q):
        if xp is np:
            return -(rough_r + 1) * np.log1p(np.exp(log_p) * rough_w)
        return -(r + 1) * log1p(mp.exp(log_p) * w)

    return _over_coins(log_rate, a, b, [-mp.log(w), -mp.log((r + 1) * w)])


def _expected(k, j, r, y, a, b):
    """Return the sum over m of E[(1 - p)^(m - 1)] P(N >= km - j), or where that is long the average over coins p."""
    mean, spread = float(r * y), float(mp.sqrt(r * y * (1 + y)))
    most = mean + 20 * spread + 2.4 * mp.dps * float(1 + y)
    if most < _EVENTS:
        return _summed(k, j, r, y, a, b)
    if k == 1:
        return _coin_expectation(r, y, a, b)

    def log_bought(xp, log_p, log_q):
        if xp is np:
            return -np.log(np.exp(log_p) + k / mean)
        return mp.log(_every_kth(k, j, r, y, log_q))

    return _over_coins(log_bought, a, b, [mp.log(k / y), -mp.log(r * y)])


def _every_kth(k, j, r, y, log_q):
    """Return the sum over m of q^(m - 1) P(N >= km - j): roots of q pick every k-th event of a generating function."""
    with mp.workprec(mp.prec + 40 + int(min(-log_q * 2, 3_000))):
        root, total = mp.exp(log_q / k), mpf(0)
        for turn in range(k // 2 + 1):  # the others are conjugates
            alone = turn in (0, mpf(k) / 2)
            z = root * ((-1) ** (turn > 0) if alone else mp.expjpi(mpf(2 * turn) / k))
            rest = -mp.expm1(log_q / k) if turn == 0 else 1 - z
            term = z ** (j + 1) / rest * -mp.expm1(-r * mp.log1p(y * rest))
            total += term if alone else 2 * mp.re(term)
        return total / (k * mp.exp(log_q))


def _regular_rate(k, j, r, alpha, a, b, u):
    """Return the rate of purchases at u: each is the event after km - j - 1 others."""
    most = int(mp.ceil(r * u / alpha + 20 * mp.sqrt(r * u / alpha * (1 + u / alpha)) + 2.4 * mp.dps * (1 + u / alpha)))
    total, stays, pmf = mpf(0), mpf(1), nb_pmf(k - j - 1, r, u / alpha)
    share, i = u / (alpha + u), k - j - 1
    for m in range(1, most // k + 2):
        total += stays * (r + i) * pmf
        stays *= (b + m - 1) / (a + b + m - 1)
        for _ in range(k):
            pmf *= (r + i) / (i + 1) * share
            i += 1
    return total / (alpha + u)


def _summed(k, j, r, y, a, b):
    """Return the same over the number N of events, one by one, in whole-number arithmetic."""
    if y == 0:
        return mpf(0)
    bits = mp.prec + 60
    one = 1 << bits
    share = int(mp.ldexp(y / (1 + y), bits))
    r_, a_, b_ = (int(mp.ldexp(v, bits)) for v in (r, a, b))
    bought, stays = [0], one  # what n purchases of who never leaves are worth, and E[(1 - p)^n]

    def worth(n):
        nonlocal stays
        while len(bought) <= n:
            m = len(bought)
            bought.append(bought[-1] + stays)
            stays = stays * (b_ + (m - 1) * one) // (a_ + b_ + (m - 1) * one)
        return bought[n]

    peak = max(int(mp.floor((r - 1) * y)), k - j)  # below k - j nothing is bought
    total, term, i = 0, one, peak
    while term * worth((i + j) // k) > (total >> (bits - 10)) and term:
        total += term * bought[(i + j) // k] >> bits
        term = (term * (r_ + i * one) // ((i + 1) * one)) * share >> bits
        i += 1
    term, i = one, peak
    while i > k - j and term:
        term = (term * (i * one) // (r_ + (i - 1) * one) << bits) // share
        i -= 1
        total += term * bought[(i + j) // k] >> bits
    return mp.ldexp(mpf(total), -bits) * nb_pmf(peak, r, y)
