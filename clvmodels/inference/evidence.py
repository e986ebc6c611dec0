"""What an estimate keeps of its fit: the data it saw, to show or to hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clvmodels.arrays import Columns, FloatArray
from clvmodels.inference.space import Space
from clvmodels.records import Estimate, Priors


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
        """Return posterior, sampler statistics, observed data and log-likelihood as a DataTree."""
        raise NotImplementedError

    def pymc_model(self, estimate: Estimate) -> Any:
        """Return the posterior as a PyMC model."""
        raise NotImplementedError
