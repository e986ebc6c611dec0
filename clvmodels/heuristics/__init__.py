"""The multiplicative formulas that businesses use, and the rules made of them.

Each formula is a function of numbers or arrays, each rule a forecast of a customer base; one file holds what goes by
one name. A new rule is a new file and nothing else: all files of this package are read, and a rule registers itself
when its class is made. A new formula is exported here too.
"""

from importlib import import_module
from pkgutil import iter_modules

from clvmodels.heuristics.annuity_value import annuity_value
from clvmodels.heuristics.arpu import arpu
from clvmodels.heuristics.arpu_ltv import arpu_ltv
from clvmodels.heuristics.average_purchase_value import average_purchase_value
from clvmodels.heuristics.average_ticket import average_ticket
from clvmodels.heuristics.business_figures import business_figures
from clvmodels.heuristics.cac import cac
from clvmodels.heuristics.churn_rate import churn_rate
from clvmodels.heuristics.clv import clv
from clvmodels.heuristics.customer_value import customer_value
from clvmodels.heuristics.forecast import forecast
from clvmodels.heuristics.lifespan_from_churn import lifespan_from_churn
from clvmodels.heuristics.ltv import ltv
from clvmodels.heuristics.ltv_to_cac import ltv_to_cac
from clvmodels.heuristics.mean_lifespan import mean_lifespan
from clvmodels.heuristics.mrr_churn import mrr_churn
from clvmodels.heuristics.net_ltv import net_ltv
from clvmodels.heuristics.pareto_share import pareto_share
from clvmodels.heuristics.payback_periods import payback_periods
from clvmodels.heuristics.purchase_frequency import purchase_frequency
from clvmodels.heuristics.registry import registered, rules
from clvmodels.heuristics.repeat_rate import repeat_rate
from clvmodels.heuristics.retention_value import retention_value
from clvmodels.heuristics.terms import HeuristicSettings, HeuristicTerms
from clvmodels.heuristics.ticket_without_largest import TicketWithoutLargest, ticket_without_largest

__all__ = [
    "HeuristicSettings",
    "HeuristicTerms",
    "TicketWithoutLargest",
    "annuity_value",
    "arpu",
    "arpu_ltv",
    "average_purchase_value",
    "average_ticket",
    "business_figures",
    "cac",
    "churn_rate",
    "clv",
    "customer_value",
    "forecast",
    "lifespan_from_churn",
    "ltv",
    "ltv_to_cac",
    "mean_lifespan",
    "mrr_churn",
    "net_ltv",
    "pareto_share",
    "payback_periods",
    "purchase_frequency",
    "registered",
    "repeat_rate",
    "retention_value",
    "rules",
    "ticket_without_largest",
]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
