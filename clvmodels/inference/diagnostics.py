"""What a fitted model's parameters warn of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.models.base import AbstractModel, AbstractSpendModel
from clvmodels.records import Note

_FEW_CUSTOMERS = 200  # below it standard errors of shape parameters are commonly half their size
_WIDE = 1.0  # a standard error of 1 in the logarithm: the parameter is known to a factor of 7 either way


def parameter_notes(
    model: AbstractModel, params: Mapping[str, float], log_errors: FloatArray, n_customers: int
) -> tuple[Note, ...]:
    """Return warnings about ridges, missing means and small samples, and when the model misleads at all."""
    notes = [Note("model_misleads", f"{model.title} by its nature: {model.misleads}.")]
    names = [p.name for p in model.parameters]
    wide = [name for name, error in zip(names, log_errors, strict=True) if not error < _WIDE]
    if wide:
        notes.append(
            Note(
                "ridge",
                f"{', '.join(wide)} of {model.title} can hardly be told from these data (a ridge: other parameters fit "
                f"nearly as well); trust the forecast's interval more than the parameter.",
                "warning",
            )
        )
    if isinstance(model, AbstractSpendModel) and not bool(model.mean_exists(params, np.zeros(()))):
        notes.append(
            Note(
                "infinite_mean_spend",
                f"The mean spend of a new customer doesn't exist under these {model.title} parameters (the tail "
                f"of large "
                f"spenders is too heavy), so customers without a repeat purchase can't be valued; look for outliers "
                f"in the amounts.",
                "warning",
            )
        )
    if 0 < n_customers < _FEW_CUSTOMERS:
        notes.append(
            Note(
                "few_customers",
                f"Only {n_customers} customers inform {model.title}; its intervals rest on a large-sample "
                f"approximation.",
                "warning",
            )
        )
    return tuple(notes)
