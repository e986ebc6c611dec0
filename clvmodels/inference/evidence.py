"""What an estimate keeps of its fit: the data it saw and the sampler's statistics, to show or to hand over."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.inference.belief import priors_for
from clvmodels.inference.loo import log_likelihoods
from clvmodels.inference.space import Space
from clvmodels.records import Estimate, Priors
from clvmodels.records.covariates import PATTERN

_LARGEST = 20_000_000  # customers times draws: 160 MB of log-likelihood
_GIVEN = ("T", "n", PATTERN)  # statistics that a likelihood takes as they are; the others are what it explains
_KINDS = {"diverging": np.bool_, "n_steps": np.int64, "tree_depth": np.int64}


@dataclass(frozen=True, eq=False)
class Fitted:
    """The distinct histories that were fitted, and the sampler's own statistics.

    Attributes
    ----------
    space : Space
        Model, units of the fit and covariates.
    columns : mapping of str to array, shape (row,)
        The distinct histories, in the units of the data.
    counts : array, shape (row,)
        Customers of each.
    priors : Priors or None
        What was believed before.
    held : mapping of str to float
        Parameters that were held at a value.
    stats : mapping of str to array, shape (chain * draw,)
        What the sampler tells of each draw: ``diverging``, ``energy``, ``tree_depth`` and the like.
    """

    space: Space
    columns: Columns
    counts: FloatArray
    priors: Priors | None
    held: Mapping[str, float]
    stats: Mapping[str, FloatArray] = field(default_factory=dict)

    def to_arviz(self, estimate: Estimate) -> Any:
        """Return posterior, sampler statistics, observed data and log-likelihood as a DataTree.

        Customers come in the order of their histories, not of the summary. Where customers times draws are more than 20
        million, the log-likelihood stays out, with a warning.
        """
        groups = _groups(estimate, self.stats)
        sizes = self.counts.astype(np.int64)
        of_customer = {name: np.repeat(values, sizes) for name, values in self.columns.items() if name != "gaps"}
        groups["observed_data"] = {name: values for name, values in of_customer.items() if name not in _GIVEN}
        groups["constant_data"] = {name: values for name, values in of_customer.items() if name in _GIVEN}
        if sizes.sum() * estimate.n_draws <= _LARGEST:
            rows = log_likelihoods(estimate, self.columns, self.space.patterns)
            shape = (estimate.n_chains, -1, int(sizes.sum()))
            groups["log_likelihood"] = {"history": np.repeat(rows, sizes, axis=1).reshape(shape)}
        else:
            warnings.warn(
                f"The log-likelihood of {int(sizes.sum()):,} customers under {estimate.n_draws:,} draws is left out, "
                f"because it would fill {sizes.sum() * estimate.n_draws / 1.25e8:,.1f} GB; loo(estimate, summary) "
                f"scores them all without it.",
                stacklevel=3,
            )
        return _tree(groups, {name: ["customer"] for name in ("history", *self.columns)}, estimate)

    def pymc_model(self, estimate: Estimate) -> Any:
        """Return the posterior as a PyMC model; with the default priors where the estimate has none."""
        from clvmodels.inference.posterior import Posterior  # noqa: PLC0415 - PyMC takes seconds to load

        priors = self.priors or priors_for(self.space.model, self.space.scale)
        return Posterior(self.space, self.columns, self.counts, priors, self.held).model()


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file keeps: the sampler's statistics, without the data.

    Attributes
    ----------
    stats : mapping of str to array, shape (chain * draw,)
        What the sampler tells of each draw.
    """

    stats: Mapping[str, FloatArray]

    def to_arviz(self, estimate: Estimate) -> Any:
        """Return posterior and sampler statistics as a DataTree."""
        return _tree(_groups(estimate, self.stats), {}, estimate)

    def pymc_model(self, estimate: Estimate) -> Any:
        """Raise, because a model needs its data."""
        raise ArgumentError(
            f"This estimate of {estimate.model.title} was loaded from a file, which holds no data, so its PyMC model "
            f"can't be built; fit again to get it."
        )


def _groups(estimate: Estimate, stats: Mapping[str, FloatArray]) -> dict[str, dict[str, AnyArray]]:
    """Return posterior and sampler statistics, each of shape (chain, draw)."""
    chains = (estimate.n_chains, -1)
    groups = {"posterior": {name: np.asarray(values).reshape(chains) for name, values in estimate.draws.items()}}
    if stats:
        groups["sample_stats"] = {
            name: values.reshape(chains).astype(_KINDS.get(name, np.float64)) for name, values in stats.items()
        }
    return groups


def _tree(groups: Mapping[str, Mapping[str, AnyArray]], dims: Mapping[str, list[str]], estimate: Estimate) -> Any:
    from arviz_base import from_dict  # noqa: PLC0415 - takes a second to load

    attributes = {"model": estimate.model.title, "method": estimate.method}
    return from_dict(groups, dims=dims, attrs={"posterior": attributes})
