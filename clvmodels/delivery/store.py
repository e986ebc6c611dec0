"""Keep an estimate as a text that any version of Python reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from clvmodels import models
from clvmodels.arrays import FloatArray
from clvmodels.delivery.files import FilePath, write_text
from clvmodels.errors import ClvError, InputError
from clvmodels.records import Estimate, Note, Outcome, Period

_FORMAT = "clvmodels.estimate"
_VERSION = 1


def save(estimate: Estimate, path: FilePath) -> Path:
    """Write an estimate as JSON, every number to its last bit.

    Parameters
    ----------
    estimate : Estimate
        Of a registered model.
    path : str or path
        The file; one that is there is replaced as a whole or left as it was.

    Returns
    -------
    Path
        Where it stands.

    Raises
    ------
    ArgumentError
        When the model isn't registered, so that nobody could load it, or the file can't be written.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> with TemporaryDirectory() as folder:
    ...     load(save(given, f"{folder}/buying.json")).params == given.params
    True
    """
    models.get(estimate.model.name)
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "model": estimate.model.name,
        "method": estimate.method,
        "period": None if estimate.period is None else asdict(estimate.period),
        "params": estimate.params,
        "std_errors": estimate.std_errors,
        "log_likelihood": estimate.log_likelihood,
        "n_customers": estimate.n_customers,
        "outcome": asdict(estimate.outcome),
        "notes": [asdict(note) for note in estimate.notes],
        "draws": {name: np.asarray(values).tolist() for name, values in estimate.draws.items()},
    }
    return write_text(json.dumps(_speakable(content), ensure_ascii=False, allow_nan=False) + "\n", path)


def load(path: FilePath) -> Estimate:
    """Read an estimate that `save` has written.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Estimate
        Equal to the saved one in every number.

    Raises
    ------
    InputError
        When the file can't be read, is no estimate, is damaged, or comes from a newer version.
    ArgumentError
        When its model isn't registered.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> given = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> with TemporaryDirectory() as folder:
    ...     path = save(given, f"{folder}/spend.json")
    ...     load(path).params["q"]
    3.74
    """
    content = _content(path)
    if content.get("format") != _FORMAT:
        raise InputError(
            f"{str(path)!r} isn't an estimate saved by clvmodels; give a file that save(estimate, path) wrote."
        )
    if content.get("version") != _VERSION:
        raise InputError(
            f"{str(path)!r} is written in version {content.get('version')!r} of the format and this clvmodels reads "
            f"version {_VERSION}; upgrade clvmodels, or save the estimate again."
        )
    try:
        return _estimate(content)
    except ClvError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{str(path)!r} is damaged ({type(error).__name__}: {error}); fit and save again.") from error


def _content(path: FilePath) -> Mapping[str, Any]:
    try:
        content = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{str(path)!r} can't be read ({error.strerror}); give a file that save wrote.") from error
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{str(path)!r} isn't an estimate saved by clvmodels, or was cut off; fit and save again.")
    return content


def _estimate(content: Mapping[str, Any]) -> Estimate:
    model = models.get(content["model"])
    draws = {name: _numbers(values) for name, values in content["draws"].items()}
    params = {name: float(value) for name, value in content["params"].items()}
    if set(draws) != set(params) or len({len(values) for values in draws.values()}) != 1:
        raise ValueError("the draws don't belong to the parameters")
    outcome = content["outcome"]
    return Estimate(
        model=model,
        params=model.check_params(params),
        period=None if content["period"] is None else Period(**content["period"]),
        method=content["method"],
        draws=draws,
        std_errors={name: float(value) for name, value in content["std_errors"].items()},
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
    )


def _numbers(values: list[Any]) -> FloatArray:
    return np.array([float(value) for value in values], dtype=np.float64)


def _speakable(value: Any) -> Any:
    """Return the same with NaN and infinities as the words that `float` reads."""
    if isinstance(value, Mapping):
        return {name: _speakable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_speakable(inner) for inner in value]
    if isinstance(value, float):  # of NumPy too
        return float(value) if np.isfinite(value) else str(float(value))
    return value
