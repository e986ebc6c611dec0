"""The frozen records that flow through the house, from the log to the list to act on."""

from clvmodels.records.audit import Audit, AuditPart
from clvmodels.records.backtest import Backtest, Choice
from clvmodels.records.covariates import Covariates, CovariateTerm, Patterns
from clvmodels.records.customer_table import AbstractCustomerTable, Customers, Spending, grouped_for
from clvmodels.records.dependence import Correlation, MoneyChange, SpendDependence
from clvmodels.records.drift import Drift, DriftTable
from clvmodels.records.estimate import Estimate, Evidence, Outcome, check_estimate
from clvmodels.records.first_purchase import FirstPurchase, FirstPurchaseUse
from clvmodels.records.heuristic import HeuristicForecast
from clvmodels.records.histories import Histories, Members
from clvmodels.records.log_check import LogCheck
from clvmodels.records.note import Note
from clvmodels.records.period import Period
from clvmodels.records.prediction import Prediction
from clvmodels.records.prior import Prior, Priors
from clvmodels.records.scorecard import Scorecard, Target
from clvmodels.records.scores import Scores
from clvmodels.records.selection import LikelihoodRatio, Vuong
from clvmodels.records.shock import Shock, ShockDistribution
from clvmodels.records.summary import Holdout, Summary, Timeline, check_summary
from clvmodels.records.total import Sum, Total
from clvmodels.records.valuation import AnyForecast, BusinessTerms, Path, Valuation, check_forecast

__all__ = [
    "AbstractCustomerTable",
    "AnyForecast",
    "Audit",
    "AuditPart",
    "Backtest",
    "BusinessTerms",
    "Choice",
    "Correlation",
    "CovariateTerm",
    "Covariates",
    "Customers",
    "Drift",
    "DriftTable",
    "Estimate",
    "Evidence",
    "FirstPurchase",
    "FirstPurchaseUse",
    "HeuristicForecast",
    "Histories",
    "Holdout",
    "LikelihoodRatio",
    "LogCheck",
    "Members",
    "MoneyChange",
    "Note",
    "Outcome",
    "Path",
    "Patterns",
    "Period",
    "Prediction",
    "Prior",
    "Priors",
    "Scorecard",
    "Scores",
    "Shock",
    "ShockDistribution",
    "SpendDependence",
    "Spending",
    "Sum",
    "Summary",
    "Target",
    "Timeline",
    "Total",
    "Valuation",
    "Vuong",
    "check_estimate",
    "check_forecast",
    "check_summary",
    "grouped_for",
]
