"""Priors of a model, on quantities that people understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, check_between, unknown_name
from clvmodels.grammar.mixing import Quantity


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal distribution on the logarithm of a positive quantity, or on the log-odds of a share.

    Attributes
    ----------
    median : float
        Half of the prior probability lies on either side.
    sd : float > 0
        Standard deviation of the logarithm (0.7: a factor of 2; 1.5: a factor of 4.5) or of the log-odds.
    """

    median: float
    sd: float

    def __post_init__(self) -> None:
        for name in ("median", "sd"):
            why = "a prior is a distribution of a positive quantity"
            known = check_between(name, getattr(self, name), 0, np.inf, why, open_low=True, open_high=True)
            object.__setattr__(self, name, known)


type PriorLike = Prior | tuple[float, float] | float


@dataclass(frozen=True, eq=False)
class Priors:
    """The priors of a model, in the unit of time of a summary and its currency.

    Attributes
    ----------
    quantities : tuple of Quantity
        What they are of.
    distributions : mapping of str to Prior
        One for each quantity.
    coefficient_sd : float
        Of the normal distribution around 0 of a covariate's coefficient, per standard deviation of a numeric column or
        between a level of a categorical one and its reference: 1 is a factor of 2.7.
    group_sd : float
        Scale of the half-normal distribution of how much pooled groups differ on one side: 0.5 is a factor of 1.6.
    """

    quantities: tuple[Quantity, ...]
    distributions: Mapping[str, Prior]
    coefficient_sd: float = 1.0
    group_sd: float = 0.5

    def __post_init__(self) -> None:
        for quantity in self.quantities:
            if quantity.share and not self.distributions[quantity.name].median < 1:
                raise ArgumentError(
                    f"The prior median of {quantity.name} is {self.distributions[quantity.name].median:g}; it is a "
                    f"share ({quantity.meaning}), so it lies between 0 and 1."
                )
        for name in ("coefficient_sd", "group_sd"):
            why = "it is a standard deviation of effects"
            known = check_between(name, getattr(self, name), 0, np.inf, why, open_low=True, open_high=True)
            object.__setattr__(self, name, known)

    def replace(self, distributions: Mapping[str, PriorLike]) -> Priors:
        """Return the same with other priors for some quantities, each as Prior or (median, sd), or with another
        ``coefficient_sd`` or ``group_sd``, each a number.

        Examples
        --------
        >>> import clvmodels as clv
        >>> given = clv.as_summary(
        ...     pd.DataFrame({"frequency": [0, 2], "recency": [0.0, 30.0], "T": [39.0, 39.0]}), period="week"
        ... )
        >>> narrow = clv.default_priors("bgnbd", given).replace({"mean_rate": (0.05, 0.5), "coefficient_sd": 0.5})
        >>> narrow.distributions["mean_rate"], narrow.coefficient_sd
        (Prior(median=0.05, sd=0.5), 0.5)
        """
        known = [quantity.name for quantity in self.quantities]
        own, sds = dict(self.distributions), {"coefficient_sd": self.coefficient_sd, "group_sd": self.group_sd}
        for name, law in distributions.items():
            if name in sds and isinstance(law, int | float):
                sds[name] = float(law)
            elif name in known and not isinstance(law, int | float):
                own[name] = law if isinstance(law, Prior) else Prior(*law)
            else:
                raise unknown_name("prior", name, [*known, *sds])
        return Priors(self.quantities, own, **sds)

    def coordinate(self, name: str) -> tuple[float, float]:
        """Return centre and standard deviation on the logarithm, or on the log-odds of a share."""
        law = self.distributions[name]
        share = next(quantity.share for quantity in self.quantities if quantity.name == name)
        return float(logit(law.median) if share else np.log(law.median)), law.sd

    def natural(self, name: str, coordinate: FloatArray) -> FloatArray:
        """Return values of a quantity from their logarithms or log-odds."""
        share = next(quantity.share for quantity in self.quantities if quantity.name == name)
        values: FloatArray = expit(coordinate) if share else np.exp(coordinate)
        return values

    def table(self, *, ci_prob: float = 0.9) -> pd.DataFrame:
        """Return one row a quantity.

        Parameters
        ----------
        ci_prob : float, in (0, 1)
            Probability between the bounds.

        Returns
        -------
        DataFrame
            ``quantity, meaning, median, lower, upper``.
        """
        check_between(
            "ci_prob", ci_prob, 0, 1, "it is the probability between the bounds", open_low=True, open_high=True
        )
        rows = []
        for quantity in self.quantities:
            centre, sd = self.coordinate(quantity.name)
            bounds = self.natural(quantity.name, centre + sd * ndtri([(1 - ci_prob) / 2, (1 + ci_prob) / 2]))
            rows.append((quantity.name, quantity.meaning, self.distributions[quantity.name].median, *bounds))
        return pd.DataFrame(rows, columns=["quantity", "meaning", "median", "lower", "upper"])
