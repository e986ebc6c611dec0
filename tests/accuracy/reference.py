"""What each model says, from its story, to as many digits as are asked for.

A customer's rates are averaged over their distributions: gamma-mixed Poisson numbers are negative binomial, beta-mixed
coins give ratios of beta functions, and everything else is a sum over purchases or an integral over the time of
leaving. Each function takes numbers of mpmath; ``p`` holds parameters and, of a living customer, the state that
``updated`` adds.
"""

from __future__ import annotations

from mpmath import mp, mpf

from .arithmetic import beta_cdf, log_beta, log_buying, nb_pmf, nb_tail
from .coins import Coins
from .lifetimes import Gompertz, Lifetime
from .steps import Opportunities, Renewals


class Forever:
    """NBD: who never leaves."""

    def terms(self, p, h):
        return [log_buying(p["r"], p["alpha"], h["x"], h["T"])], None

    def expected(self, p, t):
        return p["r"] / p["alpha"] * t

    def pmf(self, p, t, k):
        return nb_pmf(k, p["r"], t / p["alpha"])

    def at_least(self, p, t, n):
        return nb_tail(n, p["r"], t / p["alpha"])

    def discounted(self, p, delta, horizon):
        return p["r"] / p["alpha"] * -mp.expm1(-delta * horizon) / delta


class Spend:
    """Gamma-Gamma: purchases Gamma(p, rate nu), nu ~ Gamma(q, rate gamma)."""

    def log_density(self, p, n, m):
        if n == 0:
            return mpf(0)
        shape, total = p["p"] * n, n * m
        return (
            shape * mp.log(total)
            - mp.log(m)
            - log_beta(shape, p["q"])
            + p["q"] * mp.log(p["gamma"])
            - (shape + p["q"]) * mp.log(p["gamma"] + total)
        )

    def expected(self, p, n, m):
        q = p["q"] + p["p"] * n
        return p["p"] * (p["gamma"] + n * m) / (q - 1) if q > 1 else mp.inf

    def cdf(self, scale, p, q, k, s):
        """Return P(the sum of k purchases <= s)."""
        return beta_cdf(s / (s + scale), scale / (s + scale), p * k, q)


REFERENCES = {
    "nbd": Forever(),
    "bgnbd": Coins(0),
    "mbgnbd": Coins(1),
    "bgcnbd": Coins(0),
    "mbgcnbd": Coins(1),
    "paretonbd": Lifetime(),
    "ggomnbd": Gompertz(),
    "bgbb": Opportunities(),
    "sbg": Renewals(),
    "bdw": Renewals(),
    "gammagamma": Spend(),
}


def combined(alive, gone):
    """Return ln of the likelihood and P(alive) of a history's terms."""
    top = max([*alive, *([gone] if gone is not None else [])])
    parts = [mp.exp(term - top) for term in alive]
    either = mp.fsum(parts) + (mp.exp(gone - top) if gone is not None else 0)
    return top + mp.log(either), mp.fsum(parts) / either
