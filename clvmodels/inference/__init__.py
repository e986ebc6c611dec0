"""From histories to parameters with their uncertainty."""

from clvmodels.inference.fitting import estimate_from, fit
from clvmodels.inference.migration import from_lifetimes
from clvmodels.inference.regularity import regularity
from clvmodels.inference.selection import fit_table, likelihood_ratio, vuong

__all__ = ["estimate_from", "fit", "fit_table", "from_lifetimes", "likelihood_ratio", "regularity", "vuong"]
