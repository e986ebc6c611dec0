"""One file a model; every file of this folder is read, so a new model is known as soon as its file is there."""

from importlib import import_module
from pkgutil import iter_modules

from clvmodels.models.base import (
    AbstractModel,
    AbstractPurchaseModel,
    AbstractSpendModel,
    Parameter,
    get,
    purchase_model,
    registry,
    spend_model,
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "AbstractModel",
    "AbstractPurchaseModel",
    "AbstractSpendModel",
    "Parameter",
    "get",
    "purchase_model",
    "registry",
    "spend_model",
]
