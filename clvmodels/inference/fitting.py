"""One call to fit any model by any method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from clvmodels.errors import ArgumentError
from clvmodels.grammar.parameter import checked_held
from clvmodels.inference.diagnostics import blur_notes, parameter_notes
from clvmodels.inference.evidence import Fitted
from clvmodels.inference.first_purchases import first_purchase_of
from clvmodels.inference.fit_spec import FitSpec, Method
from clvmodels.inference.fixed_estimates import at_price
from clvmodels.inference.influence import Fitting, influence_notes
from clvmodels.inference.informative import informative
from clvmodels.inference.job import Found, Job
from clvmodels.inference.methods import METHODS
from clvmodels.inference.misfit import misfit_notes
from clvmodels.inference.prior_density import priors_for
from clvmodels.inference.sampling import Sampling
from clvmodels.inference.sides import ColumnNames, covariates_of
from clvmodels.inference.space import Space
from clvmodels.inference.threads import single_threaded
from clvmodels.inference.transforms import Scale
from clvmodels.inference.warm_start import starting_params
from clvmodels.models import AbstractPurchaseModel, AbstractSpendModel, check_histories, get
from clvmodels.records import Customers, Estimate, FirstPurchaseUse, Priors, Summary, grouped_for
from clvmodels.records.covariates import PATTERN
from clvmodels.records.log_check import about_the_log
from clvmodels.records.note import warn_of
from clvmodels.records.prior import PriorLike
from clvmodels.voice import is_muted


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
    first_purchase: FirstPurchaseUse = "scaled",
) -> Estimate:
    """Fit a model to a summary.

    Parameters
    ----------
    model : str
        Name of a registered model: ``"bgnbd"``, ``"gammagamma"``.
    summary : Summary or AbstractCustomerTable
        The customers; of a table only the distinct histories are read.
    method : "mle", "map", "laplace", "bootstrap" or "nuts"
        - ``"mle"``: maximum likelihood; draws come from the curvature at the maximum where the likelihood is a parabola
          there. Where it isn't, draws and standard errors are those of ``"laplace"`` under the default priors, and the
          note ``draws_by_importance`` says so.
        - ``"map"``: the mode of the posterior; draws come from its curvature, or as those of ``"laplace"``.
        - ``"laplace"``: draws of the posterior by importance sampling from a proposal at the mode, with a diagnostic
          that says whether they can be believed. Takes about as long as maximum likelihood.
        - ``"bootstrap"``: maximum likelihood for each of ``n_draws`` bases drawn from the customers with replacement.
        - ``"nuts"``: draws of the posterior by PyMC's sampler; the most general and the slowest.
    priors : Priors or mapping of str to Prior or (median, sd), optional
        Priors for the quantities of ``default_priors``; those not named keep the default, which says
        little. Only for ``"map"``, ``"laplace"`` and ``"nuts"``.
    covariates : mapping of "buying", "dropout", "spend" to column names, optional
        Group columns of the summary that act on a side of the model: numeric ones by a coefficient per unit, others by
        one for each level but the most frequent. Coefficients are logarithms of factors: of the mean rate of buying, of
        the rate or odds of leaving, of the amounts. A model of buying leaves out "spend", one of spend the others.
    pooled : str, sequence of str, or mapping of sides to column names, optional
        Group columns whose levels are drawn together: each group has an effect on every side (or on those named), and
        how much groups differ is learned from all of them, so that small groups borrow strength. They are drawn under
        the parabola at the top, by ``"laplace"`` too, weighed by importance where it doesn't hold; only ``"nuts"``
        draws the whole hierarchy.
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
    first_purchase : "scaled" or "leave_out"
        What a model of spend makes of first purchases; others don't look at amounts.

        - ``"scaled"``: a first purchase, divided by the scale phi at which first purchases stand to later ones of the
          same customers, is one more purchase: n = x + 1 and m = (a1 / phi + x m_x) / (x + 1). So customers who bought
          once are told apart too. What was free says nothing. phi is found before the fit and held in all draws; its
          standard error is in ``Estimate.first_purchase``. Where there are no first amounts, they are left out, and a
          note says why.
        - ``"leave_out"``: the published form, which looks at repeat purchases only and gives all customers without one
          the same value.

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

    See Also
    --------
    predict : Forecast each customer's purchases.
    estimate_from : Make an estimate from published or stored parameters, without a fit.
    default_priors : Return the priors that a fit takes where none are given, in the period and currency of a summary.
    likelihood_ratio : Test a simpler model against a wider one that contains it.

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
    return fit_as(FitSpec.among(locals()), summary, start=start)


def fit_as(asked: FitSpec, summary: Customers, *, start: Estimate | None = None) -> Estimate:
    """Fit a model as a record asks, from an earlier estimate where there is one."""
    facts = get(asked.model)
    first, said = first_purchase_of(facts, summary, asked.first_purchase)
    base = grouped_for(summary, facts.statistics, asked.columns, first)
    terms = covariates_of(facts, base, asked.covariates, asked.pooled)
    histories = base.statistics(facts.statistics, terms)
    if isinstance(facts, AbstractPurchaseModel):
        check_histories(facts, histories.columns)
    columns, counts = informative(facts, histories)
    scale = Scale.of(facts, columns, counts)
    space = Space(facts, scale, terms, histories.patterns)
    fixed = checked_held(facts.title, facts.parameters, asked.held or {}) or None
    earlier = None if start is None else starting_params(start, facts, terms, base.period)
    law = _priors(space, asked.method, asked.priors)
    sampling = asked.sampling or Sampling()
    job = Job(space, columns, counts, law, asked.ridge, asked.n_draws, asked.seed, sampling, fixed, earlier)
    job.check(asked.method)
    with single_threaded():
        found = METHODS[asked.method](job)
        estimate = _estimate(job, found, base, asked.method)
        fitting = Fitting(space, columns, counts, job.prior())
        decided = () if fixed or job.pools else influence_notes(fitting, estimate, base, histories)
    misfit = () if is_muted() or fixed else misfit_notes(estimate, base, histories)
    warn_of((*misfit, *said))
    notes = (*found.notes, *said, *parameter_notes(estimate, histories), *blur_notes(facts, estimate, base), *decided)
    return replace(estimate, notes=(*notes, *misfit, *about_the_log(base.notes)))


def spend_as(
    spend: str | float | None, asked: FitSpec, base: Customers, *, start: Estimate | None = None
) -> Estimate | None:
    """Return what purchases are worth, by a spend model that is fitted as asked or at a price.

    None where nothing says it: ``spend`` is None, or the customers come without amounts.
    """
    if spend is None:
        return None
    if not isinstance(spend, str):
        return at_price(spend, base if isinstance(base, Summary) else None)
    has_money = base.monetary_value is not None if isinstance(base, Summary) else "monetary_value" in base.columns
    return fit_as(asked.but(model=spend), base, start=start) if has_money else None


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
            {**priors.distributions, "coefficient_sd": priors.coefficient_sd, "group_sd": priors.group_sd}
        )
    return priors_for(space.model, space.scale).replace(priors or {})


def _estimate(job: Job, found: Found, summary: Summary, method: Method) -> Estimate:
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
        first_purchase=summary.first_counted,
    )
