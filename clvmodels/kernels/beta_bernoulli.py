"""Purchases at opportunities by customers who leave before one: the sums behind BG/BB.

An active customer takes an opportunity with probability p ~ Beta(alpha, beta), and leaves before each with
probability theta ~ Beta(gamma, delta).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.kernels.discrete_survival import log_decline, log_survival, n_renewals, one_a_period, steps
from clvmodels.kernels.long_sums import FIRST_BLOCK, running_sums
from clvmodels.kernels.special import betaln
from clvmodels.kernels.timing import Timing, at_every_step

_SMOOTH = 4  # opportunities beyond 4 times the purchases counted: there the terms change slowly
_WIDE, _RARE = 8.0, 30.0  # standard deviations, and e-folds of a power law, beyond which nothing is left
_LONGEST = 80.0  # e^80 opportunities are more than there are
_SHORTEST = 48  # terms of a block
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
        missed, seen = beta + (t_x - x + i), alpha + beta + t_x + i
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
    # Where blocks begin, long enough for a few terms each.
    alone = int(min(last, 2 ** np.ceil(np.log2(max(FIRST_BLOCK, _SMOOTH * n, _SHORTEST / _share(n))))))
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
        made *= np.maximum(beta + (i - k), 0.0) / (alpha + beta + i)
        made[1:] += buys[:-1]
    if last == alone:
        out[:n] += (t == alone) * there * made
    else:
        _add_long_lives(out, (alpha, beta, gamma, delta), t, alone)
    return out


def _share(n: int) -> float:
    """Return how long a block of opportunities may be, as a share of where it begins.

    The number of opportunities that n purchases take spreads by 1 / sqrt(n) of itself; a block spans 1.5 of that.
    """
    return float(min(1.0, 1.5 / np.sqrt(n)))


def _add_long_lives(out: FloatArray, params: tuple[FloatArray, ...], t: FloatArray, alone: int) -> None:
    """Add what lifetimes from ``alone`` on contribute, up to t opportunities."""
    alpha, beta, gamma, delta = params
    n = len(out) - 1
    k = np.arange(float(n)).reshape(-1, *(1,) * t.ndim)
    ends, place = np.unique(t, return_inverse=True)
    lives, weights = running_sums(np.maximum(ends - 1, 0), share=_share(n), first=alone)

    def made(i: FloatArray | float) -> FloatArray:
        chance: FloatArray = np.exp(betaln(alpha + k, beta + (i - k)) - betaln(alpha, beta) - betaln(k + 1, i - k + 1))
        return chance / (i + 1)

    for i, weight in zip(lives, weights.T, strict=True):
        here = weight[place].reshape(t.shape) * np.exp(log_survival(gamma, delta, 1.0, 0.0, i))
        bought = made(i)
        out[:n] += here * gamma / (gamma + delta + i) * bought
        out[n] += here * (delta + i) / (gamma + delta + i) * (alpha + n - 1) / (alpha + beta + i) * bought[-1]
    over = t >= alone
    end = np.where(over, t, alone)
    out[:n] += over * np.exp(log_survival(gamma, delta, 1.0, 0.0, end)) * made(end)


def at_least(alpha: Any, beta: Any, gamma: Any, delta: Any, t: Any, n: Any) -> FloatArray:
    """Return P(X >= n), n at least 1, at t opportunities, for inputs that broadcast."""
    inputs = (np.asarray(v, dtype=np.float64) for v in (alpha, beta, gamma, delta, np.maximum(steps(t), 0), n))
    broadcast = np.broadcast_arrays(*inputs)
    alpha, beta, gamma, delta, t, n = (np.atleast_1d(v) for v in broadcast)
    out = np.zeros(t.shape)
    for place, taken, i, weights in _alike(alpha, beta, np.minimum(t, _FARTHEST), n):
        out[place] = np.exp(_log_nth(alpha[place], beta[place], gamma[place], delta[place], taken, i)) @ weights
    return np.clip(out, 0.0, 1.0).reshape(broadcast[0].shape)  # sums of a few terms may round to a hair beyond


def timing(alpha: Any, beta: Any, gamma: Any, delta: Any, t: Any, n: Any, force: float) -> Timing:
    """Return what a discount leaves of n purchases, n at least 1, for inputs that broadcast.

    Which of the opportunities a customer takes, given how many, is a draw without replacement.
    """
    inputs = (np.asarray(v, dtype=np.float64) for v in (alpha, beta, gamma, delta, np.maximum(steps(t), 0), n))
    alpha, beta, gamma, delta, t, n = np.broadcast_arrays(*inputs)
    mass, total = np.zeros(t.shape), np.zeros((3, *t.shape))
    otherwise = _drawn_from(np.maximum(t, n), n, force)
    until = np.minimum(t, _FARTHEST)
    for place, taken, i, weights in _alike(alpha, beta, until, n):
        own = [v[place] for v in (alpha, beta, gamma, delta)]
        end = until[place][0]
        # They leave after some opportunity, the last of them among these; or are there at the end and stay.
        for ends, shares in ((i, weights), (np.array([end]), np.ones(1))):
            # Whoever has bought n times in i opportunities made the last of these purchases at any of them alike.
            bought = np.exp(_log_nth(own[0], own[1], own[2], own[3], taken, ends)) * (ends / taken)
            leaves = own[2][:, None] / (own[2] + own[3] + ends[:, None]).T
            chance = bought * (leaves if ends is i else 1 - leaves) * shares
            mass[place] += chance.sum(axis=1)
            total[:, place] += np.einsum("ri,mi->mr", chance, _drawn_from(ends, taken, force))
    return Timing.averaged(total, mass, otherwise)


def _alike(
    alpha: FloatArray, beta: FloatArray, t: FloatArray, n: FloatArray
) -> Iterator[tuple[BoolArray, float, FloatArray, FloatArray]]:
    """Give where as many purchases n are looked at within as many opportunities t, n, and which opportunities, with
    weights, sum what is smooth as the n-th purchase is.

    The opportunities missed before it are n beta / alpha, give or take what chance and customers' differences bring.
    """
    spread = np.sqrt(1 / n + 1 / alpha + 1 / beta)
    fineness = np.maximum(np.ceil(-np.log2(spread)), 0.0)
    middle = np.log(n) + np.log(beta) - np.log(alpha)
    with np.errstate(over="ignore"):
        first = np.exp(middle - _WIDE * spread - _RARE / beta)
        last = np.exp(np.minimum(middle + _WIDE * spread + _RARE / alpha, _LONGEST))
    keys, code = np.unique(np.stack([n.ravel(), t.ravel(), fineness.ravel()]), axis=1, return_inverse=True)
    for j, (taken, until, finer) in enumerate(keys.T):
        if taken <= until:
            place = code.reshape(n.shape) == j
            most = until - taken if until < _FARTHEST else _FARTHEST  # no end is the same for all numbers
            begin = 2.0 ** np.floor(np.log2(min(max(first[place].min(), 1.0), most + 1)))
            end = min(2.0 ** np.ceil(np.log2(last[place].max() + FIRST_BLOCK)), most)
            missed, weights = _summed_over(begin, end, 0.5**finer)
            yield place, float(taken), taken + missed, weights


@lru_cache(maxsize=512)
def _summed_over(begin: float, end: float, share: float) -> tuple[FloatArray, FloatArray]:
    """Return whole numbers up to an end, and weights, that sum what is smooth on a share of each; nothing that counts
    lies before the beginning."""
    alone = np.ceil(max(FIRST_BLOCK, _SHORTEST / share))  # until blocks are long enough to be told by a few terms
    begin = 0.0 if begin <= alone else begin
    single = np.arange(begin, min(alone, end + 1))
    later, weights = running_sums(np.array([end]), share=share, first=int(max(begin, alone)))
    return np.concatenate([single, later]), np.concatenate([np.ones(len(single)), weights[0]])


def _log_nth(
    alpha: FloatArray, beta: FloatArray, gamma: FloatArray, delta: FloatArray, n: float, i: FloatArray
) -> FloatArray:
    """Return ln P(the n-th purchase is made at opportunity i), shape (row, i).

    ln B(alpha + n, beta + i - n) / B(alpha, beta) as two declines keeps what large alpha and beta would cost.
    """
    alpha, beta, gamma, delta = (v[:, None] for v in (alpha, beta, gamma, delta))
    taken = -log_decline(alpha, beta, i - n) - log_decline(beta + (i - n), alpha, n)
    ways = -betaln(n, i - n + 1) - np.log(i)
    found: FloatArray = taken + ways + log_survival(gamma, delta, 1.0, 0.0, i)
    return found


def _drawn_from(i: FloatArray, n: Any, force: float) -> FloatArray:
    """Return the moments of the discount factors of n of the first i opportunities, drawn without replacement."""
    every = at_every_step(i, force)
    one, two = every.mean / i, every.squares / i
    mean = n * one
    variance = n * np.maximum(two - one * one, 0.0) * (i - n) / np.maximum(i - 1, 1.0)
    return np.stack([mean, n * two, variance + mean * mean])


def simulate_purchases(
    params: Mapping[str, float], T: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw purchases (customer, opportunity) of customers who are followed for T opportunities."""
    p = rng.beta(params["alpha"], params["beta"], len(T))
    customer, opportunity = one_a_period(n_renewals(params["gamma"], params["delta"], 1.0, T, rng))
    takes = rng.random(len(customer)) < p[customer]
    return customer[takes], opportunity[takes]
