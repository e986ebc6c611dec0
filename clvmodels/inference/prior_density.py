"""The prior as a density on the scale of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.grammar.parameter import checked_held
from clvmodels.inference.first_purchases import first_purchase_of
from clvmodels.inference.informative import informative
from clvmodels.inference.space import Space
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.namespace import NUMPY
from clvmodels.kernels.tape import TAPE, Node, gradient
from clvmodels.models import AbstractModel, get
from clvmodels.records import FirstPurchaseUse, Prior, Priors, Summary, check_summary


def default_priors(model: str, summary: Summary, *, first_purchase: FirstPurchaseUse = "scaled") -> Priors:
    """Return the priors that a fit takes where none are given, in the period and currency of a summary.

    They are wide, and move with the unit: rates and lifetimes are compared with how long the median customer was
    observed, amounts against the median customer's purchase. So the same log read in days or in weeks, in cents or in
    dollars, leads to the same forecasts.

    Parameters
    ----------
    model : str
        Name of a registered model.
    summary : Summary
        The customers.
    first_purchase : "scaled" or "leave_out"
        As in ``fit``: the median customer's purchase is that of the customers whom the fit looks at.

    Returns
    -------
    Priors
        One for each quantity of the model; ``table()`` shows them, ``replace()`` changes some.

    See Also
    --------
    prior_draws : Draw parameters from priors.
    prior_predictive : Show what bases priors believe in, beside what a summary shows.
    fit : Fit a model to a summary.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.default_priors("bgnbd", rfm).table().drop(columns="meaning").round(3)
             quantity  median  lower  upper
    0       mean_rate   0.031  0.003  0.360
    1     rate_spread   1.000  0.291  3.434
    2    mean_dropout   0.300  0.035  0.835
    3  dropout_spread   0.250  0.012  0.899
    """
    facts = get(model)
    base = check_summary(summary, grouped=True)
    first, _ = first_purchase_of(facts, base, first_purchase)
    histories = base.counting(first).statistics(facts.statistics)
    return priors_for(facts, Scale.of(facts, *informative(facts, histories)))


def priors_for(model: AbstractModel, scale: Scale) -> Priors:
    """Return the priors that say little, in the units of the data."""
    distributions = {q.name: Prior(q.median * scale.factor(q.unit), q.sd) for q in model.quantities}
    return Priors(model.quantities, distributions)


def prior_draws(
    model: str, priors: Priors, *, n_draws: int = 1_000, seed: int = 1, held: Mapping[str, float] | None = None
) -> dict[str, FloatArray]:
    """Draw parameters from priors.

    Parameters
    ----------
    model : str
        Name of a registered model.
    priors : Priors
        Of that model, from ``default_priors``.
    n_draws : int >= 1
        How many.
    seed : int
        Of the draws.
    held : mapping of str to float, optional
        Values of parameters that take few and have no prior; the lowest of each when left out.

    Returns
    -------
    dict of str to array, shape (draw,)
        The parameters, in the units of the priors.

    Raises
    ------
    ArgumentError
        For an unknown model, or a parameter that can't be held or not at that value.

    See Also
    --------
    default_priors : Return the priors that a fit takes where none are given, in the period and currency of a summary.
    prior_predictive : Show what bases priors believe in, beside what a summary shows.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> drawn = prior_draws("bgnbd", clv.default_priors("bgnbd", rfm), n_draws=4)
    >>> sorted(drawn), drawn["alpha"].shape
    (['a', 'alpha', 'b', 'r'], (4,))
    """
    facts = get(model)
    rng = np.random.default_rng(seed)
    coordinates = {}
    for quantity in facts.quantities:
        centre, sd = priors.coordinate(quantity.name)
        coordinates[quantity.name] = centre + sd * rng.standard_normal(n_draws)
    few = {p.name: min(p.choices) for p in facts.parameters if p.choices}
    few |= checked_held(facts.title, facts.parameters, held or {})
    return facts.at_coordinates(NUMPY, coordinates, {name: np.full(n_draws, value) for name, value in few.items()})


@dataclass(frozen=True, eq=False)
class PriorDensity:
    """The logarithm of a prior density on the scale of a fit, up to a constant.

    Attributes
    ----------
    space : Space
        Where.
    priors : Priors or None
        Of the parameters; None where they have none.
    precision : array, shape (coefficient,)
        Of the normal distribution of each coefficient around 0, per standard deviation of its column; 0 where there is
        no prior.
    """

    space: Space
    priors: Priors | None
    precision: FloatArray

    def __call__(self, theta: FloatArray, held: Mapping[str, float]) -> tuple[float, FloatArray]:
        """Return the value and its gradient by theta."""
        n, model = self.space.n_params, self.space.model
        effects = theta[n:]
        value = -0.5 * float(self.precision @ np.square(effects))
        slope = np.concatenate([np.zeros(n), -self.precision * effects])
        if self.priors is not None:
            natural = self.space.scale.natural(model, theta, held)
            leaves = {p.name: Node(np.asarray(natural[p.name]), None, is_leaf=True) for p in model.free}
            found = model.coordinates(TAPE, natural | leaves)
            total = Node(np.zeros(()), None)
            for name, coordinate in found.items():
                centre, sd = self.priors.coordinate(name)
                miss = (coordinate - centre) * (1 / sd)
                total = total - miss * miss * 0.5
            by_leaf = gradient(total, np.ones(()), leaves)
            value += float(total.value)
            slope[:n] = [float(by_leaf[p.name]) * float(leaves[p.name].value) for p in model.free]
        return value, slope

    def of_draws(self, theta: FloatArray, held: Mapping[str, float]) -> FloatArray:
        """Return the value at each of many points, shape (draw,)."""
        n, model = self.space.n_params, self.space.model
        values: FloatArray = -0.5 * (np.square(theta[:, n:]) @ self.precision)
        if self.priors is not None:
            for name, coordinate in model.coordinates(NUMPY, self.space.scale.natural(model, theta, held)).items():
                centre, sd = self.priors.coordinate(name)
                values = values - 0.5 * np.square((coordinate - centre) / sd)
        return values
