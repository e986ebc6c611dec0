"""A model by its name, of the kind that is needed."""

from __future__ import annotations

from clvmodels.errors import ArgumentError
from clvmodels.models.base import AbstractPurchaseModel, AbstractSpendModel, get, registry


def purchase_model(name: str) -> AbstractPurchaseModel:
    """Return the model of that name, which must be one of buying."""
    model = get(name)
    if not isinstance(model, AbstractPurchaseModel):
        raise ArgumentError(
            f"{model.title} says what a purchase is worth, not when it comes; here a model of buying is needed, "
            f"such as "
            f"{_names(AbstractPurchaseModel.statistics)}."
        )
    return model


def spend_model(name: str) -> AbstractSpendModel:
    """Return the model of that name, which must be one of spend."""
    model = get(name)
    if not isinstance(model, AbstractSpendModel):
        raise ArgumentError(
            f"{model.title} says when purchases come, not what they are worth; here a model of spend is needed, "
            f"such as "
            f"{_names(AbstractSpendModel.statistics)}."
        )
    return model


def _names(statistics: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name, model in registry().items() if model.statistics == statistics)
