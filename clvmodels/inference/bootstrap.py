"""Estimates of bases that might as well have come: customers drawn again, with replacement."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.inference.climbing import climb
from clvmodels.inference.mle import Maximum
from clvmodels.inference.objective import Objective

_DECREMENT = 1e-5  # log-likelihood left to gain: a three-hundredth of a standard error


def bootstrap_draws(objective: Objective, maximum: Maximum, n_draws: int, seed: int) -> FloatArray:
    """Return the top for each of many resampled bases, shape (draw, name).

    Customers with one history are exchangeable, so it is the counts of histories that are drawn, from a multinomial
    distribution. Each climb starts at the base's own top, with its curvature.
    """
    counts = objective.counts
    n_customers = round(float(counts.sum()))
    shares = counts / counts.sum()
    objective(maximum.theta)  # the levels that columns meet on are found once, before threads need them

    def top(child: np.random.SeedSequence) -> FloatArray:
        drawn = np.random.default_rng(child).multinomial(n_customers, shares).astype(np.float64)
        return climb(objective.reweighted(drawn), maximum.theta, maximum.information, _DECREMENT)[0]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.array(list(pool.map(top, np.random.SeedSequence(seed).spawn(n_draws))))
