"""What models are said in: parameters, how customers differ, and what a model states."""

from clvmodels.grammar.mixing import SIDES, BetaMixing, Common, GammaMixing, Mixing, Quantity, Side
from clvmodels.grammar.model import AbstractModel, AbstractPurchaseModel, AbstractSpendModel, Params
from clvmodels.grammar.parameter import Parameter

__all__ = [
    "SIDES",
    "AbstractModel",
    "AbstractPurchaseModel",
    "AbstractSpendModel",
    "BetaMixing",
    "Common",
    "GammaMixing",
    "Mixing",
    "Parameter",
    "Params",
    "Quantity",
    "Side",
]
