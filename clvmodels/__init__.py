"""What each customer will be worth: purchases, spend and value, with intervals that hold, next to the LTV formula.

Names load when they are first used, so that ``import clvmodels`` costs no more than NumPy and pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any
from warnings import warn

if TYPE_CHECKING:
    from clvmodels import heuristics, models, plots
    from clvmodels.api import CLV, Study
    from clvmodels.evaluation import (
        activity_table,
        alive_range,
        audit,
        backtest,
        check_log,
        choose,
        common_shock,
        compare,
        contract_ltv,
        coverage_table,
        decile_table,
        drift,
        frequency_recency_table,
        group_table,
        lift_table,
        lorenz_table,
        mrr_movements,
        pit,
        purchase_frequency_table,
        retention_table,
        season_table,
        tracking_table,
    )
    from clvmodels.inference import (
        Sampling,
        default_priors,
        estimate_from,
        fit,
        fit_table,
        from_lifetimes,
        likelihood_ratio,
        loo,
        prior_draws,
        prior_predictive,
        quantity_table,
        regularity,
        vuong,
    )
    from clvmodels.ingest import (
        as_contracts,
        as_summary,
        contracts_from_survivors,
        contracts_from_tenure,
        load_cdnow,
        load_contracts,
        load_donations,
        rfm_summary,
    )
    from clvmodels.prediction import predict, with_buying_rate
    from clvmodels.records import Calendar, Prior, Priors
    from clvmodels.reporting.listing import export
    from clvmodels.reporting.target import rank
    from clvmodels.scale.customer_table import as_table, open_table, rfm_table
    from clvmodels.scale.score_parts import score
    from clvmodels.simulation import simulate
    from clvmodels.storage.store import load, save
    from clvmodels.valuation import (
        allowable_cac,
        capped_value,
        cohort_projection,
        p_above,
        p_top,
        payback,
        quantiles,
        residual_lifetime,
        spend_dependence,
        target_list,
        total_path,
        totals,
        value,
    )

_HOMES = {
    "clvmodels.reporting.listing": ("export",),
    "clvmodels.reporting.target": ("rank",),
    "clvmodels.scale.customer_table": ("as_table", "open_table", "rfm_table"),
    "clvmodels.scale.score_parts": ("score",),
    "clvmodels.storage.store": ("load", "save"),
    "clvmodels.api": ("CLV", "Study"),
    "clvmodels.evaluation": (
        "activity_table",
        "audit",
        "alive_range",
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
    ),
    "clvmodels.inference": (
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
    ),
    "clvmodels.ingest": (
        "as_contracts",
        "as_summary",
        "contracts_from_survivors",
        "contracts_from_tenure",
        "load_cdnow",
        "load_contracts",
        "load_donations",
        "rfm_summary",
    ),
    "clvmodels.records": ("Calendar", "Prior", "Priors"),
    "clvmodels.prediction": ("predict", "with_buying_rate"),
    "clvmodels.simulation": ("simulate",),
    "clvmodels.valuation": (
        "allowable_cac",
        "capped_value",
        "cohort_projection",
        "p_above",
        "p_top",
        "payback",
        "quantiles",
        "residual_lifetime",
        "spend_dependence",
        "target_list",
        "total_path",
        "totals",
        "value",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("heuristics", "models", "plots")
_RENAMED = {"affordable_cost": "allowable_cac"}

__version__ = "0.2.0"
__all__ = [
    "CLV",
    "Calendar",
    "Prior",
    "Priors",
    "Sampling",
    "Study",
    "activity_table",
    "alive_range",
    "allowable_cac",
    "as_contracts",
    "as_summary",
    "as_table",
    "audit",
    "backtest",
    "capped_value",
    "check_log",
    "choose",
    "cohort_projection",
    "common_shock",
    "compare",
    "contract_ltv",
    "contracts_from_survivors",
    "contracts_from_tenure",
    "coverage_table",
    "decile_table",
    "default_priors",
    "drift",
    "estimate_from",
    "export",
    "fit",
    "fit_table",
    "frequency_recency_table",
    "from_lifetimes",
    "group_table",
    "heuristics",
    "lift_table",
    "likelihood_ratio",
    "load",
    "load_cdnow",
    "load_contracts",
    "load_donations",
    "loo",
    "lorenz_table",
    "models",
    "mrr_movements",
    "open_table",
    "p_above",
    "p_top",
    "payback",
    "pit",
    "plots",
    "predict",
    "prior_draws",
    "prior_predictive",
    "purchase_frequency_table",
    "quantiles",
    "quantity_table",
    "rank",
    "regularity",
    "residual_lifetime",
    "retention_table",
    "rfm_summary",
    "rfm_table",
    "save",
    "score",
    "season_table",
    "simulate",
    "spend_dependence",
    "target_list",
    "total_path",
    "totals",
    "tracking_table",
    "value",
    "vuong",
    "with_buying_rate",
]


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        text = f"clvmodels.{name} is called {_RENAMED[name]} now, in its columns too; the old name goes away in 1.0."
        warn(text, DeprecationWarning, stacklevel=2)
        return getattr(import_module("clvmodels"), _RENAMED[name])
    if name in _HOME_OF:
        found = getattr(import_module(_HOME_OF[name]), name)
    elif name in _ROOMS:
        found = import_module(f"clvmodels.{name}")
    elif name[:1].isupper() and name in (classes := _model_classes()):
        found = classes[name]
    else:
        raise AttributeError(f"module 'clvmodels' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, *_model_classes()]


def _model_classes() -> dict[str, type]:
    registry = import_module("clvmodels.models").registry()
    return {type(model).__name__: type(model) for model in registry.values()}
