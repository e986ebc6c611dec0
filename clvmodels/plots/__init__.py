"""Pictures: records and tables in, Axes out. They draw numbers and never make them."""

from clvmodels.plots.decile_calibration import decile_calibration
from clvmodels.plots.frequency_recency_matrix import frequency_recency_matrix
from clvmodels.plots.lift import lift
from clvmodels.plots.lorenz import lorenz
from clvmodels.plots.purchase_frequency import purchase_frequency
from clvmodels.plots.revenue_path import revenue_path
from clvmodels.plots.style import blank, to_svg
from clvmodels.plots.totals import totals
from clvmodels.plots.tracking import tracking
from clvmodels.plots.value_distribution import value_distribution

__all__ = [
    "blank",
    "decile_calibration",
    "frequency_recency_matrix",
    "lift",
    "lorenz",
    "purchase_frequency",
    "revenue_path",
    "to_svg",
    "totals",
    "tracking",
    "value_distribution",
]
