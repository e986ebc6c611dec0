"""What a fit climbs: the log-likelihood of distinct histories, with a prior where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.inference.belief import Belief
from clvmodels.inference.space import Space
from clvmodels.kernels.tape import TAPE, factor, gradient, spread

_STEP = 1e-5  # of the logarithms: a difference of exact gradients then errs by about 1e-5 of itself


class Objective:
    """Minus the log-likelihood of a model, less the logarithm of a prior where there is one, over the space of a fit.

    ``share`` is the part of the customers that the columns stand for: a prior counts by as much.
    """

    def __init__(
        self,
        space: Space,
        columns: Columns,
        counts: FloatArray,
        held: Mapping[str, float] | None = None,
        belief: Belief | None = None,
        share: float = 1.0,
    ) -> None:
        self.space = space
        self.counts = counts
        self.held = dict(held or {})
        self.statistics = columns
        self.columns = factor(columns)
        self.belief = belief
        self.share = share

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and its gradient."""
        leaves = self.space.leaves(theta, self.columns)
        with np.errstate(all="ignore"):
            rows = self.space.model.log_likelihood(TAPE, self.space.individual(leaves, self.held), self.columns)
            value = float(np.sum(self.counts * spread(rows, len(self.counts))))  # pairwise, and without threads
            slope = self.space.slope(leaves, self.columns, gradient(rows, self.counts, leaves))
        if self.belief is not None:
            prior, prior_slope = self.belief(theta, self.held)
            value, slope = value + self.share * prior, slope + self.share * prior_slope
        if not (np.isfinite(value) and np.all(np.isfinite(slope))):
            return np.inf, np.zeros_like(theta)
        return -value, -slope

    def reweighted(self, counts: FloatArray) -> Objective:
        """Return the same for other counts of the same rows."""
        other = copy(self)
        other.counts = counts
        return other

    def of_rows(self, rows: IntArray) -> Objective:
        """Return the same for some of the rows."""
        some = {name: values[rows] for name, values in self.statistics.items()}
        return Objective(self.space, some, self.counts[rows], self.held, self.belief, self.share)

    def log_likelihoods(self, theta: FloatArray) -> FloatArray:
        """Return the log-likelihood of a customer of each row at many points of shape (draw, name); shape (draw, row)
        or, where it is the same at every point, (row,)."""
        leaves = self.space.leaves(theta[0] if len(theta) == 1 else theta, self.columns, slopes=False)
        with np.errstate(all="ignore"):
            rows = self.space.model.log_likelihood(TAPE, self.space.individual(leaves, self.held), self.columns)
            return spread(rows, len(self.counts))

    def log_prior(self, theta: FloatArray) -> FloatArray:
        """Return what is believed before at many points of shape (draw, name), shape (draw,); 0 without a prior."""
        return np.zeros(len(theta)) if self.belief is None else self.share * self.belief.of_draws(theta, self.held)

    def log_posterior(self, theta: FloatArray) -> FloatArray:
        """Return the log-likelihood, with the prior where there is one, at many points of shape (draw, name); -inf
        where it isn't finite, and beyond the boundary of the search, where parameters of 1e20 leave no digits."""
        return self.summed(self.log_likelihoods(theta), theta)

    def summed(self, rows: FloatArray, theta: FloatArray) -> FloatArray:
        """Return the log-posterior from the log-likelihoods of the rows."""
        with np.errstate(all="ignore"):
            values = np.sum(self.counts * rows, axis=-1) + self.log_prior(theta)
        within = np.all((theta >= self.space.low) & (theta <= self.space.high), axis=-1)
        return np.asarray(np.where(np.isfinite(values) & within, values, -np.inf))

    def curvature(self, theta: FloatArray, slope: FloatArray) -> FloatArray:
        """Return the Hessian by differences of the exact gradient from the one at theta."""
        hessian = np.array([(self(theta + step)[1] - slope) / _STEP for step in np.eye(len(theta)) * _STEP])
        symmetric: FloatArray = (hessian + hessian.T) / 2
        return symmetric
