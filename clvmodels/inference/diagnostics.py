"""What a fitted model's parameters warn of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtri

from clvmodels.arrays import FloatArray
from clvmodels.grammar.model import Params
from clvmodels.inference.comparability import nested
from clvmodels.inference.parabola import TRUSTED_K, Likeness
from clvmodels.models import AbstractModel, AbstractPurchaseModel, AbstractSpendModel, purchase_model, registry
from clvmodels.records import Estimate, Histories, Note, Summary

_FEW_CUSTOMERS = 200  # below it standard errors of shape parameters are commonly half their size
_WIDE = 1.0  # a standard error of 1 in the logarithm: the parameter is known to a factor of 7 either way
_TIED = 0.95  # a correlation that leaves a third of a parameter's spread to itself
_BY_CHANCE = 0.05  # of studies in which a parameter at its edge gains more than that (half a chi-square: 1.35)
_TAILS = (0.025, 0.975)
_AT_MAXIMUM = ("mle", "bootstrap")


def parameter_notes(estimate: Estimate, histories: Histories | None = None) -> tuple[Note, ...]:
    """Return when the model misleads at all, and warnings about ridges, boundaries, missing means and small samples.

    Without the histories that were fitted, only what parameters tell by themselves.
    """
    model = estimate.model
    notes = [Note("model_misleads", f"{model.title} by its nature: {model.caveat}.")]
    pooled = estimate.covariates is not None and estimate.covariates.pooled
    if pooled:
        text = (
            f"Groups are pulled towards each other, so their effects in {model.title} are no whole parameters: AIC, "
            f"BIC and tests of likelihoods mean nothing here and aren't given."
        )
        notes.append(Note("pooled_groups", text))
    if histories is not None:
        notes += _ridge(model, estimate, histories)
        if not pooled and estimate.method in _AT_MAXIMUM:
            notes += _boundary(model, estimate, histories)
    if isinstance(model, AbstractSpendModel) and not bool(model.mean_exists(estimate.params, np.zeros(()))):
        notes.append(
            Note(
                "infinite_mean_spend",
                f"The mean spend of a new customer doesn't exist under these {model.title} parameters (the tail of "
                f"large spenders is too heavy), so customers without a repeat purchase can't be valued; look for "
                f"outliers in the amounts.",
                "warning",
            )
        )
    if 0 < estimate.n_customers < _FEW_CUSTOMERS:
        notes.append(
            Note(
                "few_customers",
                f"Only {estimate.n_customers} customers inform {model.title}; its intervals rest on a large-sample "
                f"approximation.",
                "warning",
            )
        )
    return tuple(notes)


def drawn_under_a_parabola(model: AbstractModel) -> Note:
    """Say that draws of pooled groups weren't corrected by importance sampling."""
    text = (
        f"The pooled groups of {model.title} have too many effects for importance sampling, so draws come from the "
        f"parabola at the posterior's mode; method='nuts' draws the whole hierarchy."
    )
    return Note("pooled_parabola", text)


def drawn_by_importance(model: AbstractModel, likeness: Likeness, priors_that_say_little: bool) -> Note:
    """Say that draws under the parabola at the top weren't believed, and where they come from instead."""
    law = "the default priors, which say little" if priors_that_say_little else "the priors of the fit"
    text = (
        f"Around its best parameters, {model.title} isn't as well known as their curvature says (of 1,000 draws under "
        f"it, {likeness.ess:.0f} would count, Pareto k = {likeness.pareto_k:.2f}), so its draws and errors come from "
        f"importance sampling under {law}, as with method='laplace'; the estimate stays the best."
    )
    return Note("draws_by_importance", text)


def held_everywhere(model: AbstractModel) -> Note:
    """Say that nothing is known of how uncertain the parameters are."""
    text = (
        f"These data tell no draws of {model.title} (its likelihood curves in no direction), so all parameters are "
        f"held at the estimate, and intervals hold chance alone and no parameter uncertainty; a simpler model may say "
        f"as much."
    )
    return Note("no_parameter_uncertainty", text, "warning")


def blur_notes(model: AbstractModel, estimate: Estimate, summary: Summary) -> tuple[Note, ...]:
    """Say how far the likelihood may be off where spends were grouped.

    Up to third powers the points of a cell stand for its spends exactly, so by Taylor each loses at most a 24th of the
    fourth derivative times the fourth power of its distance, and as much on the side of the points. Where two
    likelihoods are within d of each other, their maxima are within 2 sqrt(d) standard errors.
    """
    if summary.grouping_error is None or not isinstance(model, AbstractSpendModel):
        return ()
    steepest = {name: float(np.max(values)) for name, values in estimate.draws.items()}
    histories = summary.statistics(model.statistics)
    n = histories.columns[model.statistics[0]][histories.index]
    most = float(summary.grouping_error @ model.fourth_slope(steepest, n)) / 24
    text = (
        f"The spends of {estimate.n_customers:,} customers were fitted as {np.count_nonzero(n):,} "
        f"grouped ones with the same moments: the log-likelihood is exact to {most:.1g}, which moves the maximum by "
        f"{2 * most**0.5:.1g} standard errors at most."
    )
    return (Note("grouped_spend", text),)


def importance_notes(model: AbstractModel, pareto_k: float) -> tuple[Note, ...]:
    """Warn where importance sampling can't be believed."""
    if pareto_k <= TRUSTED_K:
        return ()
    text = (
        f"The draws of {model.title} rest on a few of the points proposed (Pareto k = {pareto_k:.2f}, above "
        f"{TRUSTED_K}), so its intervals may be off; fit again with method='nuts'."
    )
    return (Note("pareto_k", text, "warning"),)


def _ridge(model: AbstractModel, estimate: Estimate, histories: Histories) -> list[Note]:
    """Warn of parameters that others can stand in for, with what that does to a forecast."""
    errors = {p.name: estimate.std_errors[p.name] / estimate.params[p.name] for p in model.free}
    if all(np.isnan(error) for error in errors.values()):
        text = (
            f"The likelihood of {model.title} is flat in some direction, so its parameters have no errors, and how far "
            f"a forecast ranges along it isn't known; a simpler model may say as much."
        )
        return [Note("ridge", text, "warning")]
    wide = [name for name, error in errors.items() if not error < _WIDE]
    if not wide:
        return []
    names = _with_partners(estimate, wide)
    told = "told apart" if len(names) > 1 else "told"
    text = (
        f"{_joined(names)} of {model.title} can hardly be {told} from these data (weak identification: other values "
        f"fit nearly as well); {_along(model, estimate, histories)}. {_trust(estimate)}"
    )
    return [Note("ridge", text, "warning")]


def _trust(estimate: Estimate) -> str:
    """Say what to hold on to on a ridge; an interval only where its draws are believed."""
    if estimate.n_draws < 2 or estimate.diagnostics.get("pareto_k", 0.0) > TRUSTED_K:
        return "Trust neither the parameter nor an interval made from these draws."
    return "Trust the forecast's interval more than the parameter."


def _with_partners(estimate: Estimate, wide: Sequence[str]) -> list[str]:
    """Return parameters with those that move along with them from draw to draw, in the model's order."""
    model = estimate.model
    logs = {p.name: np.log(estimate.draws[p.name]) for p in model.free if np.ptp(estimate.draws[p.name]) > 0}

    def moves_along(name: str) -> bool:
        pairs = [(logs[name], logs[other]) for other in wide if name in logs and other in logs]
        return any(abs(np.corrcoef(*pair)[0, 1]) > _TIED for pair in pairs)

    return [p.name for p in model.parameters if p.name in wide or moves_along(p.name)]


def _along(model: AbstractModel, estimate: Estimate, histories: Histories) -> str:
    """Say how far a forecast for a new customer ranges over the draws."""
    if estimate.n_draws < 2:
        return "how far a forecast ranges along it takes more draws than one to say"
    if isinstance(model, AbstractSpendModel):
        exists = np.broadcast_to(model.mean_exists(estimate.draws, np.zeros(())), estimate.n_draws)
        if not exists.all():
            return f"in {1 - exists.mean():.0%} of the draws along it a new customer's mean spend doesn't exist"
        what, values = "mean spend stays", model.expected_spend(estimate.draws, np.zeros(()), np.zeros(()))
    else:
        horizon = _horizon(histories)
        what = f"{_ahead(model, estimate, horizon)} stay"
        values = _purchases(model, estimate.draws, horizon)
    low, high = np.quantile(values, _TAILS)
    return f"along it a new customer's {what} between {low:.3g} and {high:.3g} in 95% of the draws"


def _boundary(model: AbstractModel, estimate: Estimate, histories: Histories) -> list[Note]:
    """Say where the data don't ask for more than a simpler model, the simplest of those that fit as well."""
    for simpler in sorted(registry().values(), key=lambda other: len(other.parameters)):
        extra = nested(simpler, model, estimate.params, histories.columns)
        if not extra:
            continue
        effects = histories.effects(estimate.params)
        there = float(histories.counts @ simpler.pointwise(estimate.params, histories.columns, effects))
        gap = estimate.log_likelihood - there
        lost = [t for t in (estimate.covariates.terms if estimate.covariates else ()) if t.side not in simpler.sides]
        if gap < chdtri(1 + sum(len(term.names) for term in lost), 2 * _BY_CHANCE) / 2:
            nulls = _joined([f"{p.name} at {p.null:g}" for p in extra if p.null is not None])
            idle = [p.name for p in extra if p.null is None]
            text = (
                f"With {nulls}{f' and whatever {_joined(idle)}' if idle else ''}, {model.title} is {simpler.title} "
                f"({simpler.setting}) and loses {_little(gap)}"
                f"{_either_way(simpler, model, estimate, histories)}: these data don't ask for more than "
                f"{simpler.title}."
            )
            return [Note("boundary", text, "warning")]
    return []


def _little(gap: float) -> str:
    return f"only {gap:.2g} in log-likelihood, which is noise" if gap >= 0.005 else "nothing"


def _either_way(simpler: AbstractModel, model: AbstractModel, estimate: Estimate, histories: Histories) -> str:
    """Say what both forecast for a new customer."""
    if not isinstance(model, AbstractPurchaseModel):
        return ""
    horizon = _horizon(histories)
    mine, its = (float(_purchases(which, estimate.params, horizon)) for which in (model, simpler))
    change = f"go from {mine:.3g} to {its:.3g}" if f"{mine:.3g}" != f"{its:.3g}" else f"stay at {its:.3g}"
    return f", and a new customer's {_ahead(model, estimate, horizon)} {change}"


def _purchases(model: AbstractModel, params: Params, horizon: float) -> FloatArray:
    return np.asarray(purchase_model(model.name).expectation(params, horizon))


def _horizon(histories: Histories) -> float:
    """Return for how long the median customer has been observed."""
    return float(np.quantile(histories.columns["T"][histories.index], 0.5, method="inverted_cdf"))


def _ahead(model: AbstractModel, estimate: Estimate, horizon: float) -> str:
    counted = "renewals" if isinstance(model, AbstractPurchaseModel) and model.contractual else "purchases"
    unit = estimate.period.name if estimate.period else "period"
    return f"expected {counted} over {horizon:.4g} {unit}s"


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
