"""What each customer will be worth: purchases, spend and value, with intervals that hold, next to the LTV formula.

Names load when they are first used, so that ``import clvmodels`` costs no more than NumPy and pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clvmodels import heuristics, models, plots
    from clvmodels.api import CLV
    from clvmodels.delivery import export, load, rank, save
    from clvmodels.evaluation import (
        compare,
        decile_table,
        frequency_recency_table,
        lift_table,
        lorenz_table,
        pit,
        purchase_frequency_table,
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
        regularity,
        vuong,
    )
    from clvmodels.ingest import (
        as_contracts,
        as_summary,
        contracts_from_survivors,
        load_cdnow,
        load_contracts,
        load_donations,
        rfm_summary,
    )
    from clvmodels.prediction import predict
    from clvmodels.records import Prior, Priors
    from clvmodels.simulation import simulate
    from clvmodels.valuation import cohort_projection, residual_lifetime, value

_HOMES = {
    "clvmodels.api": ("CLV",),
    "clvmodels.delivery": ("export", "load", "rank", "save"),
    "clvmodels.evaluation": (
        "compare",
        "decile_table",
        "frequency_recency_table",
        "lift_table",
        "lorenz_table",
        "pit",
        "purchase_frequency_table",
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
        "regularity",
        "vuong",
    ),
    "clvmodels.ingest": (
        "as_contracts",
        "as_summary",
        "contracts_from_survivors",
        "load_cdnow",
        "load_contracts",
        "load_donations",
        "rfm_summary",
    ),
    "clvmodels.records": ("Prior", "Priors"),
    "clvmodels.prediction": ("predict",),
    "clvmodels.simulation": ("simulate",),
    "clvmodels.valuation": ("cohort_projection", "residual_lifetime", "value"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("heuristics", "models", "plots")

__version__ = "0.1.0"
__all__ = [
    "CLV",
    "Prior",
    "Priors",
    "Sampling",
    "as_contracts",
    "as_summary",
    "cohort_projection",
    "compare",
    "contracts_from_survivors",
    "decile_table",
    "default_priors",
    "estimate_from",
    "export",
    "fit",
    "fit_table",
    "frequency_recency_table",
    "from_lifetimes",
    "heuristics",
    "lift_table",
    "likelihood_ratio",
    "load",
    "load_cdnow",
    "load_contracts",
    "load_donations",
    "lorenz_table",
    "models",
    "pit",
    "plots",
    "predict",
    "purchase_frequency_table",
    "rank",
    "regularity",
    "residual_lifetime",
    "rfm_summary",
    "save",
    "simulate",
    "tracking_table",
    "value",
    "vuong",
]


def __getattr__(name: str) -> Any:
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
