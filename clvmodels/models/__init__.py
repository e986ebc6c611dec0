"""One file a model; every file of this folder is read, so a new model is known as soon as its file is there.

The folder can also be called: ``clvmodels.models()`` lists what is in it.
"""

import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pandas as pd

from clvmodels.grammar import Parameter
from clvmodels.grammar.model import (
    AbstractModel,
    AbstractPurchaseModel,
    AbstractSpendModel,
)
from clvmodels.models.lookup import (
    check_histories,
    default_purchase_model,
    default_spend_model,
    get,
    purchase_model,
    reference_purchase_model,
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
    "catalogue",
    "check_histories",
    "default_purchase_model",
    "default_spend_model",
    "get",
    "purchase_model",
    "reference_purchase_model",
    "registry",
    "spend_model",
]


def catalogue() -> pd.DataFrame:
    """Return one row a model: ``name, title, setting, assumes, parameters, statistics, caveat``."""
    rows = [
        {
            "name": model.name,
            "title": model.title,
            "setting": model.setting,
            "assumes": model.assumes,
            "parameters": ", ".join(p.name for p in model.parameters),
            "statistics": ", ".join(model.statistics),
            "caveat": model.caveat,
        }
        for model in registry().values()
    ]
    return pd.DataFrame(rows)


class _Catalogue(ModuleType):
    """A folder that can be called, because ``models`` names both the folder and the question for what is in it."""

    def __call__(self) -> pd.DataFrame:
        """List the models.

        Examples
        --------
        >>> import clvmodels as clv
        >>> "bgnbd" in set(clv.models().name)
        True
        """
        return catalogue()


sys.modules[__name__].__class__ = _Catalogue
