"""Forecasts held against what came."""

from clvmodels.evaluation.calibration import pit
from clvmodels.evaluation.compare import compare

__all__ = ["compare", "pit"]
