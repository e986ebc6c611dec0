"""Pictures: records and tables in, Axes out. They draw numbers and never make them."""

from clvmodels.plots.backtest import backtest
from clvmodels.plots.decile_calibration import decile_calibration
from clvmodels.plots.dependence import spend_by_frequency
from clvmodels.plots.draws import draws
from clvmodels.plots.forest import forest
from clvmodels.plots.frequency_recency_matrix import frequency_recency_matrix
from clvmodels.plots.lift import lift
from clvmodels.plots.lorenz import lorenz
from clvmodels.plots.mrr_movements import mrr_movements
from clvmodels.plots.payback import payback
from clvmodels.plots.priors import prior_posterior
from clvmodels.plots.purchase_frequency import purchase_frequency
from clvmodels.plots.retention import retention
from clvmodels.plots.revenue_path import revenue_path
from clvmodels.plots.season import season
from clvmodels.plots.style import blank, to_svg
from clvmodels.plots.target_list import target_list
from clvmodels.plots.three_intervals import three_intervals
from clvmodels.plots.total_path import total_path
from clvmodels.plots.totals import totals
from clvmodels.plots.tracking import tracking
from clvmodels.plots.value_distribution import value_distribution
from clvmodels.plots.waterfall import waterfall

__all__ = [
    "backtest",
    "blank",
    "decile_calibration",
    "draws",
    "forest",
    "frequency_recency_matrix",
    "lift",
    "lorenz",
    "mrr_movements",
    "payback",
    "prior_posterior",
    "purchase_frequency",
    "retention",
    "revenue_path",
    "season",
    "spend_by_frequency",
    "target_list",
    "three_intervals",
    "to_svg",
    "total_path",
    "totals",
    "tracking",
    "value_distribution",
    "waterfall",
]
