"""Parameters on which every model is tried: what data give, and what breaks formulas."""

from __future__ import annotations

import numpy as np

import clvmodels as clv
from clvmodels.arrays import Ragged

ORDINARY = {
    "nbd": {"r": 0.3848, "alpha": 12.072},
    "mbgnbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "bgcnbd": {"k": 2.0, "r": 0.3, "alpha": 2.2, "a": 0.7929, "b": 2.4259},
    "mbgcnbd": {"k": 2.0, "r": 0.525, "alpha": 3.1, "a": 0.891, "b": 1.614},
    "paretonbd": {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669},
    "ggomnbd": {"r": 0.55, "alpha": 10.6, "b": 0.05, "s": 0.4, "beta": 0.6},
    "dormancynbd": {"r": 0.6, "alpha": 5.5, "a": 0.9, "b": 1.2, "delta": 0.08},
    "bgbb": {"alpha": 1.2035, "beta": 0.7497, "gamma": 0.6567, "delta": 2.7834},
    "sbg": {"gamma": 0.668, "delta": 3.806},
    "bdw": {"gamma": 0.259, "delta": 1.723, "c": 1.584},
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
    "bgcnbd": [
        {"k": 1.0, "r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.4},
        {"k": 2.0, "r": 1e-3, "alpha": 1.0, "a": 1e-3, "b": 1e-3},
        {"k": 12.0, "r": 1e3, "alpha": 1e3, "a": 1e3, "b": 1e3},
        {"k": 3.0, "r": 0.25, "alpha": 4.0, "a": 1.0, "b": 2.4},
        {"k": 4.0, "r": 0.25, "alpha": 4.0, "a": 1e-6, "b": 2.4},
        {"k": 5.0, "r": 20.0, "alpha": 1e5, "a": 0.5, "b": 1e3},
        {"k": 12.0, "r": 0.25, "alpha": 0.01, "a": 0.8, "b": 2.4},
    ],
    "mbgcnbd": [
        {"k": 1.0, "r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.4},
        {"k": 12.0, "r": 1e-3, "alpha": 1.0, "a": 1e-3, "b": 1e-3},
        {"k": 2.0, "r": 1e3, "alpha": 1e3, "a": 1e3, "b": 1e3},
        {"k": 6.0, "r": 0.25, "alpha": 4.0, "a": 1.0 + 1e-9, "b": 2.4},
        {"k": 2.0, "r": 0.25, "alpha": 0.01, "a": 1e-6, "b": 2.4},
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
    "ggomnbd": [
        {"r": 1e-3, "alpha": 1.0, "b": 1e-3, "s": 1e-3, "beta": 1e-3},
        {"r": 1e3, "alpha": 1e3, "b": 1e-3, "s": 1e3, "beta": 1e3},
        {"r": 0.5, "alpha": 10.0, "b": 1e-6, "s": 0.6, "beta": 1e-5},
        {"r": 0.5, "alpha": 10.0, "b": 5.0, "s": 0.6, "beta": 1e6},
        {"r": 0.5, "alpha": 10.0, "b": 0.1, "s": 20.0, "beta": 1.0},
        {"r": 20.0, "alpha": 1e5, "b": 0.02, "s": 0.6, "beta": 0.2},
        {"r": 0.25, "alpha": 0.01, "b": 0.1, "s": 0.6, "beta": 3.0},
    ],
    "dormancynbd": [
        {"r": 1e-3, "alpha": 1.0, "a": 1e-3, "b": 1e-3, "delta": 0.5},
        {"r": 1e3, "alpha": 1e3, "a": 1e3, "b": 1e3, "delta": 0.1},
        {"r": 0.25, "alpha": 4.0, "a": 1.0, "b": 2.4, "delta": 1e-6},
        {"r": 20.0, "alpha": 1e5, "a": 0.5, "b": 1e3, "delta": 0.9},
        {"r": 0.25, "alpha": 0.01, "a": 0.8, "b": 2.4, "delta": 0.999},
    ],
    "bgbb": [
        {"alpha": 1e-3, "beta": 1e-3, "gamma": 1e-3, "delta": 1e-3},
        {"alpha": 1e3, "beta": 1e3, "gamma": 1e3, "delta": 1e3},
        {"alpha": 1.2, "beta": 0.75, "gamma": 1.0, "delta": 2.8},
        {"alpha": 1.2, "beta": 0.75, "gamma": 1.0 + 1e-9, "delta": 2.8},
        {"alpha": 1e-3, "beta": 1e3, "gamma": 1e3, "delta": 1e-3},
        {"alpha": 1e3, "beta": 1e-3, "gamma": 1e-3, "delta": 1e3},
    ],
    "sbg": [
        {"gamma": 1e-3, "delta": 1e-3},
        {"gamma": 1e3, "delta": 1e3},
        {"gamma": 1.0, "delta": 2.0},
        {"gamma": 1.0 + 1e-9, "delta": 2.0},
        {"gamma": 1e3, "delta": 1e-3},
        {"gamma": 1e-3, "delta": 1e3},
    ],
    "bdw": [
        {"gamma": 1e-3, "delta": 1e-3, "c": 1.0},
        {"gamma": 1e3, "delta": 1e3, "c": 0.1},
        {"gamma": 1.0, "delta": 2.0, "c": 1.0},
        {"gamma": 1.0 + 1e-9, "delta": 2.0, "c": 1.0 + 1e-9},
        {"gamma": 1e-3, "delta": 1e3, "c": 5.0},
        {"gamma": 1e3, "delta": 1e-3, "c": 1e-3},
    ],
    "gammagamma": [
        {"p": 1e-3, "q": 1.001, "gamma": 1e-3},
        {"p": 1e3, "q": 1e3, "gamma": 1e3},
        {"p": 6.25, "q": 1.2, "gamma": 1e-3},
    ],
}


def purchase_models(*, gaps: bool = False) -> list[str]:
    """Return the names of the models of buying; those that look at every gap, which no table tells, only if asked."""
    models = clv.models.registry().items()
    return [name for name, model in models if "T" in model.statistics and (gaps or "gaps" not in model.statistics)]


def gaps_of(x, t_x):
    """Return equal times between purchases but for the first, which is half as long."""
    sizes = np.asarray(x, dtype=int)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    whole = np.repeat(np.asarray(t_x, dtype=float) / np.maximum(sizes - 0.5 * (sizes > 1), 1), sizes)
    return Ragged.of(
        whole * np.where((within == 0) & (np.repeat(sizes, sizes) > 1), 0.5, 1.0), np.append(0, np.cumsum(sizes))
    )


def settings(*, discrete: bool, contractual: bool = False, gaps: bool = False) -> list[str]:
    """Return the names of the models of buying for such a setting."""
    found = {name: clv.models.get(name) for name in purchase_models(gaps=gaps)}
    return [name for name, m in found.items() if (m.discrete, m.contractual) == (discrete, contractual)]


def churning_models() -> list[str]:
    """Return the names of the models in which customers leave in silence."""
    return [name for name in purchase_models(gaps=True) if name != "nbd" and not clv.models.get(name).contractual]


def every_model() -> list[str]:
    """Return the names of all models."""
    return list(clv.models.registry())


def of_tables() -> list[str]:
    """Return the names of the models whose statistics a table of customers can hold."""
    return [name for name in every_model() if "gaps" not in clv.models.get(name).statistics]
