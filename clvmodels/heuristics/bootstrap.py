"""Sums over a customer base, and over bases drawn from it with replacement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clvmodels.arrays import Columns, FloatArray

_FEW = 256  # customers of whom whole bases are drawn at once
_BLOCK = 1 << 16  # customers whose counts are held at a time: half a megabyte, which stays in a core's cache


def resampled_sums(columns: Columns, *, n_bootstrap: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
    """Return the sum of each column, first over the base as it is, then over bases drawn from it.

    A drawn base has as many customers as the base, each drawn with replacement. Its sums are built block of customers
    by block, so memory doesn't grow with customers times draws.

    Parameters
    ----------
    columns : mapping of str to array, shape (customer,)
        What to sum; at least one column.
    n_bootstrap : int
        Bases to draw.
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    mapping of str to array, shape (1 + n_bootstrap,)
        The base itself first.
    """
    table = np.column_stack(list(columns.values()))
    n = len(table)
    blocks = [table[start : start + _BLOCK] for start in range(0, n, _BLOCK)]
    sizes = np.array([len(block) for block in blocks])
    drawn = rng.multinomial(n, sizes / n, size=n_bootstrap)
    sums = np.zeros((1 + n_bootstrap, table.shape[1]))
    sums[0] = table.sum(axis=0)
    if n <= _FEW:
        sums[1:] = table[rng.integers(n, size=(n_bootstrap, n))].sum(axis=1)
        return dict(zip(columns, sums.T, strict=True))
    for block, counts in zip(blocks, drawn.T, strict=True):
        for replicate, count in enumerate(counts, start=1):
            times = np.bincount(rng.integers(len(block), size=count), minlength=len(block))
            sums[replicate] += times.astype(np.float64) @ block
    return dict(zip(columns, sums.T, strict=True))
