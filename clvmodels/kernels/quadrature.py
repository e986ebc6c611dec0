"""Gauss-Legendre nodes on many intervals at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np

from clvmodels.arrays import FloatArray


@cache
def gauss_legendre(n: int) -> tuple[FloatArray, FloatArray]:
    """Return n points in (-1, 1) and their weights."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return points, weights


def on_panels(edges: Sequence[FloatArray], n: int) -> tuple[FloatArray, FloatArray]:
    """Return n nodes and weights on each panel between neighbouring edges, shape (panel x node, *shape of edges)."""
    points, weights = (values.reshape(-1, *(1,) * np.ndim(edges[0])) for values in gauss_legendre(n))
    halves = [(stop - start) / 2 for start, stop in itertools.pairwise(edges)]
    nodes = [start + half * (points + 1) for start, half in zip(edges[:-1], halves, strict=True)]
    return np.concatenate(nodes), np.concatenate([half * weights for half in halves])
