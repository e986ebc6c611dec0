"""From purchases ahead to money."""

from clvmodels.valuation.acquisition import allowable_cac
from clvmodels.valuation.capped import capped_value
from clvmodels.valuation.contracts import cohort_projection, residual_lifetime
from clvmodels.valuation.dependence import spend_dependence
from clvmodels.valuation.distribution import p_above, quantiles
from clvmodels.valuation.top import p_top
from clvmodels.valuation.total_path import total_path
from clvmodels.valuation.totals import totals
from clvmodels.valuation.value import value

__all__ = [
    "allowable_cac",
    "capped_value",
    "cohort_projection",
    "p_above",
    "p_top",
    "quantiles",
    "residual_lifetime",
    "spend_dependence",
    "total_path",
    "totals",
    "value",
]
