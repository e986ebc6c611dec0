"""When two likelihoods may be held against each other, and when one model lies within another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clvmodels.arrays import BoolArray, Columns
from clvmodels.errors import ArgumentError
from clvmodels.models import AbstractModel, AbstractPurchaseModel, AbstractSpendModel, get
from clvmodels.records import Estimate, Parameter, Summary, check_summary

_NEARLY_NONE = 1e-200  # for a null of 0: histories that leaving explains 1e190 times better still don't feel it
_ENOUGH = 1_000  # histories on which two formulas are told apart
_SAME = 1e-6  # log-likelihood of a customer; formulas agree to 1e-10, and models that differ do so in the first digit
_ROUNDING = 1e-9  # of a long history's log-likelihood, a sum of thousands of terms
_MOVED = 1e-6  # of the log-likelihood: what a saved and reloaded estimate may differ by on its own customers


def nested(
    narrow: AbstractModel, wide: AbstractModel, params: Mapping[str, float], columns: Columns
) -> tuple[Parameter, ...]:
    """Return what the wide model has beyond the narrow one; nothing where it doesn't contain it on these histories.

    The parameters of the narrow model keep their values, the others go to where the model becomes a simpler one. One
    that means nothing there (the second parameter of dropout where nobody leaves) stays as it is.
    """
    shared = {p.name for p in narrow.parameters}
    extra = tuple(p for p in wide.parameters if p.name not in shared)
    within = shared <= {p.name for p in wide.parameters} and set(narrow.statistics) <= set(wide.statistics)
    if not within or all(p.null is None for p in extra):
        return ()
    at_null = {**params} | {p.name: p.null or _NEARLY_NONE for p in extra if p.null is not None}
    some = {name: values[:: 1 + len(values) // _ENOUGH] for name, values in columns.items()}
    rows = wide.pointwise(at_null, some), narrow.pointwise(params, some)
    return extra if np.allclose(*rows, rtol=_ROUNDING, atol=_SAME) else ()


def extra_parameters(narrow: Estimate, wide: Estimate, summary: Summary) -> tuple[Parameter, ...]:
    """Return what the wide model has beyond the narrow one, where it contains it."""
    columns = summary.statistics(wide.model.statistics).columns
    return nested(get(narrow.model.name), get(wide.model.name), {**wide.params, **narrow.params}, columns)


def contained(narrow: Estimate, wide: Estimate, summary: Summary) -> bool:
    """Return whether one model lies within the other as fitted; at given steps, models may meet elsewhere only."""
    extra = extra_parameters(narrow, wide, summary)
    return bool(extra) and all(wide.params[p.name] == p.null for p in extra if p.among)


def check_comparable(estimates: Sequence[Estimate], summary: Summary) -> None:
    """Raise where log-likelihoods are densities of different things."""
    check_summary(summary)
    for estimate in estimates:
        model = get(estimate.model.name)
        estimate.check_period(summary)
        if isinstance(model, AbstractPurchaseModel):
            model.check_histories(summary.statistics(model.statistics).columns)
    for estimate in estimates[1:]:
        one, other = estimates[0].model, estimate.model
        if _is_spend(estimates[0]) is not _is_spend(estimate):
            raise ArgumentError(
                f"{one.title} and {other.title} speak of different things, purchases and what they are worth, so "
                f"their likelihoods can't be compared; compare models of buying and models of spend apart."
            )
        if counts_steps(estimates[0]) is not counts_steps(estimate):
            raise ArgumentError(
                f"One of {one.title} and {other.title} counts opportunities and the other continuous time, so one "
                f"likelihood is a probability and the other a density; compare their forecasts on a holdout."
            )


def check_fitted_here(estimates: Sequence[Estimate], summary: Summary) -> None:
    """Raise where an estimate isn't the best one on these customers; one that was given has to be trusted."""
    for estimate in estimates:
        here = estimate.log_likelihood_of(summary)
        if not np.isnan(estimate.log_likelihood) and not np.isclose(here, estimate.log_likelihood, rtol=_MOVED):
            raise ArgumentError(
                f"{estimate.model.title} was fitted to other customers (its log-likelihood was "
                f"{estimate.log_likelihood:,.3f} and is {here:,.3f} on these), and the test needs the best "
                f"parameters; fit it to this summary."
            )


def counts_steps(estimate: Estimate) -> bool:
    """Return whether the likelihood is a probability of what happened at whole steps, not a density in time."""
    model = get(estimate.model.name)
    return isinstance(model, AbstractPurchaseModel) and model.discrete


def informative(estimate: Estimate, summary: Summary) -> BoolArray:
    """Return which customers the likelihood speaks of, shape (customer,)."""
    histories = summary.statistics(estimate.model.statistics)
    if not _is_spend(estimate):
        return np.ones(len(histories.index), dtype=np.bool_)
    known: BoolArray = (histories.columns[estimate.model.statistics[0]] > 0)[histories.index]
    return known


def _is_spend(estimate: Estimate) -> bool:
    return isinstance(get(estimate.model.name), AbstractSpendModel)
