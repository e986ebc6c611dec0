"""Forecasts compared with actual outcomes."""

from clvmodels.evaluation.alive import alive_range
from clvmodels.evaluation.attribution import audit
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.calibration import pit
from clvmodels.evaluation.changes import drift
from clvmodels.evaluation.choice import choose
from clvmodels.evaluation.compare import compare
from clvmodels.evaluation.coverage import activity_table, coverage_table
from clvmodels.evaluation.groups import group_table
from clvmodels.evaluation.log_check import check_log
from clvmodels.evaluation.origins import common_shock
from clvmodels.evaluation.pictures import (
    decile_table,
    frequency_recency_table,
    lift_table,
    lorenz_table,
    purchase_frequency_table,
    tracking_table,
)
from clvmodels.evaluation.recurring_revenue import mrr_movements
from clvmodels.evaluation.retention import contract_ltv, retention_table
from clvmodels.evaluation.seasons import season_table

__all__ = [
    "activity_table",
    "alive_range",
    "audit",
    "backtest",
    "check_log",
    "choose",
    "common_shock",
    "compare",
    "contract_ltv",
    "coverage_table",
    "decile_table",
    "drift",
    "frequency_recency_table",
    "group_table",
    "lift_table",
    "lorenz_table",
    "mrr_movements",
    "pit",
    "purchase_frequency_table",
    "retention_table",
    "season_table",
    "tracking_table",
]
