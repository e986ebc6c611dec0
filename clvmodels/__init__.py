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
    from clvmodels.inference import estimate_from, fit, from_lifetimes
    from clvmodels.ingest import as_summary, load_cdnow, rfm_summary
    from clvmodels.prediction import predict
    from clvmodels.simulation import simulate
    from clvmodels.valuation import value

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
    "clvmodels.inference": ("estimate_from", "fit", "from_lifetimes"),
    "clvmodels.ingest": ("as_summary", "load_cdnow", "rfm_summary"),
    "clvmodels.prediction": ("predict",),
    "clvmodels.simulation": ("simulate",),
    "clvmodels.valuation": ("value",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("heuristics", "models", "plots")

__version__ = "0.1.0"
__all__ = [
    "CLV",
    "as_summary",
    "compare",
    "decile_table",
    "estimate_from",
    "export",
    "fit",
    "frequency_recency_table",
    "from_lifetimes",
    "heuristics",
    "lift_table",
    "load",
    "load_cdnow",
    "lorenz_table",
    "models",
    "pit",
    "plots",
    "predict",
    "purchase_frequency_table",
    "rank",
    "rfm_summary",
    "save",
    "simulate",
    "tracking_table",
    "value",
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
