"""A difference shared out among its causes, whatever the order in which they are switched on."""

from __future__ import annotations

from math import factorial

import numpy as np

from clvmodels.arrays import FloatArray


def shapley(values: FloatArray, n_causes: int) -> FloatArray:
    r"""Return what each cause contributes to the difference between all causes on and none.

    .. math:: \phi_k = \sum_{S \not\ni k} \frac{|S|! \, (K - |S| - 1)!}{K!} \, [v(S \cup k) - v(S)]

    Parameters
    ----------
    values : array, shape (..., 2, ..., 2)
        v(S): the last ``n_causes`` axes have two places each, the cause off and on.
    n_causes : int
        Their number K.

    Returns
    -------
    array, shape (..., n_causes)
        The contributions; they add up to v(all) - v(none).

    References
    ----------
    Shapley (1953), A Value for n-Person Games. Shorrocks (2013), Decomposition Procedures for Distributional Analysis:
    A Unified Framework Based on the Shapley Value, Journal of Economic Inequality 11(1), 99-126.
    """
    others = np.indices((2,) * max(n_causes - 1, 0)).sum(axis=0) if n_causes > 1 else np.zeros((), dtype=np.int64)
    by_size = np.array([factorial(s) * factorial(n_causes - s - 1) / factorial(n_causes) for s in range(n_causes)])
    weights = by_size[others] if n_causes else np.zeros(())
    first = values.ndim - n_causes
    axes = tuple(range(first, values.ndim - 1))
    found = np.empty((*values.shape[:first], n_causes))
    for cause in range(n_causes):
        step = np.take(values, 1, axis=first + cause) - np.take(values, 0, axis=first + cause)
        found[..., cause] = np.sum(step * weights, axis=axes)
    return found
