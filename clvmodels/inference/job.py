"""What a fit is made of, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.inference.mle import Maximum, maximise
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity, priors_for, steadying_priors
from clvmodels.inference.sampling import Sampling
from clvmodels.inference.space import Space, scaled
from clvmodels.records import Note, Outcome, Priors


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be fitted, with what."""

    space: Space
    columns: Columns
    counts: FloatArray
    priors: Priors | None
    ridge: float
    n_draws: int
    seed: int
    sampling: Sampling
    held: Mapping[str, float] | None
    earlier: Mapping[str, float] | None

    @property
    def pools(self) -> bool:
        """Whether there are effects that share a standard deviation: of groups, or of a calendar."""
        return bool(self.space.pooled)

    def prior(self) -> PriorDensity | None:
        """Return what pulls the top; None for plain maximum likelihood of what histories tell."""
        sd = self.priors.coefficient_sd if self.priors else np.inf
        precision = np.full(len(self.space.names) - self.space.n_params, self.ridge + sd**-2)
        priors = self.priors or steadying_priors(self.space.model, self.space.scale)
        return PriorDensity(self.space, priors, precision) if priors is not None or np.any(precision) else None

    def proper_prior(self) -> PriorDensity:
        """Return what makes a posterior proper: the priors of the fit, or those that say little; a ridge stays."""
        priors = self.priors or priors_for(self.space.model, self.space.scale)
        precision = np.full(len(self.space.names) - self.space.n_params, self.ridge or priors.coefficient_sd**-2)
        return PriorDensity(self.space, priors, precision)

    def top(self, prior: PriorDensity | None) -> Maximum:
        """Find the top."""
        return maximise(self.space, self.columns, self.counts, prior, held=self.held, earlier=self.earlier)

    def objective(self, maximum: Maximum, prior: PriorDensity | None) -> Objective:
        """Return what was climbed."""
        return Objective(self.space, scaled(self.space, self.columns), self.counts, maximum.held, prior)

    def check(self, method: str) -> None:
        """Raise where arguments don't go together."""
        if self.ridge and self.priors is not None:
            raise ArgumentError(
                f"ridge belongs to maximum likelihood, and method={method!r} has a prior that does the same; give "
                f"priors={{'coefficient_sd': {self.ridge**-0.5:.3g}}} instead."
            )
        if self.space.clock is not None:
            _check_clock(self.space, method)
        if self.pools and method == "bootstrap":
            raise ArgumentError(
                "A bootstrap of pooled groups would need groups drawn again too, which it doesn't do; fit them with "
                "method='mle' (empirical Bayes) or 'nuts'."
            )


def _check_clock(space: Space, method: str) -> None:
    """Raise where a calendar doesn't go with the rest."""
    if method in ("bootstrap", "nuts"):
        why = "draws the days of purchase of each customer again" if method == "bootstrap" else "knows no calendar yet"
        raise ArgumentError(
            f"A calendar can't be fitted by method={method!r}, which {why}; take 'mle', 'map' or 'laplace', or leave "
            f"calendar out."
        )
    if space.covariates is not None and space.covariates.pooled:
        raise ArgumentError(
            "A calendar and pooled groups can't be fitted together yet; leave pooled= or calendar= out, or give the "
            "groups in covariates=."
        )


@dataclass(frozen=True, eq=False)
class Found:
    """Where a method ended, on the scale of the fit."""

    point: FloatArray
    draws: FloatArray
    outcome: Outcome
    held: Mapping[str, float]
    errors: FloatArray | None = None  # of the point, where the curvature gives them; else those of the draws
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    n_chains: int = 1
    stats: Mapping[str, FloatArray] = field(default_factory=dict)
    group_sds: Mapping[str, FloatArray] = field(default_factory=dict)  # draws of how much pooled groups differ
