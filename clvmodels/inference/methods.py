"""The ways to fit: each takes a job and returns a point with draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from clvmodels.inference.bootstrap import bootstrap_draws
from clvmodels.inference.diagnostics import (
    drawn_by_importance,
    drawn_under_a_parabola,
    held_everywhere,
    importance_notes,
)
from clvmodels.inference.importance import LEAST, PROPOSED, Weighted, posterior_draws, resampled
from clvmodels.inference.job import Found, Job
from clvmodels.inference.mle import Maximum, maximise
from clvmodels.inference.parabola import Likeness, likeness, looked_at_draws, near_ones
from clvmodels.inference.pooling import Pooled, pooled_fit
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.uncertainty import errors, is_flat, laplace_draws
from clvmodels.kernels.pareto_tail import smoothed
from clvmodels.records import Priors


def _by_maximum(job: Job) -> Found:
    """Draw under the parabola at the top; where it doesn't hold, by importance."""
    if job.pools:
        return _pooled(job)
    prior = job.prior()
    top = job.top(prior)
    if job.n_draws == 1:  # who asks for one looks at the top
        return Found(top.theta, laplace_draws(top, 1, job.seed), top.outcome, top.held, errors(top))
    under = looked_at_draws(job.objective(top, prior), top, job.n_draws, job.seed)
    diagnostics = {"pareto_k": under.likeness.pareto_k, "ess": under.likeness.ess}
    near = Found(top.theta, under.theta, top.outcome, top.held, errors(top), diagnostics)
    if under.holds:
        return near
    weighted = _weighed(job, top)
    if weighted is None:
        return _alone(job, top)
    told = drawn_by_importance(job.space.model, under.likeness, job.priors is None)
    return replace(
        near,
        draws=weighted.theta,
        errors=None if job.n_draws > 1 else errors(top),
        diagnostics={"pareto_k": weighted.pareto_k, "ess": weighted.ess},
        notes=(told, *importance_notes(job.space.model, weighted.pareto_k)),
    )


def _alone(job: Job, top: Maximum) -> Found:
    """Return the top as the only draw."""
    told = (held_everywhere(job.space.model),)
    return Found(top.theta, top.theta[None, :], top.outcome, top.held, errors(top), notes=told)


def _weighed(job: Job, top: Maximum) -> Weighted | None:
    """Draw the posterior by importance: under the priors of the fit, or those that say little where there are none."""
    prior = job.proper_prior()
    if job.priors is None:
        top = maximise(job.space, job.columns, job.counts, prior, held=top.held)
    return posterior_draws(job.objective(top, prior), top, job.n_draws, job.seed)


def _pooled(job: Job) -> Found:
    """Draw pooled groups under the parabola at the top; where it doesn't hold, weigh draws under that of a proper
    posterior."""
    near = _pooled_fit(job, job.prior(), job.priors, job.n_draws)
    top = near.maximum
    found = Found(top.theta, near.draws, top.outcome, top.held, group_sds=near.group_sds)
    if job.n_draws == 1:
        return found
    seen = _pooled_likeness(job, job.prior(), near)
    diagnostics = {"pareto_k": seen.pareto_k, "ess": seen.ess}
    if seen.is_close and not is_flat(top):
        near = near.resampled(near_ones(seen.far))
        return replace(found, draws=near.draws, group_sds=near.group_sds, diagnostics=diagnostics)
    prior = job.proper_prior()
    proposed = _pooled_fit(replace(job, held=top.held), prior, prior.priors, max(PROPOSED * job.n_draws, LEAST))
    weights, k = smoothed(_pooled_likeness(job, prior, proposed).log_weights)
    if not weights.any():
        alone = near.resampled(np.zeros(1, dtype=np.int64)).group_sds
        return replace(_alone(job, top), errors=None, group_sds=alone)
    rng = np.random.default_rng(job.seed)
    kept = proposed.resampled(resampled(weights, job.n_draws, rng))
    diagnostics = {"pareto_k": k, "ess": float(1 / np.sum(np.square(weights)))}
    notes = drawn_by_importance(job.space.model, seen, job.priors is None), *importance_notes(job.space.model, k)
    return replace(found, draws=kept.draws, group_sds=kept.group_sds, diagnostics=diagnostics, notes=notes)


def _pooled_fit(job: Job, prior: PriorDensity | None, priors: Priors | None, n_draws: int) -> Pooled:
    return pooled_fit(job.space, job.columns, job.counts, prior, priors, n_draws, job.seed, job.held, job.earlier)


def _pooled_likeness(job: Job, prior: PriorDensity | None, pooled: Pooled) -> Likeness:
    return likeness(job.objective(pooled.maximum, prior), pooled.maximum, pooled.draws, pooled.pull)


def _by_importance(job: Job) -> Found:
    if job.pools:
        found = _pooled(job)
        return replace(found, notes=found.notes or (drawn_under_a_parabola(job.space.model),))
    prior = job.prior()
    top = job.top(prior)
    weighted = posterior_draws(job.objective(top, prior), top, job.n_draws, job.seed)
    if weighted is None:
        return _alone(job, top)
    diagnostics = {"pareto_k": weighted.pareto_k, "ess": weighted.ess}
    notes = importance_notes(job.space.model, weighted.pareto_k)
    return Found(weighted.theta.mean(axis=0), weighted.theta, top.outcome, top.held, None, diagnostics, notes)


def _by_bootstrap(job: Job) -> Found:
    prior = job.prior()
    top = job.top(prior)
    drawn = bootstrap_draws(job.objective(top, prior), top, job.n_draws, job.seed)
    return Found(top.theta, drawn, top.outcome, top.held)


def _near_the_top(job: Job) -> Found:
    """Return draws under the parabola, for a sampler that starts there and looks itself."""
    if job.pools:
        return _pooled(job)
    top = job.top(job.prior())
    return Found(top.theta, laplace_draws(top, job.n_draws, job.seed), top.outcome, top.held)


def _by_sampler(job: Job) -> Found:
    from clvmodels.inference.nuts import sample  # noqa: PLC0415 - PyMC takes seconds to load
    from clvmodels.inference.posterior import Posterior  # noqa: PLC0415

    assert job.priors is not None  # the method asks for them
    near = _near_the_top(job)
    posterior = Posterior(job.space, job.columns, job.counts, job.priors, near.held)
    drawn = sample(posterior, near.draws, near.group_sds, job.n_draws, job.seed, job.sampling)
    return Found(
        drawn.theta.mean(axis=0),
        drawn.theta,
        drawn.outcome,
        near.held,
        None,
        drawn.diagnostics,
        drawn.notes,
        drawn.n_chains,
        drawn.stats,
        drawn.group_sds,
    )


METHODS: Mapping[str, Callable[[Job], Found]] = {
    "mle": _by_maximum,
    "map": _by_maximum,
    "laplace": _by_importance,
    "bootstrap": _by_bootstrap,
    "nuts": _by_sampler,
}
