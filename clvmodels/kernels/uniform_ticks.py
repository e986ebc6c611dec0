r"""How many events a process with two states has, by ticks of one clock for both states.

The clock ticks at the rate of the faster state. There every tick is an event, in the slower state each is one with
probability :math:`\delta`, the ratio of the rates. The number of events within m ticks then doesn't depend on the rate,
and is found tick by tick from sums of positive terms; for all rates at once, it is averaged over the Poisson law of m.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import special

from clvmodels.arrays import FloatArray

_TOGETHER = 64  # ticks whose counts are averaged in one product
_DEVIATIONS = 9.0  # of a Poisson law, beyond which less than 1e-17 is left, with
_MORE = 45  # ticks


def longest(mean: float) -> int:
    """Return how many ticks there may be where so many are expected."""
    return int(mean + _DEVIATIONS * np.sqrt(mean) + _MORE)


def counts_by_ticks(mean: FloatArray, p: FloatArray, q: FloatArray, delta: float, n: int) -> FloatArray:
    """Return P(N = 0), ..., P(N = n - 1) and P(N >= n), shape (mean, p, 2, n + 1).

    Parameters
    ----------
    mean : array
        Ticks expected.
    p, q : array
        The chance of the slower state after an event, and of the faster.
    delta : float
        Events of the slower state over those of the faster.
    n : int
        Counts that stand alone.

    Returns
    -------
    array
        Starting in the faster state, and in the slower.
    """
    ticks = longest(float(mean.max()))
    shape = 2, len(p), n + 1
    out = np.zeros((len(mean), 2 * len(p) * (n + 1)))
    stay, leave = (np.repeat(v, n + 1).reshape(shape[1:]) for v in (q, p))
    seen = np.zeros((_TOGETHER + 1, *shape))
    seen[0, ..., 0] = 1.0
    after, part = np.empty(shape[1:]), np.empty(shape[1:])
    for start in range(0, ticks + 1, _TOGETHER):
        m = np.arange(start, min(start + _TOGETHER, ticks + 1))
        for (awake, asleep), (next_awake, next_asleep) in pairwise(seen[: len(m) + 1]):
            np.multiply(stay, awake, out=after)
            after += np.multiply(leave, asleep, out=part)
            next_awake[:, 1:] = after[:, :-1]
            next_awake[:, n] += after[:, n]
            np.multiply(asleep, 1 - delta, out=next_asleep)
            next_asleep += np.multiply(next_awake, delta, out=part)
        weights = np.exp(special.xlogy(m, mean[:, None]) - mean[:, None] - special.gammaln(m + 1))
        out += weights @ seen[: len(m)].reshape(len(m), -1)
        seen[0] = seen[len(m)]
    return np.swapaxes(out.reshape(len(mean), *shape), 1, 2)
