"""A model of the kind that is needed: by its name, or the usual one; and whether it fits a setting."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import Columns
from clvmodels.errors import ArgumentError, InputError, check_known
from clvmodels.grammar.model import (
    REGISTRY,
    AbstractModel,
    AbstractPurchaseModel,
    AbstractSpendModel,
    as_purchase_model,
    as_spend_model,
)


def registry() -> dict[str, AbstractModel]:
    """Return every registered model by name."""
    return dict(REGISTRY)


def get(name: str | type[AbstractModel]) -> AbstractModel:
    """Return the model of that name, title or class.

    Raises
    ------
    ArgumentError
        When there is none; where another package calls a model so, its name here is said.
    """
    spelled: object = name.name if isinstance(name, type) and issubclass(name, AbstractModel) else name
    if not isinstance(spelled, str) or spelled in REGISTRY:
        return REGISTRY[check_known("model", spelled, REGISTRY)]
    said = _plain(spelled)
    found = [model for model in REGISTRY.values() if said in (_plain(model.name), _plain(model.title))]
    for model in REGISTRY.values():
        if not found and said in map(_plain, (model.lifetimes_name, *model.other_names)):
            raise ArgumentError(f"There is no model called {spelled!r}; here it is {model.name!r}.")
    return found[0] if found else REGISTRY[check_known("model", spelled, REGISTRY)]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def check_histories(model: AbstractPurchaseModel, columns: Columns) -> None:
    """Raise where the histories can't come from the model's setting."""
    if model.discrete and any(np.any(columns[name] % 1) for name in ("t_x", "T")):
        raise InputError(
            f"{model.title} counts opportunities, and recency or T are no whole numbers here; read the log with "
            f"collapse='period', or give the number of opportunities as T."
        )
    if model.contractual and np.any(columns["x"] != columns["t_x"]):
        raise InputError(
            f"{model.title} speaks of contracts, which are renewed every period until they end, and "
            f"{int(np.sum(columns['x'] != columns['t_x'])):,} of the distinct histories have gaps; use a model "
            f"without contract, or read the contracts with as_contracts."
        )


def purchase_model(name: str) -> AbstractPurchaseModel:
    """Return the model of that name, which must be one of buying."""
    return as_purchase_model(get(name))


def spend_model(name: str) -> AbstractSpendModel:
    """Return the model of that name, which must be one of spend."""
    return as_spend_model(get(name))


def default_purchase_model() -> AbstractPurchaseModel:
    """Return the model of buying that is taken where nobody names one."""
    return next(model for model in registry().values() if isinstance(model, AbstractPurchaseModel) and model.default)


def reference_purchase_model() -> AbstractPurchaseModel:
    """Return the model of buying that readers know best."""
    return next(model for model in registry().values() if isinstance(model, AbstractPurchaseModel) and model.reference)


def default_spend_model() -> AbstractSpendModel:
    """Return the model of spend that is taken where nobody names one."""
    return next(model for model in registry().values() if isinstance(model, AbstractSpendModel) and model.default)
