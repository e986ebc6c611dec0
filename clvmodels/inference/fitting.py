"""One call to fit any model by any method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from clvmodels.errors import ArgumentError
from clvmodels.grammar.clock import OnClock
from clvmodels.grammar.model import as_purchase_model
from clvmodels.grammar.parameter import checked_held
from clvmodels.inference.buying_clock import buying_clock
from clvmodels.inference.calendar_notes import calendar_notes
from clvmodels.inference.diagnostics import blur_notes, parameter_notes
from clvmodels.inference.entry import Entry, entered
from clvmodels.inference.entry_notes import entry_notes
from clvmodels.inference.evidence import Fitted
from clvmodels.inference.first_purchases import first_purchase_of
from clvmodels.inference.fit_spec import FitSpec, Method
from clvmodels.inference.fixed_estimates import BY_COLUMN, at_own_prices, at_price
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
from clvmodels.models import AbstractPurchaseModel, AbstractSpendModel, check_histories, default_spend_model, get
from clvmodels.records import (
    Calendar,
    Customers,
    Estimate,
    FirstPurchaseUse,
    Note,
    Priors,
    Summary,
    check_summary,
    grouped_for,
)
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
    calendar: Calendar | None = None,
    entry: Entry = "cohort",
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
        - ``"nuts"``: draws of the posterior by PyMC's sampler; the most general and the slowest. Needs the extra
          ``bayes``: ``pip install 'clvmodels[bayes]'``.
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
    calendar : Calendar, optional
        Seasons, events and trends that act on how often all customers buy; for models without contract whose customers
        leave at a purchase or never. Parameters are then those of a day without effects, and effects, logarithms of
        factors, follow under their names (``season_table`` shows them). They are pulled towards 0 by standard
        deviations that are estimated, as those of pooled groups are.
    entry : "cohort" or "open"
        Where the customers of a model of buying come from; models of spend don't ask.

        - ``"cohort"``: each customer's first purchase in the log is the first ever.
        - ``"open"``: the log begins in the middle of a shop's life, and a "first" purchase may be that of an old
          customer. The number of old customers alive on the log's first day (``n_old``) and new customers a period
          (``arrivals``) are parameters more; ``predict`` adds P(old) as ``p_old`` and forecasts the mixture of both.
          For ``"nbd"``, ``"bgnbd"``, ``"mbgnbd"`` and ``"paretonbd"``, without covariates and not by ``"nuts"``. The
          log begins with its first purchase. New customers must arrive at a constant rate: where arrivals stop, as in a
          cohort, everybody would be taken for old. Few of the old are seen where rates differ much, so r and n_old can
          hardly be told apart; maximum likelihood keeps the default prior of ``rate_spread`` (half of it between
          r = 0.4 and 2.8, 95% between 0.05 and 19).

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
    clock = None if asked.calendar is None else buying_clock(asked.calendar, facts, base)
    facts, base = entered(facts, base, asked.entry, asked.columns, asked.method)
    terms = covariates_of(facts, base, asked.covariates, asked.pooled)
    histories = base.statistics(facts.statistics, terms)
    if isinstance(facts, AbstractPurchaseModel):
        check_histories(facts, histories.columns)
    columns, counts = informative(facts, histories)
    scale = Scale.of(facts, columns, counts)
    space = Space(facts, scale, terms, histories.patterns, clock)
    fixed = checked_held(facts.title, facts.parameters, asked.held or {}) or None
    earlier = None if start is None else starting_params(start, facts, terms, base.period)
    if earlier is not None and start is not None and clock is not None:
        earlier |= {name: start.params.get(name, 0.0) for name in clock.clock.names}
    law = _priors(space, asked.method, asked.priors)
    sampling = asked.sampling or Sampling()
    job = Job(space, columns, counts, law, asked.ridge, asked.n_draws, asked.seed, sampling, fixed, earlier)
    job.check(asked.method)
    with single_threaded():
        found = METHODS[asked.method](job)
        estimate = _estimate(job, found, base, asked.method)
        fitting = Fitting(space, columns, counts, job.prior())
        decided = () if fixed or job.pools else influence_notes(fitting, estimate, base, histories)
    misfit: tuple[Note, ...] = ()
    if not is_muted() and not fixed:
        misfit = (*misfit_notes(estimate, base, histories), *entry_notes(estimate, base, histories))
    warn_of((*misfit, *said))
    said = (*said, *(() if clock is None else calendar_notes(estimate, base)))
    notes = (*found.notes, *said, *parameter_notes(estimate, histories), *blur_notes(facts, estimate, base), *decided)
    return replace(estimate, notes=(*notes, *misfit, *about_the_log(base.notes)))


def spend_as(
    spend: str | float | None, asked: FitSpec, base: Customers, *, start: Estimate | None = None
) -> Estimate | None:
    """Return what purchases are worth, by a spend model that is fitted as asked or at a price.

    None where nothing says it: ``spend`` is None, or the customers come without amounts. The usual spend model of
    contracts that carry prices is each one's own price.
    """
    if spend is None:
        return None
    known = isinstance(base, Summary) and base.price is not None
    if spend == BY_COLUMN or (known and spend == default_spend_model().name):
        return at_own_prices(check_summary(base))
    if not isinstance(spend, str):
        return at_price(spend, base if isinstance(base, Summary) else None)
    asked = asked.but(model=spend, calendar=None)
    has_money = base.monetary_value is not None if isinstance(base, Summary) else "monetary_value" in base.columns
    return fit_as(asked, base, start=start) if has_money else None


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
    if space.clock is not None:
        model = OnClock(as_purchase_model(model), space.clock.clock)
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
        log_likelihood=float(job.counts @ model.pointwise(params, job.columns, effects) + space.log_rates(found.point)),
        n_customers=round(float(job.counts.sum())),
        outcome=found.outcome,
        covariates=space.covariates,
        priors=job.priors,
        diagnostics=found.diagnostics,
        n_chains=found.n_chains,
        evidence=Fitted(space, job.columns, job.counts, job.priors, found.held, found.stats),
        first_purchase=summary.first_counted,
    )
