"""Posterior draws by PyMC's No-U-Turn sampler.

The curvature at the top tells the sampler how far and in which directions the posterior reaches, so that it starts with
the mass matrix it would otherwise have to find, and keeps a short warm-up to better it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm  # type: ignore[import-untyped]
from arviz_stats.base.array import array_stats
from pymc.step_methods.hmc.quadpotential import (  # type: ignore[import-untyped]
    QuadPotential,
    QuadPotentialDiagAdapt,
    QuadPotentialFullAdapt,
)

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_installed
from clvmodels.inference.posterior import Posterior
from clvmodels.inference.sampling import Sampling
from clvmodels.records import Note, Outcome

_DENSE = 30  # variables: a covariance of more isn't learned from the hundred steps of a window
_KNOWN = 50  # steps of warm-up that the mass matrix from the top is worth
_WORTH = 10.0  # seconds of sampling from which processes pay: each takes one or two to come up
_STEPS = 6  # evaluations of the posterior a draw, roughly, for deciding that
_OWN_WORK = 1e-4  # seconds that the sampler itself takes for one
_R_HAT = 1.02  # chains of 250 draws that agree reach 1.01 by chance
_EFFECTIVE = 100  # independent draws a chain, at least: below, R-hat and the tails aren't known well themselves
_FEWEST = 4  # draws of a chain from which it can be compared with others
_STATS = ("acceptance_rate", "diverging", "energy", "lp", "n_steps", "step_size", "tree_depth")


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a sampler found.

    Attributes
    ----------
    theta : array, shape (chain * draw, name)
        On the scale of the fit, one chain after the other.
    group_sds : mapping of str to array, shape (chain * draw,)
        How much pooled groups differ.
    outcome : Outcome
        Whether chains agree.
    diagnostics : mapping of str to float
        ``r_hat``, ``ess_bulk``, ``ess_tail`` of the worst parameter, and ``divergences``.
    notes : tuple of Note
        Warnings.
    n_chains : int
        Chains.
    stats : mapping of str to array, shape (chain * draw,)
        What the sampler tells of each draw.
    """

    theta: FloatArray
    group_sds: Mapping[str, FloatArray]
    outcome: Outcome
    diagnostics: Mapping[str, float]
    notes: tuple[Note, ...]
    n_chains: int
    stats: Mapping[str, FloatArray]


def sample(
    posterior: Posterior,
    near: FloatArray,
    near_sds: Mapping[str, FloatArray],
    n_draws: int,
    seed: int,
    sampling: Sampling,
) -> Drawn:
    """Draw from a posterior.

    Parameters
    ----------
    posterior : Posterior
        What is sampled.
    near : array, shape (draw, name)
        Draws around its top, on the scale of the fit: where chains start, and how far the posterior reaches.
    near_sds : mapping of str to array, shape (draw,)
        The same of how much pooled groups differ.
    n_draws : int
        Over all chains; rounded up to as many for each.
    seed : int
        Of starts and chains.
    sampling : Sampling
        How.

    Raises
    ------
    ArgumentError
        When the sampler asked for isn't installed.
    """
    if sampling.sampler == "nutpie":
        check_installed("nutpie", "nutpie", "sampler='nutpie'", "take sampler='pymc'")
    size = -(-n_draws // sampling.chains)
    with _quiet():
        found = _chains(posterior, posterior.values(near, near_sds), size, seed, sampling)
    flat = {name: np.asarray(v, dtype=np.float64).reshape(-1, *v.shape[2:]) for name, v in found["posterior"].items()}
    theta, group_sds = posterior.theta(flat)
    stats = {
        name: np.asarray(v, dtype=np.float64).reshape(-1) for name, v in found["sample_stats"].items() if name in _STATS
    }
    diagnostics = _diagnostics(np.column_stack([theta, *group_sds.values()]), stats, sampling.chains)
    title = posterior.space.model.title
    return Drawn(
        theta,
        group_sds,
        _outcome(title, diagnostics, size, sampling),
        diagnostics,
        _notes(title, diagnostics, size, sampling),
        sampling.chains,
        stats,
    )


def _chains(
    posterior: Posterior, near: Mapping[str, FloatArray], size: int, seed: int, sampling: Sampling
) -> Mapping[str, Mapping[str, FloatArray]]:
    """Run the sampler; return groups of arrays of shape (chain, draw, ...)."""
    rng = np.random.default_rng((seed, sampling.chains))
    with posterior.model() as model:
        free = [variable.name for variable in model.free_RVs]
        order = [model.values_to_rvs[value].name for value in model.continuous_value_vars]
        places = rng.integers(len(next(iter(near.values()))), size=sampling.chains)
        starts: list[dict[str, Any]] = [{name: near[name][place] for name in order} for place in places]
        shared: dict[str, Any] = {
            "draws": size,
            "tune": sampling.tune,
            "chains": sampling.chains,
            "random_seed": int(rng.integers(2**30)),
            "progressbar": sampling.progress,
            "nuts_sampler": sampling.sampler,
            "var_names": free,  # the rest follows from these, faster than draw by draw
            "compute_convergence_checks": False,
        }
        if sampling.sampler == "nutpie":
            tree = pm.sample(
                **shared, initvals=starts[0], cores=sampling.cores, nuts={"target_accept": sampling.target_accept}
            )
        else:
            function = model.logp_dlogp_function(ravel_inputs=True, initial_point=model.initial_point(0))
            function.trust_input = True
            potential = _potential(_unconstrained(near, order, model), rng)
            step = pm.NUTS(logp_dlogp_func=function, potential=potential, target_accept=sampling.target_accept, rng=rng)
            cores = sampling.cores or _cores(function, size, sampling)
            tree = pm.sample(**shared, step=step, initvals=starts, cores=cores)
    return {group: {str(k): v.to_numpy() for k, v in tree[group].items()} for group in ("posterior", "sample_stats")}


def _unconstrained(near: Mapping[str, FloatArray], order: list[str], model: pm.Model) -> FloatArray:
    """Return draws as the sampler sees them, shape (draw, dimension): positive variables by their logarithms."""
    parts = []
    for name in order:
        positive = model.rvs_to_transforms[model[name]] is not None
        parts.append(np.log(near[name]) if positive else near[name])
    return np.column_stack(parts)


def _potential(near: FloatArray, rng: np.random.Generator) -> QuadPotential:
    """Return the mass matrix that draws near the top suggest, to be bettered in warm-up."""
    size = near.shape[1]
    spread = np.atleast_2d(np.cov(near.T)) if len(near) > size else np.zeros((size, size))
    spread += np.diag(np.where(np.diag(spread) > 0, 1e-9, 1.0))  # where nothing is known, about as wide as a prior
    centre = near.mean(axis=0)
    if size > _DENSE:
        return QuadPotentialDiagAdapt(size, centre, np.diag(spread).copy(), _KNOWN, rng=rng.spawn(1)[0])
    return QuadPotentialFullAdapt(size, centre, spread, _KNOWN, rng=rng.spawn(1)[0])


def _cores(function: Any, size: int, sampling: Sampling) -> int:
    """Return how many processes pay: one for a short run, and where processes can't be forked."""
    if multiprocessing.get_context().get_start_method() != "fork":
        return 1
    point = pm.blocking.DictToArrayBijection.map(pm.modelcontext(None).initial_point(0))
    function(point)
    begin = time.perf_counter()
    function(point)
    once = time.perf_counter() - begin + _OWN_WORK
    expected = sampling.chains * (sampling.tune + size) * _STEPS * once
    return min(sampling.chains, os.process_cpu_count() or 1) if expected > _WORTH else 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what is said to those who write samplers; what a reader needs comes as notes."""
    log = logging.getLogger("pymc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _diagnostics(values: FloatArray, stats: Mapping[str, FloatArray], n_chains: int) -> dict[str, float]:
    chains = values.reshape(n_chains, -1, values.shape[1])
    moving = [i for i in range(chains.shape[2]) if np.ptp(chains[..., i]) > 0]
    found = {"r_hat": np.nan, "ess_bulk": np.nan, "ess_tail": np.nan}
    if chains.shape[1] >= _FEWEST and moving:
        columns = np.moveaxis(chains[..., moving], -1, 0)
        measure: Any = array_stats  # it has no types
        if n_chains > 1:
            found["r_hat"] = float(np.max(measure.rhat(columns)))
        found["ess_bulk"] = float(np.min(measure.ess(columns, method="bulk")))
        found["ess_tail"] = float(np.min(measure.ess(columns, method="tail", prob=(0.05, 0.95))))
    return found | {"divergences": float(np.sum(stats.get("diverging", 0)))}


def _outcome(title: str, diagnostics: Mapping[str, float], size: int, sampling: Sampling) -> Outcome:
    r_hat, chains = diagnostics["r_hat"], sampling.chains
    ess = min(diagnostics["ess_bulk"], diagnostics["ess_tail"])
    ran = f"{chains} chain{'s' if chains > 1 else ''} of {size:,} draws after {sampling.tune:,} to warm up"
    if np.isnan(r_hat):
        agree = "whether it found the whole posterior can't be checked with so few" if size >= _FEWEST else "too few"
        return Outcome(chains == 1 and size >= _FEWEST, f"{title} was sampled by NUTS in {ran}; {agree}.", chains)
    if r_hat > _R_HAT:
        return Outcome(False, f"{title} was sampled by NUTS in {ran}, and they disagree (R-hat {r_hat:.3f}).", chains)
    told = f"{ran}; they agree (R-hat {r_hat:.3f}) and are worth {ess:,.0f} independent draws or more"
    return Outcome(True, f"{title} was sampled by NUTS in {told}.", chains, chains)


def _notes(title: str, diagnostics: Mapping[str, float], size: int, sampling: Sampling) -> tuple[Note, ...]:
    notes = []
    if diagnostics["r_hat"] > _R_HAT:
        text = (
            f"The chains of {title} haven't come to the same posterior (R-hat {diagnostics['r_hat']:.3f}, above "
            f"{_R_HAT}), so its draws can't be used; raise tune in sampling=Sampling(...), or give priors that say "
            f"more."
        )
        notes.append(Note("r_hat", text, "warning"))
    least = _EFFECTIVE * sampling.chains
    ess = min(diagnostics["ess_bulk"], diagnostics["ess_tail"])
    if ess < least:
        text = (
            f"The draws of {title} are worth {ess:,.0f} independent ones for its worst parameter (of "
            f"{size * sampling.chains:,}; {least:,} are wanted), so bounds of intervals are rough; raise n_draws."
        )
        notes.append(Note("few_effective_draws", text, "warning"))
    divergences = int(diagnostics["divergences"])
    if divergences:
        text = (
            f"{divergences:,} of {size * sampling.chains:,} draws of {title} diverged: the posterior bends sharply "
            f"somewhere and may be explored in part only; raise target_accept in sampling=Sampling(...) towards 0.99."
        )
        notes.append(Note("divergences", text, "warning"))
    return tuple(notes)
