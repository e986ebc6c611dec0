"""From purchases ahead to money."""

from clvmodels.valuation.value import value

__all__ = ["value"]
