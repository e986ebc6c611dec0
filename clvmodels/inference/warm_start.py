"""Where to begin when a model was fitted to an earlier state of the same base."""

from __future__ import annotations

from clvmodels.errors import ArgumentError
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import Covariates, Estimate, Period


def starting_params(
    start: Estimate, model: AbstractModel, terms: Covariates | None, period: Period
) -> dict[str, float]:
    """Return the parameters and coefficients of an earlier estimate to begin a fit with.

    A level that wasn't there, or a column whose reference level is another now, begins without an effect: where a climb
    begins decides how long it takes, not where it ends.

    Parameters
    ----------
    start : Estimate
        The earlier one.
    model, terms, period
        What is fitted now.

    Raises
    ------
    ArgumentError
        When the estimate speaks of another model, other covariates or another period.
    """
    if not isinstance(start, Estimate):
        raise ArgumentError(f"start is a {type(start).__name__}; give an earlier Estimate of {model.title}.")
    if start.model.name != model.name:
        raise ArgumentError(
            f"start is an estimate of {start.model.title}, whose parameters mean nothing to {model.title}; give one of "
            f"{model.title}, or leave start out."
        )
    if (start.model.log_length is None) is not (model.log_length is None):
        raise ArgumentError(
            f"start is an estimate with entry={start.entry!r} and this fit has the other, so they don't have the same "
            f"parameters; ask for the same entry, or leave start out."
        )
    if not isinstance(model, AbstractSpendModel) and start.period != period:
        unit = "no period" if start.period is None else f"{start.period.name}s"
        raise ArgumentError(
            f"start counts time in {unit} and the summary in {period.name}s, so its rates would be off by a factor; "
            f"leave start out, or make the summary with the period of start."
        )
    before, now = _columns(start.covariates), _columns(terms)
    if before != now:
        raise ArgumentError(
            f"start was fitted with {_said(before)} and this fit has {_said(now)}, so they are different models; name "
            f"the same columns, or leave start out."
        )
    references = {} if start.covariates is None else {(t.side, t.column): t.levels[:1] for t in start.covariates.terms}
    known = {parameter.name: start.params[parameter.name] for parameter in model.parameters}
    for term in () if terms is None else terms.terms:
        same = term.pooled or references[term.side, term.column] == term.levels[:1]
        known |= {name: start.params.get(name, 0.0) if same else 0.0 for name in term.names}
    return known


def _columns(covariates: Covariates | None) -> set[tuple[str, str, bool]]:
    """Return what acts on what: side, column, and whether its groups are pooled."""
    return set() if covariates is None else {(term.side, term.column, term.pooled) for term in covariates.terms}


def _said(columns: set[tuple[str, str, bool]]) -> str:
    acting = sorted(f"{column} {'pooled ' if pooled else ''}on {side}" for side, column, pooled in columns)
    return ", ".join(acting) or "no covariates"
