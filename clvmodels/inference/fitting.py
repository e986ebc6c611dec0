"""One call to fit any model by any method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import ArgumentError, check_between, unknown_name
from clvmodels.inference.belief import Belief, priors_for
from clvmodels.inference.bootstrap import bootstrap_draws
from clvmodels.inference.diagnostics import blur_notes, drawn_under_a_parabola, importance_notes, parameter_notes
from clvmodels.inference.evidence import Fitted
from clvmodels.inference.importance import posterior_draws
from clvmodels.inference.informative import informative
from clvmodels.inference.mle import Maximum, Objective, maximise
from clvmodels.inference.pooling import pooled_fit
from clvmodels.inference.sampling import Sampling
from clvmodels.inference.sides import ColumnNames, covariates_of, named_columns
from clvmodels.inference.space import Space, scaled
from clvmodels.inference.threads import single_threaded
from clvmodels.inference.transforms import Scale
from clvmodels.inference.uncertainty import errors, laplace_draws
from clvmodels.inference.warm_start import starting_params
from clvmodels.models import AbstractPurchaseModel, AbstractSpendModel, get
from clvmodels.records import Customers, Estimate, Note, Outcome, Priors, Summary, grouped_for
from clvmodels.records.covariates import PATTERN
from clvmodels.records.parameter import checked_held
from clvmodels.records.prior import PriorLike

type Method = Literal["mle", "map", "laplace", "bootstrap", "nuts"]


def fit(  # noqa: PLR0913 - each argument is a choice of its own
    model: str,
    summary: Customers,
    *,
    method: Method = "mle",
    priors: Priors | Mapping[str, PriorLike] | None = None,
    covariates: Mapping[str, ColumnNames] | None = None,
    pooled: ColumnNames | Mapping[str, ColumnNames] | None = None,
    ridge: float = 0.0,
    n_draws: int = 1_000,
    seed: int = 1,
    sampling: Sampling | None = None,
    held: Mapping[str, float] | None = None,
    start: Estimate | None = None,
) -> Estimate:
    """Fit a model to a summary.

    Parameters
    ----------
    model : str
        Name of a registered model: ``"bgnbd"``, ``"gammagamma"``.
    summary : Summary or AbstractCustomerTable
        The customers; of a table only the distinct histories are read.
    method : "mle", "map", "laplace", "bootstrap" or "nuts"
        - ``"mle"``: maximum likelihood; draws come from the curvature at the maximum.
        - ``"map"``: the mode of the posterior; draws come from its curvature.
        - ``"laplace"``: draws of the posterior by importance sampling from a proposal at the mode, with a diagnostic
          that says whether they can be believed. Takes about as long as maximum likelihood.
        - ``"bootstrap"``: maximum likelihood for each of ``n_draws`` bases drawn from the customers with replacement.
        - ``"nuts"``: draws of the posterior by PyMC's sampler; the most general and the slowest.
    priors : Priors or mapping of str to Prior or (median, sd), optional
        What is believed before, for the quantities of ``default_priors``; those not named keep the default, which says
        little. Only for ``"map"``, ``"laplace"`` and ``"nuts"``.
    covariates : mapping of "buying", "dropout", "spend" to column names, optional
        Group columns of the summary that act on a side of the model: numeric ones by a coefficient per unit, others by
        one for each level but the most frequent. Coefficients are logarithms of factors: of the mean rate of buying, of
        the rate or odds of leaving, of the amounts. A model of buying leaves out "spend", one of spend the others.
    pooled : str, sequence of str, or mapping of sides to column names, optional
        Group columns whose levels are drawn together: each group has an effect on every side (or on those named), and
        how much groups differ is learned from all of them, so that small groups borrow strength. They are drawn under
        the parabola at the top, by ``"laplace"`` too; only ``"nuts"`` draws the whole hierarchy.
    ridge : float >= 0
        Pulls coefficients of covariates towards 0 in maximum likelihood, by this times half their square, per standard
        deviation of a numeric column.
    n_draws : int >= 1
        Parameter draws to keep; every interval is made from them. For ``"nuts"``, over all chains.
    seed : int
        Of the draws.
    sampling : Sampling, optional
        How ``"nuts"`` runs: chains, warm-up, sampler.
    held : mapping of str to float, optional
        Values of parameters that take few, as in ``{"k": 2}``; else the likelihood (with the prior) chooses, and the
        draws of the others take the choice as known. AIC and BIC count them either way.
    start : Estimate, optional
        An earlier estimate of the same model, with the same covariates and period, of a base like this one: the climb
        begins there and, against a top that is only local, from typical values too. Where the two don't end at one
        top, or don't converge, the usual search from five points follows, so the estimate is the same with or without;
        only the time differs.

    Returns
    -------
    Estimate
        Parameters in the summary's period, their uncertainty and how the fit went. A fit that didn't converge is
        returned with an outcome that says so. The point estimate is the maximum for ``"mle"``, ``"bootstrap"`` and
        ``"map"``, and the mean on the unconstrained scale for ``"laplace"`` and ``"nuts"``.

    Raises
    ------
    FitError
        When the summary can't inform the model (no repeat purchase, no spend).
    InputError
        When a covariate or group column is missing, constant or has gaps.
    ArgumentError
        For an unknown model, method, side or prior, a start of another model, covariates or period, a parameter that
        can't be held, or arguments that don't go together.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.fit("bgnbd", rfm)
    Estimate(bgnbd: r=0.2426, alpha=4.414, a=0.7929, b=2.426; log-likelihood -9582.429; mle)
    >>> posterior = clv.fit("bgnbd", rfm, method="laplace")
    >>> posterior.diagnostics["pareto_k"] < 0.5
    True
    """
    facts = get(model)
    if method not in _METHODS:
        raise unknown_name("method", method, _METHODS)
    if n_draws < 1:
        raise ArgumentError(
            f"n_draws is {n_draws!r}; it must be at least 1, because intervals are made from the draws."
        )
    check_between("ridge", ridge, 0, float("inf"), "it is the strength of a pull towards no effect", open_high=True)
    base = grouped_for(summary, facts.statistics, named_columns(covariates, pooled))
    terms = covariates_of(facts, base, covariates, pooled)
    histories = base.statistics(facts.statistics, terms)
    if isinstance(facts, AbstractPurchaseModel):
        facts.check_histories(histories.columns)
    columns, counts = informative(facts, histories)
    scale = Scale.of(facts, columns, counts)
    space = Space(facts, scale, terms, histories.patterns)
    fixed = checked_held(facts.title, facts.parameters, held or {}) or None
    earlier = None if start is None else starting_params(start, facts, terms, base.period)
    law = _priors(space, method, priors)
    job = _Job(space, columns, counts, law, ridge, n_draws, seed, sampling or Sampling(), fixed, earlier)
    job.check(method)
    with single_threaded():
        found = _METHODS[method](job)
        estimate = _estimate(job, found, base, method)
    notes = (*found.notes, *parameter_notes(estimate, histories), *blur_notes(facts, estimate, base))
    return replace(estimate, notes=notes)


@dataclass(frozen=True, eq=False)
class _Job:
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

    def top(self, belief: Belief | None) -> Maximum:
        """Find the top."""
        return maximise(self.space, self.columns, self.counts, belief, held=self.held, earlier=self.earlier)

    def objective(self, maximum: Maximum, belief: Belief | None) -> Objective:
        """Return what was climbed."""
        return Objective(self.space, scaled(self.space, self.columns), self.counts, maximum.held, belief)

    def check(self, method: Method) -> None:
        """Raise where arguments don't go together."""
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


@dataclass(frozen=True, eq=False)
class _Found:
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


def _by_maximum(job: _Job) -> _Found:
    if job.pools:
        pooled = pooled_fit(
            job.space,
            job.columns,
            job.counts,
            job.belief(),
            job.priors,
            job.n_draws,
            job.seed,
            job.held,
            job.earlier,
        )
        top = pooled.maximum
        return _Found(top.theta, pooled.draws, top.outcome, top.held, group_sds=pooled.group_sds)
    top = job.top(job.belief())
    return _Found(top.theta, laplace_draws(top, job.n_draws, job.seed), top.outcome, top.held, errors(top))


def _by_importance(job: _Job) -> _Found:
    if job.pools:
        return replace(_by_maximum(job), notes=(drawn_under_a_parabola(job.space.model),))
    belief = job.belief()
    top = job.top(belief)
    weighted = posterior_draws(job.objective(top, belief), top, job.n_draws, job.seed)
    if weighted is None:
        return _by_maximum(job)
    diagnostics = {"pareto_k": weighted.pareto_k, "ess": weighted.ess}
    notes = importance_notes(job.space.model, weighted.pareto_k)
    return _Found(weighted.theta.mean(axis=0), weighted.theta, top.outcome, top.held, None, diagnostics, notes)


def _by_bootstrap(job: _Job) -> _Found:
    belief = job.belief()
    top = job.top(belief)
    drawn = bootstrap_draws(job.objective(top, belief), top, job.n_draws, job.seed)
    return _Found(top.theta, drawn, top.outcome, top.held)


def _by_sampler(job: _Job) -> _Found:
    from clvmodels.inference.nuts import sample  # noqa: PLC0415 - PyMC takes seconds to load
    from clvmodels.inference.posterior import Posterior  # noqa: PLC0415

    assert job.priors is not None  # the method asks for them
    near = _by_maximum(job)
    posterior = Posterior(job.space, job.columns, job.counts, job.priors, near.held)
    drawn = sample(posterior, near.draws, near.group_sds, job.n_draws, job.seed, job.sampling)
    return _Found(
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


_METHODS: Mapping[str, Callable[[_Job], _Found]] = {
    "mle": _by_maximum,
    "map": _by_maximum,
    "laplace": _by_importance,
    "bootstrap": _by_bootstrap,
    "nuts": _by_sampler,
}
_LIKELIHOOD_ONLY = ("mle", "bootstrap")


def _priors(space: Space, method: Method, priors: Priors | Mapping[str, PriorLike] | None) -> Priors | None:
    """Return the priors of a Bayesian method."""
    if method in _LIKELIHOOD_ONLY:
        if priors is not None:
            raise ArgumentError(
                f"method={method!r} uses no priors; take 'map', 'laplace' or 'nuts', or leave priors out."
            )
        return None
    if isinstance(priors, Priors):
        return priors_for(space.model, space.scale).replace(
            {**priors.laws, "coefficient_sd": priors.coefficient_sd, "group_sd": priors.group_sd}
        )
    return priors_for(space.model, space.scale).replace(priors or {})


def _estimate(job: _Job, found: _Found, summary: Summary, method: Method) -> Estimate:
    space, model = job.space, job.space.model
    params = {name: float(value) for name, value in space.natural(found.point, found.held).items()}
    draws = space.natural(found.draws, found.held) | dict(found.group_sds)
    params |= {name: float(np.median(values)) for name, values in found.group_sds.items()}
    if found.errors is None:
        spread = {name: float(np.std(values)) if len(values) > 1 else np.nan for name, values in draws.items()}
        std_errors = {name: np.nan if name in found.held else spread[name] for name in params}
    else:
        std_errors = dict.fromkeys(params, np.nan) | space.natural_errors(found.point, found.errors)
    effects = space.patterns.effects(params, job.columns[PATTERN]) if space.patterns else {}
    return Estimate(
        model=model,
        params=params,
        period=None if isinstance(model, AbstractSpendModel) else summary.period,
        method=method,
        draws={name: draws[name] for name in params},
        std_errors=std_errors,
        log_likelihood=float(job.counts @ model.pointwise(params, job.columns, effects)),
        n_customers=round(float(job.counts.sum())),
        outcome=found.outcome,
        covariates=space.covariates,
        priors=job.priors,
        diagnostics=found.diagnostics,
        n_chains=found.n_chains,
        evidence=Fitted(space, job.columns, job.counts, job.priors, found.held, found.stats),
    )
