"""What a fit is made of, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.inference.belief import Belief, priors_for
from clvmodels.inference.mle import Maximum, maximise
from clvmodels.inference.objective import Objective
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
        """Whether there are groups that borrow strength from each other."""
        terms = self.space.covariates.terms if self.space.covariates else ()
        return any(term.pooled for term in terms)

    def belief(self) -> Belief | None:
        """Return what pulls the top; None for plain maximum likelihood."""
        sd = self.priors.coefficient_sd if self.priors else np.inf
        precision = np.full(len(self.space.names) - self.space.n_params, self.ridge + sd**-2)
        return Belief(self.space, self.priors, precision) if self.priors is not None or np.any(precision) else None

    def proper_belief(self) -> Belief:
        """Return what makes a posterior proper: the priors of the fit, or those that say little; a ridge stays."""
        priors = self.priors or priors_for(self.space.model, self.space.scale)
        precision = np.full(len(self.space.names) - self.space.n_params, self.ridge or priors.coefficient_sd**-2)
        return Belief(self.space, priors, precision)

    def top(self, belief: Belief | None) -> Maximum:
        """Find the top."""
        return maximise(self.space, self.columns, self.counts, belief, held=self.held, earlier=self.earlier)

    def objective(self, maximum: Maximum, belief: Belief | None) -> Objective:
        """Return what was climbed."""
        return Objective(self.space, scaled(self.space, self.columns), self.counts, maximum.held, belief)

    def check(self, method: str) -> None:
        """Raise where arguments don't go together."""
        if "gaps" in self.space.model.statistics:
            self._check_gaps(method)
        if self.ridge and self.priors is not None:
            raise ArgumentError(
                f"ridge belongs to maximum likelihood, and method={method!r} has a prior that does the same; give "
                f"priors={{'coefficient_sd': {self.ridge**-0.5:.3g}}} instead."
            )
        if self.pools and method == "bootstrap":
            raise ArgumentError(
                "A bootstrap of pooled groups would need groups drawn again too, which it doesn't do; fit them with "
                "method='mle' (empirical Bayes) or 'nuts'."
            )

    def _check_gaps(self, method: str) -> None:
        title = self.space.model.title
        if method == "nuts":
            raise ArgumentError(
                f"{title} looks at every gap between purchases, for which the sampler has no graph; draw its posterior "
                f"with method='laplace'."
            )
        if self.space.covariates is not None:
            raise ArgumentError(
                f"{title} looks at every gap between purchases and takes no covariates or groups beside them; leave "
                f"covariates out, or split the summary with by_group and fit each part."
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
