"""Random cases for every model: parameters as data give them, and parameters that break formulas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

ORDINARY = {
    "nbd": {"r": 0.38, "alpha": 12.0},
    "bgnbd": {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4},
    "mbgnbd": {"r": 0.53, "alpha": 6.2, "a": 0.89, "b": 1.6},
    "bgcnbd": {"k": 2.0, "r": 0.3, "alpha": 2.2, "a": 0.79, "b": 2.4},
    "mbgcnbd": {"k": 2.0, "r": 0.53, "alpha": 3.1, "a": 0.89, "b": 1.6},
    "paretonbd": {"r": 0.55, "alpha": 10.6, "s": 0.61, "beta": 11.7},
    "ggomnbd": {"r": 0.55, "alpha": 10.6, "b": 0.05, "s": 0.4, "beta": 0.6},
    "bgbb": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8},
    "sbg": {"gamma": 0.67, "delta": 3.8},
    "bdw": {"gamma": 0.26, "delta": 1.7, "c": 1.6},
    "gammagamma": {"p": 6.25, "q": 3.74, "gamma": 15.4},
}
RIDGES = {
    "nbd": [{"r": 20.0, "alpha": 1e5}, {"r": 0.25, "alpha": 0.01}],
    "bgnbd": [{"a": 1e-6}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01}, {"a": 1e3, "b": 1e3}],
    "mbgnbd": [{"a": 1e-6}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01}, {"a": 1e3, "b": 1e3}],
    "bgcnbd": [{"a": 1e-6}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01, "k": 12.0}],
    "mbgcnbd": [{"a": 1e-6}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01, "k": 12.0}],
    "paretonbd": [{"s": 20.0, "beta": 1e5}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01}, {"alpha": 7.5, "beta": 7.5}],
    "ggomnbd": [{"s": 20.0, "b": 1e-5}, {"r": 20.0, "alpha": 1e5}, {"alpha": 0.01}, {"b": 1e-6, "beta": 1e-5}],
    "bgbb": [{"alpha": 1e3, "beta": 1e-3}, {"gamma": 1e3, "delta": 1e3}],
    "sbg": [{"gamma": 1e3, "delta": 1e-3}, {"gamma": 1e-3, "delta": 1e3}],
    "bdw": [{"gamma": 20.0, "delta": 2.0, "c": 0.1}, {"gamma": 1e3, "delta": 1e3, "c": 0.1}],
    "gammagamma": [{"p": 1e3, "q": 1e3}, {"q": 1.001}],
}
EDGES = {"bgnbd": "a", "mbgnbd": "a", "bgcnbd": "a", "mbgcnbd": "a", "paretonbd": "s", "bgbb": "gamma", "sbg": "gamma"}
EDGES |= {"ggomnbd": "beta", "bdw": "gamma"}  # a removable point at 1
DISCRETE = ("bgbb", "sbg", "bdw")
TIMES = ("alpha", "beta")  # of the models in continuous time
STEPS = (5_000, 200_000)  # of a discrete model that a case looks ahead at most: mostly, and one in twenty


@dataclass(frozen=True)
class Case:
    """What is asked of a model: a history, and a future of the living customer or of a new one.

    ``n`` counts purchases, ``t`` is how far ahead, ``delta`` the force of interest a period, ``horizon`` the time over
    which purchases are discounted.
    """

    model: str
    kind: str
    params: dict[str, float]
    history: dict[str, float]
    living: bool = True
    phase: int = 0
    t: float = 1.0
    n: int = 1
    delta: float = 0.0
    horizon: float = np.inf
    extra: dict[str, float] = field(default_factory=lambda: {"discounted": 1.0, "tail": 1.0, "endless": 0.0})


def cases(model: str, count: int, seed: int) -> list[Case]:
    """Return random cases of a model; two in five are ordinary, the others stress it."""
    rng = np.random.default_rng([seed, sum(map(ord, model))])
    draw = _spend if model == "gammagamma" else _buying
    return [draw(model, rng) for _ in range(count)]


def _log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _params(model, rng):
    """Return the kind of a case and its parameters."""
    usual = ORDINARY[model]
    kind = str(rng.choice(["ordinary", "shapes", "ridge", "edge"], p=[0.4, 0.35, 0.15, 0.1]))
    near = {name: float(value * np.exp(rng.normal(0, 0.5))) for name, value in usual.items()}
    if "k" in usual:
        near["k"] = float(rng.integers(1, 13) if kind == "shapes" else rng.integers(1, 5))
    if kind == "edge" and model not in EDGES:
        kind = "shapes"
    if kind == "shapes":
        times = TIMES if model not in DISCRETE else ()
        for name in usual:
            if name == "c":
                near[name] = _log_uniform(rng, 0.05, 20.0)
            elif name == "b" and model == "ggomnbd":
                near[name] = _log_uniform(rng, 1e-6, 10.0)
            elif name in times and model != "ggomnbd":
                near[name] = _log_uniform(rng, 1e-2, 1e5)
            elif name != "k":
                near[name] = _log_uniform(rng, 1e-3, 1e3)
    elif kind == "ridge":
        near |= RIDGES[model][rng.integers(len(RIDGES[model]))]
    elif kind == "edge":
        near[EDGES[model]] = 1.0 + float(rng.choice([0.0, 1e-9, -1e-9, 1e-12]))
        if model == "paretonbd" and rng.random() < 0.5:
            near["beta"] = near["alpha"] * (1.0 + float(rng.choice([0.0, 1e-9])))
    return kind, near


def _history(model, kind, params, rng):
    """Return x, t_x, T and, where it is needed, litt."""
    hard = kind != "ordinary"
    if model in DISCRETE:
        T = float(np.floor(_log_uniform(rng, 1, 2_000 if hard else 60)))
        if model == "bgbb":
            t_x = float(rng.integers(0, T + 1))
            x = float(np.ceil(t_x * rng.random() ** 2)) if t_x else 0.0
            return {"x": max(x, 1.0) if t_x else 0.0, "t_x": t_x, "T": T}
        t_x = float(rng.choice([T, rng.integers(0, T + 1)]))
        return {"x": t_x, "t_x": t_x, "T": T}
    T = params["alpha"] * (_log_uniform(rng, 1e-3, 1e4) if hard else _log_uniform(rng, 0.2, 30))
    x = float(np.floor(_log_uniform(rng, 0.5, 5_001 if hard else 60)))
    if rng.random() < 0.15:
        x = 0.0
    share = rng.choice([rng.random(), 1 - _log_uniform(rng, 1e-6, 1e-1), 1.0], p=[0.6, 0.3, 0.1])
    t_x = T * float(share) if x else 0.0
    found = {"x": x, "t_x": t_x, "T": T}
    if "k" in params:
        found["litt"] = x * (np.log(t_x / x) - rng.random()) if x else 0.0
    return found


def _buying(model, rng):
    kind, params = _params(model, rng)
    history = _history(model, kind, params, rng)
    hard = kind != "ordinary"
    living = bool(rng.random() < 0.65)
    if model in ("sbg", "bdw") and living:
        history |= {"x": history["T"], "t_x": history["T"]}
    T = history["T"]
    t = T * (_log_uniform(rng, 1e-3, 1e2) if hard else _log_uniform(rng, 0.1, 4))
    n = int(np.floor(_log_uniform(rng, 1, 2_049 if hard else 30)))
    if model in DISCRETE:
        t = float(min(max(np.floor(t), 1.0), STEPS[rng.random() < 0.05]))
        n = int(min(n, max(1, t if rng.random() < 0.8 else n)))
    yearly = rng.uniform(0.02, 0.5)
    days = (
        float(rng.choice([1.0, 7.0, 30.4375])) if model not in DISCRETE else float(rng.choice([7.0, 30.4375, 365.25]))
    )
    return Case(
        model=model,
        kind=kind,
        params=params,
        history=history,
        living=living,
        phase=int(rng.integers(int(params.get("k", 1)))),
        t=float(t),
        n=n,
        delta=float(np.log1p(yearly) * days / 365.25),
        horizon=float(rng.choice([np.inf, t, t])),
        extra={"discounted": float(rng.random()), "tail": _log_uniform(rng, 1, 50_001), "endless": float(rng.random())},
    )


def _spend(model, rng):
    kind, params = _params(model, rng)
    hard = kind != "ordinary"
    n = float(np.floor(_log_uniform(rng, 0.5, 5_001 if hard else 30)))
    typical = params["p"] * params["gamma"] / max(params["q"] - 1, 0.5)
    m = typical * (_log_uniform(rng, 1e-4, 1e4) if hard else _log_uniform(rng, 0.1, 10)) if n else 0.0
    ahead = int(np.floor(_log_uniform(rng, 1, 2_049 if hard else 30)))
    q = params["q"] + params["p"] * n
    middle = params["p"] * ahead * (params["gamma"] + n * m) / q
    return Case(
        model=model,
        kind=kind,
        params=params,
        history={"n": n, "m": float(m)},
        n=ahead,
        extra={"amount": float(middle * np.exp(rng.normal(0, 0.3 + 1 / np.sqrt(params["p"] * ahead) + q**-0.5)))},
    )
