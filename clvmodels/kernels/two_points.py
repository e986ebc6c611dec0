"""Many values replaced by two that have the same moments."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray

_NOTHING = 1e-12  # of the square of the largest deviation: a variance below it is rounding


def two_points(
    counts: FloatArray, first: FloatArray, second: FloatArray, third: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return two points for each row of values, and how many values each stands for.

    The rule of Gauss with two points: sums over the values of any polynomial up to the third degree are kept, and the
    points lie between the smallest value and the largest.

    Parameters
    ----------
    counts : array, shape (row,)
        How many values there are, at least 1.
    first, second, third : array, shape (row,)
        Sums of the values, of their squares and of their cubes, taken about a point near them.

    Returns
    -------
    points, weights : array, shape (2, row)
        Where all values are alike, the second point is the first and stands for none.

    Examples
    --------
    >>> points, weights = two_points(*(np.array([sum(v**k for v in (1.0, 2.0, 6.0))]) for k in range(4)))
    >>> [round(float((weights * points**k).sum()), 9) for k in range(4)]
    [3.0, 9.0, 41.0, 225.0]
    """
    mean = first / counts
    spread = second / counts - mean**2
    differ = spread > _NOTHING * np.maximum(mean**2, second / counts)
    spread = np.where(differ, spread, 1.0)
    skew = (third / counts - 3 * mean * second / counts + 2 * mean**3) / spread
    root = np.sqrt(skew**2 + 4 * spread)
    # The smaller of the two is taken from their product, which is minus the spread: no difference of like numbers.
    far = (skew + np.copysign(root, skew)) / 2
    near = -spread / far
    share = far / (far - near)
    points = np.where(differ, [mean + near, mean + far], mean)
    weights = counts * np.where(differ, [share, 1 - share], [[1.0], [0.0]])
    return points, weights
