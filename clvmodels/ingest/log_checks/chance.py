"""What chance allows, by the log's own rates."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from clvmodels.arrays import FloatArray, IntArray

# Chance of a false alarm of one check, over everything that it looks at. A dozen checks that warn then cry wolf in
# about one clean log of a hundred.
ALARM = 1e-3
_SPACINGS = 5  # that say how sizes fall
_MEDIAN_SQUARE = 0.4549  # of a standard normal


def silent_for(gap: float, events: int, took: float) -> float:
    """Return the chance of a silence at least so long, after so many events at a steady rate that took some time.

    The ratio of the two times has this distribution whatever the rate; nobody has to know it.
    """
    return float(np.exp(-events * np.log1p(gap / max(took, 1e-9))))


def stands_out(sizes: FloatArray, m: int = 1) -> float:
    """Return the chance of a distance at least as large between the m-th largest and the next, given how sizes fall.

    Spacings of the largest of many values, the i-th times i, are alike exponential where the tail is exponential, as
    that of purchases is whose rates follow a gamma distribution; those of the logarithms, where it is a power law, as
    money has it under Gamma-Gamma (Renyi 1953, Acta Mathematica Hungarica 4, 191-231).

    Parameters
    ----------
    sizes : array
        The largest, in falling order: counts, or the logarithms of money.
    """
    spacings = -np.diff(sizes) * np.arange(1, len(sizes))
    rest = spacings[m:]
    return silent_for(float(spacings[m - 1]), len(rest), float(rest.sum())) if len(rest) >= _SPACINGS else 1.0


def overdispersion(counts: FloatArray) -> float:
    """Return how much more neighbouring counts differ than a Poisson distribution has it, by the median; at least 1."""
    if len(counts) < 5:
        return 1.0
    middle = (counts[:-2] + counts[2:]) / 2
    known = middle > 0
    if not known.any():
        return 1.0
    squares = np.square(counts[1:-1] - middle)[known] / (1.5 * middle[known])
    return max(1.0, float(np.median(squares)) / _MEDIAN_SQUARE)


def beyond(n_looks: int, degrees: float, alarm: float = ALARM) -> float:
    """Return how many standard deviations away one of so many must lie, where the deviation rests on few."""
    return -float(stdtrit(max(degrees, 2.0), min(alarm / max(n_looks, 1), 0.25)))


def in_blocks(values: FloatArray, length: int) -> FloatArray:
    """Return sums over whole blocks of days, the last of which ends with the last day."""
    n = len(values) // length
    return values[len(values) - n * length :].reshape(n, length).sum(axis=1)


def runs(mask: FloatArray) -> list[tuple[int, int]]:
    """Return where stretches of truth begin and end (behind the last)."""
    edges: IntArray = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
