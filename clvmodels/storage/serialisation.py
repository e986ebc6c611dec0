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
from clvmodels.records import Estimate, Outcome, Prior, Priors
from clvmodels.storage.estimate_checks import (
    check_draws,
    check_params,
    covariates_of,
    first_purchase_of,
    method_of,
    model_of,
    period_of,
)
from clvmodels.storage.stored_values import flag, notes_of, number, text, whole

FORMAT = "clvmodels.estimate"
VERSION = 3  # 1 had no covariates, priors, chains and diagnostics, 2 no first purchases; both are read too


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
            "laws": {name: asdict(law) for name, law in priors.distributions.items()},
            "coefficient_sd": priors.coefficient_sd,
            "group_sd": priors.group_sd,
        },
        "diagnostics": estimate.diagnostics,
        "n_chains": estimate.n_chains,
        "first_purchase": None if estimate.first_purchase is None else asdict(estimate.first_purchase),
    }
    plain: dict[str, Any] = _speakable(content)
    return plain


def check_format(content: Mapping[str, Any], path: object) -> None:
    """Raise where a file is no estimate, or a later clvmodels wrote it."""
    if content.get("format") != FORMAT:
        raise InputError(
            f"{str(path)!r} isn't an estimate saved by clvmodels; give a file that save(estimate, path) wrote."
        )
    version = content.get("version")
    if isinstance(version, bool) or version not in range(1, VERSION + 1):
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
    model = model_of(content["model"])
    covariates = covariates_of(content.get("covariates"), model)
    params = {name: number(value, name) for name, value in content["params"].items()}
    check_params(model, params, covariates)
    check_draws(model, draws, params, covariates)
    n_draws = len(next(iter(draws.values())))
    n_chains = whole(content.get("n_chains", 1), "the number of chains", low=1)
    if n_draws % n_chains:
        raise ValueError("the draws don't belong to the chains")
    if any(values.shape != (n_draws,) for values in (stats or {}).values()):
        raise ValueError("the sampler's statistics don't belong to the draws")
    std_errors = _floats(content["std_errors"])
    if not set(std_errors) <= set(params) or any(value < 0 for value in std_errors.values()):
        raise ValueError("the standard errors don't belong to the parameters")
    outcome = content["outcome"]
    return Estimate(
        model=model,
        params=params,
        period=period_of(content["period"], model),
        method=method_of(content["method"]),
        draws={name: draws[name] for name in params},
        std_errors=std_errors,
        log_likelihood=number(content["log_likelihood"], "the log-likelihood", unknown=True),
        n_customers=whole(content["n_customers"], "the number of customers"),
        outcome=Outcome(
            converged=flag(outcome["converged"], "converged"),
            text=text(outcome["text"], "the outcome"),
            n_starts=whole(outcome["n_starts"], "the number of starts"),
            n_agreeing=whole(outcome["n_agreeing"], "the number of starts that agree"),
            newton_decrement=float(outcome["newton_decrement"]),
            condition=float(outcome["condition"]),
        ),
        notes=notes_of(content["notes"]),
        covariates=covariates,
        priors=_priors(model, content.get("priors")),
        diagnostics=_floats(content.get("diagnostics", {})),
        n_chains=n_chains,
        evidence=Stored(stats or {}),
        first_purchase=first_purchase_of(content.get("first_purchase"), model),
    )


def _floats(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _priors(model: models.AbstractModel, content: Mapping[str, Any] | None) -> Priors | None:
    if content is None:
        return None
    if set(content["laws"]) != {q.name for q in model.quantities}:
        raise ValueError("the priors don't belong to the model")
    distributions = {q.name: Prior(**_floats(content["laws"][q.name])) for q in model.quantities}
    return Priors(model.quantities, distributions, float(content["coefficient_sd"]), float(content["group_sd"]))


def _speakable(value: Any) -> Any:
    """Return the same with NaN and infinities as the words that `float` reads."""
    if isinstance(value, Mapping):
        return {name: _speakable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_speakable(inner) for inner in value]
    if isinstance(value, float):  # of NumPy too
        return float(value) if np.isfinite(value) else str(float(value))
    return value
