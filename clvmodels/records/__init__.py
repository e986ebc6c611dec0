"""The frozen records that flow through the house, from the log to the list to act on."""

from clvmodels.records.estimate import Estimate, ModelFacts, Outcome
from clvmodels.records.heuristic import HeuristicForecast
from clvmodels.records.histories import Histories, Members
from clvmodels.records.note import Note
from clvmodels.records.parameter import Parameter
from clvmodels.records.period import Period
from clvmodels.records.prediction import Prediction
from clvmodels.records.scorecard import Scorecard, Target
from clvmodels.records.selection import LikelihoodRatio, Vuong
from clvmodels.records.summary import Holdout, Summary, Timeline, check_summary
from clvmodels.records.total import Total
from clvmodels.records.valuation import Path, Terms, Valuation

__all__ = [
    "Estimate",
    "HeuristicForecast",
    "Histories",
    "Holdout",
    "LikelihoodRatio",
    "Members",
    "ModelFacts",
    "Note",
    "Outcome",
    "Parameter",
    "Path",
    "Period",
    "Prediction",
    "Scorecard",
    "Summary",
    "Target",
    "Terms",
    "Timeline",
    "Total",
    "Valuation",
    "Vuong",
    "check_summary",
]
