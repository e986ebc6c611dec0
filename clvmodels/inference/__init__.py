"""From histories to parameters with their uncertainty."""

from clvmodels.inference.fitting import estimate_from, fit
from clvmodels.inference.migration import from_lifetimes

__all__ = ["estimate_from", "fit", "from_lifetimes"]
