"""When two likelihoods may be compared with each other, and when one model lies within another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import BoolArray, Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar import SIDES, Parameter, Side
from clvmodels.models import AbstractModel, AbstractPurchaseModel, AbstractSpendModel, check_histories
from clvmodels.records import Estimate, Summary, check_summary

_NEARLY_NONE = 1e-200  # for a null of 0: histories that leaving explains 1e190 times better still don't feel it
_ENOUGH = 1_000  # histories on which two formulas are told apart
_SAME = 1e-6  # log-likelihood of a customer; formulas agree to 1e-10, and models that differ do so in the first digit
_ROUNDING = 1e-9  # of a long history's log-likelihood, a sum of thousands of terms
_SPANNED = 1e-8  # of a covariate's size: what may be left of one that others stand for
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


@dataclass(frozen=True, slots=True)
class Extra:
    """What a wide model has beyond a narrow one that it contains.

    Attributes
    ----------
    parameters : tuple of Parameter
        Of the wide model.
    n_coefficients : int
        How many more effects of covariates it has.
    """

    parameters: tuple[Parameter, ...]
    n_coefficients: int


def extra_of(narrow: Estimate, wide: Estimate, summary: Summary) -> Extra | None:
    """Return what the wide model has beyond the narrow one; None where it doesn't contain it, or they are the same."""
    more = _more_coefficients(narrow, wide, summary)
    if more is None:
        return None
    if narrow.model.name == wide.model.name:
        return Extra((), more) if more else None
    columns = summary.counting(wide.first_purchase).statistics(wide.model.statistics).columns
    parameters = nested(narrow.model, wide.model, {**wide.params, **narrow.params}, columns)
    return Extra(parameters, more) if parameters else None


def _more_coefficients(narrow: Estimate, wide: Estimate, summary: Summary) -> int | None:
    """Return how many coefficients the wide model has more; None where they can't stand for those of the narrow one.

    They can where its columns are sums of theirs and a constant: fewer columns, or a number whose values are levels.
    """
    if narrow.covariates is wide.covariates:
        return 0
    more = 0
    for side in SIDES:
        few, many = _designs(narrow, wide, side, summary)
        left = few - many @ np.linalg.lstsq(many, few, rcond=None)[0]
        if np.any(np.abs(left) > _SPANNED * np.abs(few).max(axis=0)):
            return None
        more += many.shape[1] - few.shape[1]
    return more


def _designs(one: Estimate, other: Estimate, side: Side, summary: Summary) -> tuple[FloatArray, FloatArray]:
    """Return a constant and what multiplies each coefficient, for the combinations of covariates that occur."""
    codes, found = [], []
    for estimate in (one, other):
        pattern, matrix = np.zeros(len(summary), dtype=np.int64), np.ones((1, 1))
        if estimate.covariates is not None:
            pattern, patterns = estimate.covariates.patterns(summary.groups)
            own = patterns.matrices.get(side, np.zeros((int(pattern.max()) + 1, 0)))
            matrix = np.hstack([np.ones((len(own), 1)), own])
        codes.append(pattern)
        found.append(matrix)
    first, second = np.divmod(np.unique(codes[0] * len(found[1]) + codes[1]), len(found[1]))
    return found[0][first], found[1][second]


def contained(narrow: Estimate, wide: Estimate, summary: Summary) -> bool:
    """Return whether one model lies within the other as fitted; at given steps, models may meet elsewhere only."""
    extra = extra_of(narrow, wide, summary)
    return extra is not None and all(wide.params[p.name] == p.null for p in extra.parameters if p.choices)


def described(estimate: Estimate) -> str:
    """Return the model's title, with its covariates where it has some."""
    told = covariates_told(estimate)
    return f"{estimate.model.title} ({told})" if told else estimate.model.title


def covariates_told(estimate: Estimate) -> str:
    """Return what acts on which side, in words; nothing where nothing does."""
    by_side: dict[str, list[str]] = {}
    for term in estimate.covariates.terms if estimate.covariates else ():
        by_side.setdefault(term.side, []).append(f"{term.column} pooled" if term.pooled else term.column)
    return "; ".join(f"{side}: {', '.join(columns)}" for side, columns in by_side.items())


def check_at_maximum(estimates: Sequence[Estimate]) -> None:
    """Raise where a test of likelihoods has no distribution: at points that aren't the likelihood's own top."""
    for estimate in estimates:
        if estimate.covariates is not None and estimate.covariates.pooled:
            raise ArgumentError(
                f"{described(estimate)} pulls its groups towards each other, so its likelihood isn't at its maximum "
                f"and the test has no known distribution; look at the groups' standard deviations in its table."
            )
        if estimate.priors is not None:
            raise ArgumentError(
                f"{described(estimate)} was fitted with priors (method={estimate.method!r}), and the test needs the "
                f"maximum of the likelihood; fit it with method='mle'."
            )


def check_comparable(estimates: Sequence[Estimate], summary: Summary) -> None:
    """Raise where log-likelihoods are densities of different things."""
    check_summary(summary)
    for estimate in estimates:
        model = estimate.model
        estimate.check_period(summary)
        if isinstance(model, AbstractPurchaseModel):
            check_histories(model, summary.statistics(model.statistics).columns)
    for estimate in estimates[1:]:
        one, other = estimates[0].model, estimate.model
        if _is_spend(estimates[0]) is not _is_spend(estimate):
            raise ArgumentError(
                f"{one.title} and {other.title} speak of different things, purchases and what they are worth, so "
                f"their likelihoods can't be compared; compare models of buying and models of spend apart."
            )
        if _scale(estimates[0]) != _scale(estimate):
            raise ArgumentError(
                f"The estimates of {one.title} and {other.title} count first purchases differently (at a scale of "
                f"{_scale(estimates[0])} and {_scale(estimate)}), so their likelihoods are of different amounts; fit "
                f"both to this summary with the same first_purchase."
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
    model = estimate.model
    return isinstance(model, AbstractPurchaseModel) and model.discrete


def informative(estimate: Estimate, summary: Summary) -> BoolArray:
    """Return which customers the likelihood speaks of, shape (customer,)."""
    histories = summary.counting(estimate.first_purchase).statistics(estimate.model.statistics)
    if not _is_spend(estimate):
        return np.ones(len(histories.index), dtype=np.bool_)
    known: BoolArray = (histories.columns[estimate.model.statistics[0]] > 0)[histories.index]
    return known


def _scale(estimate: Estimate) -> float | None:
    """Return the scale of first purchases; None where they are left out."""
    return None if estimate.first_purchase is None else estimate.first_purchase.scale


def _is_spend(estimate: Estimate) -> bool:
    return isinstance(estimate.model, AbstractSpendModel)
