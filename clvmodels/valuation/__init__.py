"""From purchases ahead to money."""

from clvmodels.valuation.contracts import cohort_projection, residual_lifetime
from clvmodels.valuation.value import value

__all__ = ["cohort_projection", "residual_lifetime", "value"]
