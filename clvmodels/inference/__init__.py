"""From histories to parameters with their uncertainty."""

from clvmodels.inference.fitting import fit
from clvmodels.inference.fixed_estimates import estimate_from
from clvmodels.inference.interpretation import quantity_table
from clvmodels.inference.loo import loo
from clvmodels.inference.migration import from_lifetimes
from clvmodels.inference.prior_density import default_priors, prior_draws
from clvmodels.inference.prior_predictive import prior_predictive
from clvmodels.inference.regularity import regularity
from clvmodels.inference.sampling import Sampling
from clvmodels.inference.selection import fit_table, likelihood_ratio, vuong

__all__ = [
    "Sampling",
    "default_priors",
    "estimate_from",
    "fit",
    "fit_table",
    "from_lifetimes",
    "likelihood_ratio",
    "loo",
    "prior_draws",
    "prior_predictive",
    "quantity_table",
    "regularity",
    "vuong",
]
