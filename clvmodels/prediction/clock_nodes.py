"""A quantity of the living on a clock, from a few nodes along the time on it.

On a clock that changes its speed from day to day an expectation is no smooth function of T, but it is one of A(T). Each
draw has a clock of its own, so nodes span what all draws of a block make of the lengths of observation, and each draw
is read between them at its own times.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.polynomial import chebyshev

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.grammar.clock import OnClock

DRAW_BLOCK = 50  # 50 draws x 500 states x 81 nodes x 8 bytes = 16 MB in an inner loop
MISSED = 1e-13  # of the smallest value along T, that the last coefficients may leave; else nothing is interpolated
_STRIP = 2.0  # half the width in which expectations are analytic in ln(scale + T), about: pi less a margin
_DIGITS = 32.0  # -ln of the interpolation error that is aimed at: e^-32 = 1e-14
_ROOM = 1e-9  # of the logarithm: rounding may put a time at the edge outside

type Params = Mapping[str, FloatArray]
type OfParams = Callable[[Params], FloatArray]


def between_nodes(
    model: OnClock,
    rows: Columns,
    individual: Callable[[Params, Columns], Params],
    quantity: OfParams,
    draws: Params,
    scale: float,
) -> FloatArray:
    """Return a quantity of the living for every draw and row, shape (draw, row).

    Parameters
    ----------
    model : OnClock
        On the clock.
    rows : mapping of str to array, shape (row,)
        What ``updated`` looks at, T in periods.
    individual : callable
        Takes draws and some rows, gives parameters of shape (draw, row).
    quantity : callable
        Of parameters of the living.
    draws : mapping of str to array, shape (draw,)
        Parameters and effects.
    scale : float
        Expectations are smooth in ln(scale + A).
    """
    n_draws, n_rows = len(next(iter(draws.values()))), len(rows["T"])
    bands = _bands(rows)
    out = np.empty((n_draws, n_rows))

    def fill(start: int) -> None:
        part = slice(start, start + DRAW_BLOCK)
        some = {name: values[part] for name, values in draws.items()}
        at = np.log(scale + model.time_observed({name: values[:, None] for name, values in some.items()}, rows["T"]))
        nodes = [_nodes(at[:, band]) for band in bands]
        first = np.concatenate([np.repeat(band[0], len(mine)) for band, mine in zip(bands, nodes, strict=True)])
        grid = {name: values[first] for name, values in rows.items()}
        grid["T"] = np.exp(np.concatenate(nodes)) - scale
        values = quantity(model.updated_on_clock(individual(some, grid), grid))
        themselves, offset = [], 0
        for band, mine in zip(bands, nodes, strict=True):
            found = _read(values[:, offset : offset + len(mine)], mine, at[:, band])
            offset += len(mine)
            if found is None:
                themselves.append(band)
            else:
                out[part, band] = found
        if themselves:
            rest = np.concatenate(themselves)
            columns = {name: column[rest] for name, column in rows.items()}
            out[part, rest] = quantity(model.updated(individual(some, columns), columns))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(0, n_draws, DRAW_BLOCK)))
    return out


def n_nodes(half: float) -> int:
    """Return how many nodes tell an expectation over so much of ln(scale + T) each way."""
    return max(4, int(np.ceil(_DIGITS / np.arcsinh(_STRIP / max(half, 1e-12)))))


def _bands(rows: Columns) -> list[IntArray]:
    """Return rows that share all but T."""
    others = [values for name, values in rows.items() if name != "T"]
    codes = np.unique(np.column_stack(others), axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _nodes(at: FloatArray) -> FloatArray:
    """Return Chebyshev nodes over the times of a band under all draws; none where they save nothing."""
    low, high = float(at.min()) - _ROOM, float(at.max()) + _ROOM
    n = n_nodes((high - low) / 2)
    if n >= at.shape[1]:
        return np.empty(0)
    points = np.asarray(chebyshev.chebpts1(n), dtype=np.float64)
    return np.asarray(low + (high - low) / 2 * (points + 1))


def _read(values: FloatArray, nodes: FloatArray, at: FloatArray) -> FloatArray | None:
    """Return values between nodes, shape (draw, row); None where there are no nodes, or they don't tell them."""
    n = len(nodes)
    if not n or not np.all(np.isfinite(values)):
        return None
    points = np.asarray(chebyshev.chebpts1(n), dtype=np.float64)
    half = (nodes[-1] - nodes[0]) / (points[-1] - points[0])
    place = (at - nodes[0]) / half + points[0]
    coefficients = values @ np.linalg.inv(np.asarray(chebyshev.chebvander(points, n - 1), dtype=np.float64)).T
    if np.any(np.abs(coefficients[:, -2:]) > MISSED * np.abs(values).min(axis=1, keepdims=True)):
        return None
    ahead, after = np.zeros_like(place), np.zeros_like(place)
    for k in range(n - 1, 0, -1):  # Clenshaw's sum
        ahead, after = coefficients[:, k, None] + 2 * place * ahead - after, ahead
    return np.asarray(coefficients[:, 0, None] + place * ahead - after)
