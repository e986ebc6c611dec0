r"""Short histories of customers who fall asleep and wake: closed forms, a sum over who slept through which gap.

Written out, the product over x gaps and the silence is a sum over the subsets of gaps that were slept through. A term
with k of them asleep, whose times awake and asleep sum to G and H, is
:math:`p^k (1-p)^{x+1-k} \delta^k \lambda^x e^{-\lambda (G + \delta H)}`, the silence counted with the gaps. Its mean
under a gamma law of rates and a beta law of p is elementary, and all terms are positive: nothing cancels. There are
2^x subsets, so that it serves short histories, which nearly all are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray, IntArray, Ragged

LONGEST = 8  # gaps: 256 subsets take about as long as the nodes of a rule
_CELLS = 200_000  # draws x rows x subsets at a time: 1.6 MB an array


@dataclass(frozen=True, eq=False)
class Laws:
    """r, alpha, a, b and delta of shape (draw, row), or (draw, 1) where all rows share them."""

    r: FloatArray
    alpha: FloatArray
    a: FloatArray
    b: FloatArray
    delta: FloatArray

    def some(self, draws: slice, rows: IntArray) -> Laws:
        """Return a part of the draws and some rows."""
        values = (self.r, self.alpha, self.a, self.b, self.delta)
        return Laws(*(v[draws] if v.shape[1] == 1 else v[draws, rows] for v in values))


def log_in_states(
    laws: Laws, silence: FloatArray, gaps: Ragged, slopes: bool
) -> Iterator[tuple[slice, IntArray, FloatArray, FloatArray]]:
    """Give ln P(history, awake or asleep at T) of the rows with at most ``LONGEST`` gaps, some at a time.

    Parameters
    ----------
    laws : Laws
        Of each draw.
    silence : array, shape (draw or 1, row)
        Since the last purchase.
    gaps : Ragged
        Of each row.
    slopes : bool
        Whether derivatives are wanted.

    Yields
    ------
    slice, array of int
        Draws and rows.
    array, shape (2, draw, row)
        Awake and asleep.
    array, shape (2, 5, draw, row)
        Their derivatives by r, alpha, a, b and delta; empty where none are wanted.
    """
    n_draws = len(laws.r)
    for x, rows, whole, asleep in _by_subsets(gaps):
        size = max(1, _CELLS // (len(rows) << x))
        for draws in (slice(i, i + size) for i in range(0, n_draws, size)):
            waited = silence[draws if len(silence) > 1 else slice(None)][:, rows]
            yield draws, rows, *_of_length(x, laws.some(draws, rows), waited, whole, asleep, slopes)


def _by_subsets(gaps: Ragged) -> list[tuple[int, IntArray, FloatArray, FloatArray]]:
    """Return rows with 0, 1, ... gaps: what each sums to, and the sums over its subsets, shape (row, subset)."""
    if "subsets" not in gaps.known:
        found = []
        for x in range(LONGEST + 1):
            rows = np.flatnonzero(gaps.sizes == x)
            mine = gaps.values[gaps.begins[rows][:, None] + np.arange(x)]
            found += [
                (x, some, part.sum(axis=1)[:, None], part @ _subsets(x)[0].T)
                for some, part in _blocks(rows, mine, max(1, _CELLS >> x))
            ]
        gaps.known["subsets"] = found
    subsets: list[tuple[int, IntArray, FloatArray, FloatArray]] = gaps.known["subsets"]
    return subsets


def _blocks(rows: IntArray, values: FloatArray, size: int) -> Iterator[tuple[IntArray, FloatArray]]:
    yield from ((rows[i : i + size], values[i : i + size]) for i in range(0, len(rows), size))


@cache
def _subsets(x: int) -> tuple[FloatArray, IntArray]:
    """Return the subsets of x gaps as rows of 0 and 1, the smaller first, and where each size begins."""
    member = (np.arange(1 << x)[:, None] >> np.arange(x)) & 1
    size = member.sum(axis=1)
    order = np.argsort(size, kind="stable")
    return member[order].astype(np.float64), np.searchsorted(size[order], np.arange(x + 1)).astype(np.int64)


def _of_length(
    x: int, laws: Laws, silence: FloatArray, whole: FloatArray, slept: FloatArray, slopes: bool
) -> tuple[FloatArray, FloatArray]:
    """Return both states of rows with x gaps; see ``log_in_states``."""
    r, alpha, a, b, delta = (v[..., None] for v in (laws.r, laws.alpha, laws.a, laws.b, laws.delta))
    begins = _subsets(x)[1]
    sizes = np.diff(begins, append=1 << x)
    k, n = np.arange(x + 1), x + 1
    constant = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) - special.betaln(a, b)
    values, by = [], []
    for last in (0, 1):  # whether the silence is slept through
        steps = k + last
        chance = special.betaln(a + steps, b + n - steps) + k * np.log(delta)
        quiet = silence[..., None]
        time = alpha + whole + (delta - 1) * slept + (delta * quiet if last else quiet)
        log_time = np.log(time)
        share = np.repeat(chance, sizes, axis=-1) - (r + x) * log_time
        top = share.max(axis=-1, keepdims=True)
        np.exp(share - top, out=share)
        total = share.sum(axis=-1, keepdims=True)
        values.append((np.log(total) + top + constant)[..., 0])
        if slopes:
            share /= total
            asleep = np.add.reduceat(share, begins, axis=-1)  # the chance that k gaps were
            sooner = share / time
            slower = k @ np.swapaxes(asleep, -1, -2)
            waited = (sooner * (slept + last * quiet)).sum(axis=-1)
            both = special.digamma(a + b) - special.digamma(a + b + n)
            by_chance = [
                (asleep * special.digamma(end)).sum(axis=-1) + (both - special.digamma(start))[..., 0]
                for end, start in ((a + steps, a), (b + n - steps, b))
            ]
            by_r = special.digamma(r + x) - special.digamma(r) + np.log(alpha)
            by.append(
                np.stack(
                    [
                        by_r[..., 0] - (share * log_time).sum(axis=-1),
                        (r / alpha)[..., 0] - (laws.r + x) * sooner.sum(axis=-1),
                        *by_chance,
                        slower / laws.delta - (laws.r + x) * waited,
                    ]
                )
            )
    return np.stack(values), np.stack(by) if slopes else np.empty((2, 5, 0, 0))
