"""Models of steps: sums over renewals and opportunities."""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

from .arithmetic import ENDLESS, log_beta, ratio_sum, smooth_sum

_FEW = 2_000  # steps that are added one by one


class Renewals:
    """sBG and BdW: there after k renewal points with the average of (1 - theta)^(k^c)."""

    def _log_stays(self, p, now, then, log_then=None, xp=mp):
        """Return ln P(there after ``then`` periods | there after ``now``)."""
        gamma, delta, c = p["gamma"], p["delta"], p.get("c", mpf(1))
        if xp is np:
            begun = float(delta) + float(now) ** float(c)
            with np.errstate(over="ignore"):
                return _rough(float(gamma), begun) - _rough(float(gamma), float(delta) + np.exp(float(c) * log_then))
        size = max(0.0, float(mp.mag(then)) * float(c)) if then else 0.0
        with mp.workprec(mp.prec + int(min(size, 4_000))):
            begun, grown = delta + (now**c if now else 0), delta + (then**c if then else 0)
            falls = mp.loggamma(grown) - mp.loggamma(grown + gamma)
            return falls - mp.loggamma(begun) + mp.loggamma(begun + gamma)

    def terms(self, p, h):
        if h["t_x"] == h["T"]:
            return [self._log_stays(p, mpf(0), h["T"])], None
        stays, again = (self._log_stays(p, mpf(0), h["t_x"] + i) for i in (0, 1))
        return [mpf("-inf")], stays + mp.log(-mp.expm1(again - stays))

    def pmf(self, p, t, k):
        age = p.get("age", mpf(0))
        if k > t:
            return mpf(0)
        stays = self._log_stays(p, age, age + k)
        if k == t:
            return mp.exp(stays)
        return -mp.exp(stays) * mp.expm1(self._log_stays(p, age + k, age + k + 1))

    def at_least(self, p, t, n):
        age = p.get("age", mpf(0))
        return mp.exp(self._log_stays(p, age, age + n)) if n <= t else mpf(0)

    def expected(self, p, t):
        return self.discounted(p, mpf(0), t)

    def discounted(self, p, delta, horizon):
        gamma, c, age = p["gamma"], p.get("c", mpf(1)), p.get("age", mpf(0))
        end = min(horizon, mp.ceil(ENDLESS / delta)) if delta else horizon
        if mp.isinf(end) and c * gamma <= 1:
            return mp.inf
        if c == 1 and mp.isinf(end):
            return (p["delta"] + age) / (gamma - 1)
        if c == 1 and end <= _FEW:
            start = p["delta"] + age
            first = start / (gamma + start) * mp.exp(-delta)
            return first * ratio_sum([start + 1], [gamma + start + 1], mp.exp(-delta), int(end)) if end else mpf(0)

        def log_f(xp, z, log_z):
            off = float(delta) * (z - float(age)) if xp is np else delta * (z - age)
            return self._log_stays(p, age, z, log_z, xp) - (off if delta else 0)

        rest = self._beyond(p, c, gamma, age) if mp.isinf(end) else None
        return smooth_sum(
            log_f, age + 1, age + end, alone=int(64 + 30 * c), rest=rest, longest=2.5 / min(1.0, float(c))
        )

    def _beyond(self, p, c, gamma, age):
        """Return ln of a time far out, and the integral beyond it from two terms of the power law."""
        d = p["delta"]
        log_v = mp.dps * mp.log(10) / 2 + mp.log(1 + gamma * (gamma + 2 * d)) + mp.log(1 + gamma + d)
        log_z, v = log_v / c, mp.exp(log_v)
        one = gamma * (1 - gamma - 2 * d) / 2
        begun = d + (age**c if age else 0)
        level = mp.loggamma(begun + gamma) - mp.loggamma(begun)
        power = c * gamma - 1
        tail = mp.exp(level - gamma * log_v + log_z) * (1 / power + one / v / (power + c))
        return log_z, tail


def _rough(gamma, a):
    """Return about ln Gamma(a + gamma) - ln Gamma(a)."""
    shifted = a + 1
    rise = gamma * np.log(shifted + gamma) + (shifted - 0.5) * np.log1p(gamma / shifted) - gamma
    return rise - np.log1p(gamma / a)


class Opportunities:
    """BG/BB: a customer still there takes an opportunity by a coin, and leaves before it by another."""

    renewals = Renewals()

    @staticmethod
    def _log_takes(p, x, n):
        """Return ln of the chance of given x purchases at n opportunities."""
        return log_beta(p["alpha"] + x, p["beta"] + n - x) - log_beta(p["alpha"], p["beta"])

    def terms(self, p, h):
        x, t_x, T = h["x"], h["t_x"], h["T"]
        gamma, delta, either = p["gamma"], p["delta"], p["alpha"] + p["beta"]
        alive = self._log_takes(p, x, T) + log_beta(gamma, delta + T) - log_beta(gamma, delta)
        if t_x == T:
            return [alive], None
        first = self._log_takes(p, x, t_x) + log_beta(gamma + 1, delta + t_x) - log_beta(gamma, delta)
        tops, bottoms = [p["beta"] + t_x - x, delta + t_x], [either + t_x, gamma + delta + t_x + 1]
        return [alive], first + mp.log(ratio_sum(tops, bottoms, 1, int(T - t_x)))

    def expected(self, p, t):
        return p["alpha"] / (p["alpha"] + p["beta"]) * self.renewals.expected(self._coin(p), t)

    def discounted(self, p, delta, horizon):
        return p["alpha"] / (p["alpha"] + p["beta"]) * self.renewals.discounted(self._coin(p), delta, horizon)

    @staticmethod
    def _coin(p):
        return {"gamma": p["gamma"], "delta": p["delta"]}

    def _there(self, p, n):
        return mp.exp(log_beta(p["gamma"], p["delta"] + n) - log_beta(p["gamma"], p["delta"]))

    def pmf(self, p, t, k):
        alpha, beta, gamma, delta = (p[name] for name in ("alpha", "beta", "gamma", "delta"))
        if k > t:
            return mpf(0)
        ways = mp.loggamma(t + 1) - mp.loggamma(k + 1) - mp.loggamma(t - k + 1)
        chance = self._there(p, t) * mp.exp(self._log_takes(p, k, t) + ways)
        if t > k:
            first = self._there(p, k) * gamma / (gamma + delta + k) * mp.exp(self._log_takes(p, k, k))
            tops, bottoms = [delta + k, k + 1, beta], [gamma + delta + k + 1, 1, alpha + beta + k]
            chance += first * ratio_sum(tops, bottoms, 1, int(t - k))
        return chance

    def at_least(self, p, t, n):
        alpha, beta, gamma, delta = (p[name] for name in ("alpha", "beta", "gamma", "delta"))
        if n > t:
            return mpf(0)
        first = self._there(p, n) * mp.exp(self._log_takes(p, n, n))
        tops, bottoms = [delta + n, n, beta], [gamma + delta + n, 1, alpha + beta + n]
        return first * ratio_sum(tops, bottoms, 1, int(t - n + 1))
