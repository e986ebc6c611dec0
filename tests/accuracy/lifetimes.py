"""Pareto/NBD and its kin: integrals over the time of leaving."""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

from .arithmetic import ENDLESS, log1p, log_buying, nb_pmf, time_integral


class Lifetime:
    """Pareto/NBD and its kin: a lifetime of one's own, whatever one buys."""

    def log_survival(self, xp, p, y):
        """Return ln P(still there at y)."""
        return -p["s"] * xp.log1p(y / p["beta"])

    def log_hazard(self, xp, p, y):
        """Return ln of the rate of leaving at y."""
        return xp.log(p["s"] / (p["beta"] + y))

    def bends(self, p):
        """Return times at which the hazard changes its kind."""
        return ()

    def scale(self, p):
        """Return the smallest time in which something changes."""
        return min(p["alpha"], p["beta"])

    def mean_time(self, p, t):
        """Return the integral of survival."""
        s, beta = p["s"], p["beta"]
        if mp.isinf(t):
            return beta / (s - 1) if s > 1 else mp.inf
        length = mp.log1p(t / beta)
        return beta * (length if s == 1 else -mp.expm1((1 - s) * length) / (s - 1))

    def _over_time(self, p, log_f, lower, upper):
        """Return the integral of exp(log_f(xp, parameters, y))."""
        rough = {name: float(value) for name, value in p.items()}
        return time_integral(
            lambda xp, y: log_f(xp, rough if xp is np else p, y), lower, upper, self.scale(p), bends=self.bends(p)
        )

    def terms(self, p, h):
        x = h["x"]
        alive = log_buying(p["r"], p["alpha"], x, h["T"]) + self.log_survival(mp, p, h["T"])
        if h["T"] == h["t_x"]:
            return [alive], None
        top = log_buying(p["r"], p["alpha"], x, h["t_x"]) + self.log_survival(mp, p, h["t_x"])
        alpha, t_x = p["alpha"] + h["t_x"], h["t_x"]

        def log_f(xp, q, y):
            fall = float(p["r"] + x) * np.log1p((y - float(t_x)) / float(alpha)) if xp is np else None
            fall = (p["r"] + x) * log1p((y - t_x) / alpha) if fall is None else fall
            begun = self.log_survival(xp, q, float(t_x) if xp is np else t_x)
            return self.log_survival(xp, q, y) - begun + self.log_hazard(xp, q, y) - fall

        return [alive], top + mp.log(self._over_time(p, log_f, t_x, h["T"]))

    def expected(self, p, t):
        return p["r"] / p["alpha"] * self.mean_time(p, t)

    def pmf(self, p, t, k):
        ways = mp.loggamma(p["r"] + k) - mp.loggamma(p["r"]) - mp.loggamma(k + 1)

        def log_f(xp, q, y):
            log_bought = k * xp.log(y / q["alpha"]) if k else 0
            bought = log_bought - (q["r"] + k) * xp.log1p(y / q["alpha"])
            return self.log_survival(xp, q, y) + self.log_hazard(xp, q, y) + bought

        left = self._over_time(p, log_f, mpf(0), t)
        return mp.exp(ways) * left + mp.exp(self.log_survival(mp, p, t)) * nb_pmf(k, p["r"], t / p["alpha"])

    def at_least(self, p, t, n):
        ways = mp.loggamma(p["r"] + n) - mp.loggamma(p["r"]) - mp.loggamma(n)

        def log_f(xp, q, y):
            log_nth = (n - 1) * xp.log(y / q["alpha"]) if n > 1 else 0
            return self.log_survival(xp, q, y) + log_nth - (q["r"] + n) * xp.log1p(y / q["alpha"])

        return mp.exp(ways) * self._over_time(p, log_f, mpf(0), t) / p["alpha"]

    def discounted(self, p, delta, horizon):
        def log_f(xp, q, y):
            return self.log_survival(xp, q, y) - (float(delta) if xp is np else delta) * y

        end = min(horizon, ENDLESS / delta)
        return p["r"] / p["alpha"] * self._over_time(p, log_f, mpf(0), end)


class Gompertz(Lifetime):
    """GGompertz/NBD: hazard eta b e^(b y), eta ~ Gamma(s, rate beta)."""

    def _level(self, xp, p, y):
        """Return beta + e^(by) - 1, over e^(by)."""
        aged = p["b"] * y
        return p["beta"] * xp.exp(-aged) - xp.expm1(-aged)

    def log_survival(self, xp, p, y):
        return p["s"] * (xp.log(p["beta"]) - p["b"] * y - xp.log(self._level(xp, p, y)))

    def log_hazard(self, xp, p, y):
        return xp.log(p["s"] * p["b"]) - xp.log(self._level(xp, p, y))

    def bends(self, p):
        bend = mp.log(max(p["beta"], mpf(1)))
        return tuple((bend + step) / p["b"] for step in range(-6, 10, 3))

    def scale(self, p):
        return min(p["alpha"], min(p["beta"], mpf(1)) / p["b"])

    def mean_time(self, p, t):
        end = mp.inf if mp.isinf(t) else t
        certain = (300 + mp.log(max(p["beta"], mpf(1)))) / p["b"]  # everybody's survival falls like e^(-s b y) at last
        end = min(end, certain * max(1, 1 / p["s"]))
        return self._over_time(p, self.log_survival, mpf(0), end)
