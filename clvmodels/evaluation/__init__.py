"""Forecasts held against what came."""

from clvmodels.evaluation.calibration import pit
from clvmodels.evaluation.compare import compare
from clvmodels.evaluation.pictures import (
    decile_table,
    frequency_recency_table,
    lift_table,
    lorenz_table,
    purchase_frequency_table,
    tracking_table,
)

__all__ = [
    "compare",
    "decile_table",
    "frequency_recency_table",
    "lift_table",
    "lorenz_table",
    "pit",
    "purchase_frequency_table",
    "tracking_table",
]
