"""A quantity of every draw and every row, from a few draws of all rows and all draws of a few rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.inference.threads import single_threaded
from clvmodels.prediction.draw_response import draw_response
from clvmodels.prediction.futures import Futures, OfRows, ParamDraws, Quantity
from clvmodels.prediction.row_blocks import blocks, in_turn

_TRAINING = 160  # draws of all rows; the rows of a base are told by 40 to 70 of them
_HELD_OUT = 20  # draws that say how well
_CANDIDATES = 2_000  # rows that others may be made of
_ODD = 40  # rows that may be like no other: who bought a hundred times in a base of twos and threes
_PARTS = 4  # of the draws; more than processors, so that all of them end at about the same time
_ROUNDING = 1e-10  # of the largest pivot: what lies below is noise
_WHOLE = 1e-9  # rounding of the number of draws below a bound
_KEPT = 2_000_000  # numbers of an answer that is kept: 16 MB
_ERROR = 1e-6  # of a row's largest value; quantiles of 4,000 draws err by 1e-2 of their spread

type OfDraws = Callable[[ParamDraws, IntArray], FloatArray]


@dataclass(frozen=True, eq=False)
class LowRank:
    """All values, as products: values = few @ mixing.

    Attributes
    ----------
    few : array, shape (draw, few)
        Values of a few rows under every draw.
    mixing : array, shape (few, row)
        How every row is made of these.
    """

    few: FloatArray
    mixing: FloatArray

    def of(self, rows: slice | IntArray) -> FloatArray:
        """Return the values of some rows, shape (draw, row), the draws of a row side by side."""
        values: FloatArray = (self.mixing[:, rows].T @ self.few.T).T
        return values


def over_draws(
    futures: Futures, quantity: Quantity, draws: ParamDraws, name: tuple[float, ...] | None = None
) -> OfRows:
    """Return what gives a quantity of histories, P(alive) times that of the living, for every draw.

    Parameters
    ----------
    futures : Futures
        The base as its model sees it.
    quantity : callable
        Of the living, as for ``Futures.evaluate``.
    draws : mapping of str to array, shape (draw,)
        Parameters.
    name : tuple of float, optional
        What tells the quantity from others; asked for again, under the same draws, it is told from what was kept.

    Returns
    -------
    callable
        Takes some rows of the histories, gives values of shape (draw, row).
    """
    for known, under, of in futures.asked:
        if known == name and under.keys() == draws.keys() and all(under[p] is draws[p] for p in draws):
            return of
    of, size = _looked_at(futures, quantity, draws)
    if name is not None and size <= _KEPT:
        futures.asked[:] = [(name, draws, of)]
    return of


def _looked_at(futures: Futures, quantity: Quantity, draws: ParamDraws) -> tuple[OfRows, int]:
    """Return what gives a quantity of histories, and how many numbers it holds."""
    size = len(futures.histories)
    if futures.model.dear:
        told = draw_response(futures, quantity, draws)

        def by_response(rows: slice | IntArray) -> FloatArray:
            ahead = told.of(futures.rows.index[rows])
            return ahead if futures.model.returns else ahead * futures.p_alive(draws, rows)

        return by_response, told.size

    def exact(some: ParamDraws, rows: slice | IntArray) -> FloatArray:
        return futures.weigh(futures.alive_in_phases(some, rows), futures.evaluate(quantity, some), rows)

    def of_few(some: ParamDraws, rows: IntArray) -> FloatArray:
        if len(rows) == size:
            return exact(some, rows)
        future, place = np.unique(futures.rows.index[rows], return_inverse=True)
        ahead = quantity(futures.model, futures.params(some, futures.columns(future)))
        by_phase = ahead.reshape(len(ahead), futures.n_phases, len(future))[..., place]
        alive = futures.alive_in_phases(some, rows)
        total: FloatArray = np.einsum("pdr,dpr->dr", alive, by_phase)
        return total

    found = low_rank(of_few, draws, size)
    if found is not None:
        return found.of, found.few.size + found.mixing.size
    ahead = futures.evaluate(quantity, draws)
    return lambda rows: futures.weigh(futures.alive_in_phases(draws, rows), ahead, rows), ahead.size


def equal_tails(values: FloatArray, ci_prob: float) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of each row's values over draws, shape (draw, row): values that occur, with equal tails."""
    n, ordered = len(values), np.array(values.T, order="C")  # far quicker along draws that lie side by side
    low, high = (max(int(np.ceil(n * p - _WHOLE)) - 1, 0) for p in ((1 - ci_prob) / 2, (1 + ci_prob) / 2))
    ordered.partition(low, axis=1)  # one place after the other: NumPy knows no quick way to two
    lower = ordered[:, low].copy()
    ordered.partition(high, axis=1)
    return lower, ordered[:, high].copy()


def low_rank(quantity: OfDraws, draws: ParamDraws, n_rows: int) -> LowRank | None:
    """Return all values of a smooth quantity of parameters; None where they are few, or rows too different.

    Draws lie close together and rows are smooth functions of few parameters, so that all rows are combinations of a
    few dozen, found by pivoting. Draws that took no part say whether that holds to 1e-6; a few rows for which it
    doesn't stand for themselves.

    Parameters
    ----------
    quantity : callable
        Takes draws and rows, gives values, shape (draw, row).
    draws : mapping of str to array, shape (draw,)
        Parameters.
    n_rows : int
        Rows there are.
    """
    n_draws = len(next(iter(draws.values())))
    if n_draws < 4 * _TRAINING or n_rows < 4 * _TRAINING:
        return None
    looked_at = np.linspace(0, n_draws - 1, _TRAINING + _HELD_OUT).round().astype(np.int64)
    test = np.zeros(len(looked_at), dtype=bool)
    test[:: len(test) // _HELD_OUT] = True
    known = _in_parts(quantity, {name: values[looked_at] for name, values in draws.items()}, np.arange(n_rows))
    size = np.abs(known).max(axis=0)
    if not np.all(np.isfinite(size)):
        return None
    known /= np.where(size > 0, size, 1.0)
    candidates = np.unique(np.linspace(0, n_rows - 1, _CANDIDATES).round().astype(np.int64))
    with single_threaded():
        q, r, pivots = linalg.qr(known[~test][:, candidates], mode="economic", pivoting=True)
        rank = int(np.sum(np.abs(np.diag(r)) > _ROUNDING * np.abs(r[0, 0])))
        chosen = candidates[pivots[:rank]]
        mixing = linalg.solve_triangular(r[:rank, :rank], q[:, :rank].T @ known[~test])
        odd = np.flatnonzero(np.max(np.abs(known[:, chosen] @ mixing - known), axis=0) > _ERROR)
    if len(odd) > _ODD:
        return None
    chosen, mixing = np.append(chosen, odd), np.pad(mixing, ((0, len(odd)), (0, 0)))
    mixing[:, odd] = np.eye(len(mixing))[:, rank:]
    few = _in_parts(quantity, draws, chosen) / np.where(size[chosen] > 0, size[chosen], 1.0)
    return LowRank(few, mixing * size) if np.all(np.isfinite(few)) else None


def _in_parts(quantity: OfDraws, draws: ParamDraws, rows: IntArray) -> FloatArray:
    """Return a quantity of some rows, a part of the draws on each processor."""
    n_draws = len(next(iter(draws.values())))
    out = np.empty((n_draws, len(rows)))

    def fill(part: slice) -> None:
        out[part] = quantity({name: values[part] for name, values in draws.items()}, rows)

    list(in_turn(fill, blocks(n_draws, -(-n_draws // _PARTS))))
    return out
