"""A model of the kind that is needed: by its name, or the usual one."""

from __future__ import annotations

from clvmodels.errors import ArgumentError, unknown_name
from clvmodels.models.base import REGISTRY, AbstractModel, AbstractPurchaseModel, AbstractSpendModel


def registry() -> dict[str, AbstractModel]:
    """Return every registered model by name."""
    return dict(REGISTRY)


def get(name: str) -> AbstractModel:
    """Return the model of that name."""
    if name not in REGISTRY:
        raise unknown_name("model", name, REGISTRY)
    return REGISTRY[name]


def purchase_model(name: str) -> AbstractPurchaseModel:
    """Return the model of that name, which must be one of buying."""
    model = get(name)
    if not isinstance(model, AbstractPurchaseModel):
        raise ArgumentError(
            f"{model.title} says what a purchase is worth, not when it comes; here a model of buying is needed, "
            f"such as {_names(AbstractPurchaseModel)}."
        )
    return model


def spend_model(name: str) -> AbstractSpendModel:
    """Return the model of that name, which must be one of spend."""
    model = get(name)
    if not isinstance(model, AbstractSpendModel):
        raise ArgumentError(
            f"{model.title} says when purchases come, not what they are worth; here a model of spend is needed, "
            f"such as {_names(AbstractSpendModel)}."
        )
    return model


def usual_purchase_model() -> AbstractPurchaseModel:
    """Return the model of buying that is taken where nobody names one."""
    return next(model for model in registry().values() if isinstance(model, AbstractPurchaseModel) and model.usual)


def usual_spend_model() -> AbstractSpendModel:
    """Return the model of spend that is taken where nobody names one."""
    return next(model for model in registry().values() if isinstance(model, AbstractSpendModel) and model.usual)


def _names(kind: type) -> str:
    return ", ".join(repr(name) for name, model in registry().items() if isinstance(model, kind))
