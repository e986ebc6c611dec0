"""Parameters on which every model is tried: what data give, and what breaks formulas."""

from __future__ import annotations

import clvmodels as clv

ORDINARY = {
    "nbd": {"r": 0.3848, "alpha": 12.072},
    "mbgnbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "paretonbd": {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669},
    "gammagamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
}
HARD = {
    "nbd": [{"r": 1e-3, "alpha": 1.0}, {"r": 1e3, "alpha": 1e3}, {"r": 20.0, "alpha": 1e5}, {"r": 0.25, "alpha": 0.01}],
    "mbgnbd": [
        {"r": 1e-3, "alpha": 1.0, "a": 1e-3, "b": 1e-3},
        {"r": 1e3, "alpha": 1e3, "a": 1e3, "b": 1e3},
        {"r": 0.25, "alpha": 4.0, "a": 1.0, "b": 2.4},
        {"r": 0.25, "alpha": 4.0, "a": 1e-6, "b": 2.4},
        {"r": 0.25, "alpha": 0.01, "a": 0.8, "b": 2.4},
    ],
    "bgnbd": [
        {"r": 1e-3, "alpha": 1.0, "a": 1e-3, "b": 1e-3},
        {"r": 1e3, "alpha": 1e3, "a": 1e3, "b": 1e3},
        {"r": 0.25, "alpha": 4.0, "a": 1.0, "b": 2.4},
        {"r": 0.25, "alpha": 4.0, "a": 1.0 + 1e-9, "b": 2.4},
        {"r": 0.25, "alpha": 4.0, "a": 1e-6, "b": 2.4},
        {"r": 20.0, "alpha": 1e5, "a": 0.5, "b": 1e3},
        {"r": 0.25, "alpha": 0.01, "a": 0.8, "b": 2.4},
    ],
    "paretonbd": [
        {"r": 1e-3, "alpha": 1.0, "s": 1e-3, "beta": 1.0},
        {"r": 1e3, "alpha": 1e3, "s": 1e3, "beta": 1e3},
        {"r": 0.5, "alpha": 10.0, "s": 1.0, "beta": 10.0},
        {"r": 0.5, "alpha": 10.0, "s": 1.0 + 1e-9, "beta": 12.0},
        {"r": 0.5, "alpha": 10.0, "s": 0.6, "beta": 1e3},
        {"r": 0.5, "alpha": 10.0, "s": 20.0, "beta": 1e5},
        {"r": 20.0, "alpha": 1e5, "s": 0.6, "beta": 10.0},
        {"r": 0.25, "alpha": 0.01, "s": 0.6, "beta": 10.0},
    ],
    "gammagamma": [
        {"p": 1e-3, "q": 1.001, "gamma": 1e-3},
        {"p": 1e3, "q": 1e3, "gamma": 1e3},
        {"p": 6.25, "q": 1.2, "gamma": 1e-3},
    ],
}


def purchase_models() -> list[str]:
    """Return the names of all models of buying."""
    return [name for name, model in clv.models.registry().items() if "T" in model.statistics]


def churning_models() -> list[str]:
    """Return the names of the models in which customers leave."""
    return [name for name in purchase_models() if name != "nbd"]


def every_model() -> list[str]:
    """Return the names of all models."""
    return list(clv.models.registry())
