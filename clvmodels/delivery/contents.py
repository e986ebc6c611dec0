"""An estimate as plain words and numbers, and back: what its files hold, whatever their format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from clvmodels import models
from clvmodels.arrays import FloatArray
from clvmodels.errors import InputError
from clvmodels.inference.evidence import Stored
from clvmodels.records import Covariates, Estimate, Note, Outcome, Period, Prior, Priors
from clvmodels.records.covariates import Term

FORMAT = "clvmodels.estimate"
VERSION = 2  # 1 had no covariates, priors, chains and diagnostics, and is read too


def described(estimate: Estimate) -> dict[str, Any]:
    """Return all of an estimate but its draws and its data.

    Raises
    ------
    ArgumentError
        When the model isn't registered, so that nobody could load it.
    """
    models.get(estimate.model.name)
    priors = estimate.priors
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": estimate.model.name,
        "method": estimate.method,
        "period": None if estimate.period is None else asdict(estimate.period),
        "params": estimate.params,
        "std_errors": estimate.std_errors,
        "log_likelihood": estimate.log_likelihood,
        "n_customers": estimate.n_customers,
        "outcome": asdict(estimate.outcome),
        "notes": [asdict(note) for note in estimate.notes],
        "covariates": None if estimate.covariates is None else [asdict(term) for term in estimate.covariates.terms],
        "priors": None
        if priors is None
        else {
            "laws": {name: asdict(law) for name, law in priors.laws.items()},
            "coefficient_sd": priors.coefficient_sd,
            "group_sd": priors.group_sd,
        },
        "diagnostics": estimate.diagnostics,
        "n_chains": estimate.n_chains,
    }
    plain: dict[str, Any] = _speakable(content)
    return plain


def check_format(content: Mapping[str, Any], path: object) -> None:
    """Raise where a file is no estimate, or a later clvmodels wrote it."""
    if content.get("format") != FORMAT:
        raise InputError(
            f"{str(path)!r} isn't an estimate saved by clvmodels; give a file that save(estimate, path) wrote."
        )
    if content.get("version") not in range(1, VERSION + 1):
        raise InputError(
            f"{str(path)!r} is written in version {content.get('version')} of the format and this clvmodels reads "
            f"versions up to {VERSION}; upgrade clvmodels, or save the estimate again."
        )


def restored(
    content: Mapping[str, Any], draws: Mapping[str, FloatArray], stats: Mapping[str, FloatArray] | None = None
) -> Estimate:
    """Return the estimate that was described, with its draws and its sampler's statistics.

    Raises
    ------
    KeyError, TypeError, ValueError
        When something is missing or doesn't fit together.
    """
    model = models.get(content["model"])
    covariates = _covariates(content.get("covariates"))
    params = _floats(content["params"])
    own = model.check_params({name: value for name, value in params.items() if name not in _effects(covariates)})
    if set(draws) != set(params) or len({len(values) for values in draws.values()}) != 1:
        raise ValueError("the draws don't belong to the parameters")
    n_chains = int(content.get("n_chains", 1))
    if n_chains < 1 or len(next(iter(draws.values()))) % n_chains:
        raise ValueError("the draws don't belong to the chains")
    outcome = content["outcome"]
    return Estimate(
        model=model,
        params={name: own.get(name, value) for name, value in params.items()},
        period=None if content["period"] is None else Period(**content["period"]),
        method=content["method"],
        draws={name: draws[name] for name in params},
        std_errors=_floats(content["std_errors"]),
        log_likelihood=float(content["log_likelihood"]),
        n_customers=int(content["n_customers"]),
        outcome=Outcome(
            converged=bool(outcome["converged"]),
            text=str(outcome["text"]),
            n_starts=int(outcome["n_starts"]),
            n_agreeing=int(outcome["n_agreeing"]),
            newton_decrement=float(outcome["newton_decrement"]),
            condition=float(outcome["condition"]),
        ),
        notes=tuple(Note(**note) for note in content["notes"]),
        covariates=covariates,
        priors=_priors(model, content.get("priors")),
        diagnostics=_floats(content.get("diagnostics", {})),
        n_chains=n_chains,
        evidence=Stored(stats or {}),
    )


def _floats(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _covariates(terms: list[Mapping[str, Any]] | None) -> Covariates | None:
    if terms is None:
        return None
    read = [{**term, "levels": tuple(term["levels"])} for term in terms]
    return Covariates(tuple(Term(**term) for term in read))


def _effects(covariates: Covariates | None) -> set[str]:
    """Return the names of what acts on a model beside its own parameters."""
    if covariates is None:
        return set()
    return {*covariates.names, *(term.sd_name for term in covariates.terms if term.pooled)}


def _priors(model: models.AbstractModel, content: Mapping[str, Any] | None) -> Priors | None:
    if content is None:
        return None
    laws = {q.name: Prior(**_floats(content["laws"][q.name])) for q in model.quantities}
    return Priors(model.quantities, laws, float(content["coefficient_sd"]), float(content["group_sd"]))


def _speakable(value: Any) -> Any:
    """Return the same with NaN and infinities as the words that `float` reads."""
    if isinstance(value, Mapping):
        return {name: _speakable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_speakable(inner) for inner in value]
    if isinstance(value, float):  # of NumPy too
        return float(value) if np.isfinite(value) else str(float(value))
    return value
