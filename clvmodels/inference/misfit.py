"""What a base has and a fitted model can't make: regular buying, and the share of customers who bought once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clvmodels.errors import ClvError
from clvmodels.grammar.clock import clock_of
from clvmodels.inference.regularity import regularity
from clvmodels.models import AbstractPurchaseModel, registry
from clvmodels.records import Estimate, Histories, Note, Summary
from clvmodels.voice import muted

_LOOKED_AT = 50_000  # customers with several repeat purchases: k is then known to a hundredth
_REGULAR = 1.5  # from here on two phases fit better than one
_SURE = 4.0  # standard deviations; fitted parameters have seen the data, so chance moves the rest by less
_STEP = 1e-5  # of the logarithm of a parameter: central differences err by its square
_SIMPLE = 4  # parameters of another model that is tried
_FEWEST = 200  # customers; below, nothing of a share can be told


def misfit_notes(estimate: Estimate, base: Summary, histories: Histories) -> tuple[Note, ...]:
    """Warn where a model of buying can't make what the base shows.

    Parameters
    ----------
    estimate : Estimate
        Fitted to the base.
    base, histories : Summary, Histories
        The customers, and their distinct histories.
    """
    model = estimate.model
    if not isinstance(model, AbstractPurchaseModel) or model.contractual:
        return ()
    return (*_regular(model, base), *_one_time(model, estimate, base, histories))


def regular_buying(summary: Summary) -> str:
    """Return in words how far the times between purchases are from random buying; nothing where they aren't, where too
    little is known, or where time is counted in whole periods, which keep a distance by themselves."""
    if summary.litt is None or summary.counts is not None or not np.any(summary.T % 1):
        return ""
    several = np.flatnonzero(summary.frequency > 1)
    some = several if len(several) <= _LOOKED_AT else several[:: -(-len(several) // _LOOKED_AT)]
    try:
        found = regularity(replace(summary, notes=()).take(some))
    except ClvError:  # nobody has two repeat purchases, or all buy like clockwork
        return ""
    known = f"k = {found.k:.3g}, 95% interval {found.k_lower:.3g} to {found.k_upper:.3g}, 1 being random"
    if found.k_lower > 1 and found.k >= _REGULAR:
        return f"Customers buy at regular distances ({known}), which models of random buying take for silence"
    if found.k_upper < 1 and found.k <= 1 / _REGULAR:
        return (
            f"Purchases come in bunches ({known}), which every model here takes for bursts of customers who then leave"
        )
    return ""


def _regular(model: AbstractPurchaseModel, base: Summary) -> list[Note]:
    if model.discrete or "litt" in model.statistics:
        return []
    text = regular_buying(base)
    if not text:
        return []
    able = [one.title for one in _others(model) if "litt" in one.statistics]
    return [
        Note(
            "regular_buying",
            f"{text}: {model.title} gives up regular customers too late, or early; compare it with "
            f"{' and '.join(able)} on a holdout.",
            "warning",
        )
    ]


def _one_time(model: AbstractPurchaseModel, estimate: Estimate, base: Summary, histories: Histories) -> list[Note]:
    """Test the share of customers without a repeat purchase: of a sum of residuals, what the fit's own scores don't
    explain (a conditional moment test; Newey 1985, Econometrica 53, 1047-1070)."""
    if model.log_length is not None:  # who was a customer before has had a longer time to buy
        return []
    if (estimate.covariates is not None and estimate.covariates.terms) or histories.counts.sum() < _FEWEST:
        return []
    if clock_of(estimate.model) is not None:  # the share by plain time is no share by the clock
        return []
    seen, made, away = _share(model, estimate, histories)
    if abs(away) < _SURE:
        return []
    n = float(histories.counts.sum())
    told = [text for other in _others(model) if (text := _better(other, model, estimate, base))]
    advice = f"{' and '.join(told)} can" if told else "no other model as simple fits better and can"
    return [
        Note(
            "one_time_share",
            f"{model.title} can't make the number of customers who bought once: {seen:,.0f} of {n:,.0f} have no repeat "
            f"purchase ({seen / n:.1%}), and the fitted model makes {made:,.0f} ({made / n:.1%}), which is "
            f"{abs(away):.0f} standard deviations away; {advice}; compare them on a holdout.",
            "warning",
        )
    ]


def _share(model: AbstractPurchaseModel, estimate: Estimate, histories: Histories) -> tuple[float, float, float]:
    """Return how many customers have no repeat purchase, how many under the estimate, and the distance in standard
    deviations, given that the parameters were fitted to them."""
    params, columns, counts = dict(estimate.params), histories.columns, histories.counts
    lengths, place = np.unique(columns["T"], return_inverse=True)
    none = model.pmf(params, lengths, 1)[0][place]
    residual = (columns["x"] == 0) - none
    slopes = []
    for parameter in model.free:
        up, down = (params | {parameter.name: params[parameter.name] * np.exp(step)} for step in (_STEP, -_STEP))
        slopes.append((model.pointwise(up, columns) - model.pointwise(down, columns)) / (2 * _STEP))
    scores = np.array(slopes)
    along = (scores * counts) @ residual
    explained = float(along @ np.linalg.lstsq((scores * counts) @ scores.T, along, rcond=None)[0])
    spread = np.sqrt(max(float(counts @ residual**2) - explained, 1.0))
    made = float(counts @ none)
    seen = float(counts[columns["x"] == 0].sum())
    return seen, made, (seen - made) / spread


def _better(other: AbstractPurchaseModel, model: AbstractPurchaseModel, estimate: Estimate, base: Summary) -> str:
    """Name another model with as few parameters that fits better and makes the share; nothing where it doesn't."""
    from clvmodels.inference.fitting import fit  # noqa: PLC0415 - which asks here what its own fit can't make

    alike = other.discrete == model.discrete and ("litt" in other.statistics) == ("litt" in model.statistics)
    if not alike or len(other.free) > _SIMPLE:
        return ""
    try:
        with muted():
            found = fit(other.name, base, n_draws=1)
    except ClvError:
        return ""
    gain = found.log_likelihood - estimate.log_likelihood
    able = gain > 0 and abs(_share(other, found, base.statistics(other.statistics))[2]) < _SURE
    return f"{other.title} (log-likelihood {gain:+,.0f})" if able else ""


def _others(model: AbstractPurchaseModel) -> list[AbstractPurchaseModel]:
    """Return the other models of buying without contracts."""
    found = [one for one in registry().values() if isinstance(one, AbstractPurchaseModel)]
    return [one for one in found if not one.contractual and one.name != model.name]
