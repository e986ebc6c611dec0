"""Purchases at opportunities by customers who leave before one: the sums behind BG/BB.

A customer who is still there takes an opportunity with probability p ~ Beta(alpha, beta), and leaves before each with
probability theta ~ Beta(gamma, delta).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.kernels.discrete_survival import log_survival, n_renewals, one_a_period, steps
from clvmodels.kernels.long_sums import FIRST_BLOCK, running_sums
from clvmodels.kernels.special import betaln

_SMOOTH = 4  # opportunities beyond 4 times the purchases counted: there the terms change slowly
_FARTHEST = 2.0**60  # opportunities that stand for no end: what is left weighs 2^(-60 (alpha + gamma))


def log_last_purchase(  # noqa: PLR0913
    alpha: Any,
    beta: Any,
    gamma: Any,
    delta: Any,
    x: Any,
    t_x: Any,
    T: Any,
    *,
    slopes: bool = False,
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return ln of the sum over when a customer left, in units of its first term, leaving right after t_x.

    Term i + 1 is term i times (beta + t_x - x + i) / (alpha + beta + t_x + i) times (delta + t_x + i) / (gamma + delta
    + 1 + t_x + i), both below 1; i runs to T - t_x - 1. Derivatives are by alpha, beta, gamma, delta. Nothing overflows
    or cancels; 0 where t_x = T.
    """
    inputs = (np.asarray(v, dtype=np.float64) for v in (alpha, beta, gamma, delta, x, t_x, T))
    alpha, beta, gamma, delta, x, t_x, T = np.broadcast_arrays(*inputs)
    longest = int(np.max(T - t_x, initial=0.0))
    total = np.ones(T.shape)
    by = [np.zeros(T.shape) for _ in range(4)] if slopes else []
    for i in range(longest - 2, -1, -1):  # Horner's scheme: 1 + r_0 (1 + r_1 (1 + ...))
        missed, seen = beta + t_x - x + i, alpha + beta + t_x + i
        stayed, lived = delta + t_x + i, gamma + delta + 1 + t_x + i
        ratio = np.where(T - t_x > i + 1, missed * stayed / (seen * lived), 0.0)
        if slopes:
            bends = (-1 / seen, 1 / missed - 1 / seen, -1 / lived, 1 / stayed - 1 / lived)
            by = [ratio * (slope + total * bend) for slope, bend in zip(by, bends, strict=True)]
        total = 1 + ratio * total
    return np.log(total), tuple(slope / total for slope in by)


def purchase_pmf(alpha: Any, beta: Any, gamma: Any, delta: Any, t: Any, n: int) -> FloatArray:
    """Return P(X = 0), ..., P(X = n - 1) and P(X >= n), n at least 1, at t opportunities; shape (n + 1, *broadcast).

    The sum over lifetimes is taken one by one where they are short, and from a few of each block where they are long;
    all terms are positive.
    """
    inputs = (np.asarray(v, dtype=np.float64) for v in (alpha, beta, gamma, delta, np.maximum(steps(t), 0)))
    alpha, beta, gamma, delta, t = np.broadcast_arrays(*inputs)
    t = np.minimum(t, _FARTHEST)
    last = float(np.max(t, initial=0.0))
    alone = int(min(last, 2 ** np.ceil(np.log2(max(FIRST_BLOCK, _SMOOTH * n)))))  # where a block begins
    k = np.arange(float(n)).reshape(-1, *(1,) * t.ndim)
    out = np.zeros((n + 1, *t.shape))
    made = np.zeros((n, *t.shape))  # P(k purchases at i opportunities taken part in)
    made[0] = 1.0
    there = np.ones(t.shape)  # P(still there at opportunity i)
    for i in range(alone):
        out[:n] += np.where(i < t, gamma / (gamma + delta + i), i == t) * there * made
        buys = (alpha + k) / (alpha + beta + i) * made
        there = there * ((delta + i) / (gamma + delta + i))
        out[n] += (i < t) * there * buys[-1]
        made *= np.maximum(beta + i - k, 0.0) / (alpha + beta + i)
        made[1:] += buys[:-1]
    if last == alone:
        out[:n] += (t == alone) * there * made
    else:
        _add_long_lives(out, (alpha, beta, gamma, delta), t, alone)
    return out


def _add_long_lives(out: FloatArray, params: tuple[FloatArray, ...], t: FloatArray, alone: int) -> None:
    """Add what lifetimes from ``alone`` on contribute, up to t opportunities."""
    alpha, beta, gamma, delta = params
    n = len(out) - 1
    k = np.arange(float(n)).reshape(-1, *(1,) * t.ndim)
    ends, place = np.unique(t, return_inverse=True)
    # The number of opportunities that n purchases take spreads by 1 / sqrt(n) of itself; a block spans two of that.
    lives, weights = running_sums(np.maximum(ends - 1, 0), share=min(1.0, 2 / np.sqrt(n)), first=alone)

    def made(i: FloatArray | float) -> FloatArray:
        chance: FloatArray = np.exp(betaln(alpha + k, beta + i - k) - betaln(alpha, beta) - betaln(k + 1, i - k + 1))
        return chance / (i + 1)

    for i, weight in zip(lives, weights.T, strict=True):
        here = weight[place].reshape(t.shape) * np.exp(log_survival(gamma, delta, 1.0, 0.0, i))
        bought = made(i)
        out[:n] += here * gamma / (gamma + delta + i) * bought
        out[n] += here * (delta + i) / (gamma + delta + i) * (alpha + n - 1) / (alpha + beta + i) * bought[-1]
    over = t >= alone
    end = np.where(over, t, alone)
    out[:n] += over * np.exp(log_survival(gamma, delta, 1.0, 0.0, end)) * made(end)


def simulate_purchases(
    params: Mapping[str, float], T: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw purchases (customer, opportunity) of customers who are followed for T opportunities."""
    p = rng.beta(params["alpha"], params["beta"], len(T))
    customer, opportunity = one_a_period(n_renewals(params["gamma"], params["delta"], 1.0, T, rng))
    takes = rng.random(len(customer)) < p[customer]
    return customer[takes], opportunity[takes]
