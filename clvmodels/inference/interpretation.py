"""An estimate in the quantities that people understand, beside their priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_between
from clvmodels.grammar import Quantity
from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import AbstractModel
from clvmodels.records import Estimate

_WIDTH = 4.0  # standard deviations of a prior that a curve is drawn over
_POINTS = 400
_FEWEST = 20  # draws that make a density


def quantity_draws(estimate: Estimate) -> dict[str, FloatArray]:
    """Return draws of each quantity, shape (draw,), on its natural scale.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.25, "alpha": 5.0, "a": 0.8, "b": 2.4}, period="week")
    >>> {name: values.round(3).tolist() for name, values in quantity_draws(given).items()}
    {'mean_rate': [0.05], 'rate_spread': [2.0], 'mean_dropout': [0.25], 'dropout_spread': [0.238]}
    """
    return _quantities(estimate.model, estimate.draws)


def quantity_table(estimate: Estimate, *, ci_prob: float = 0.95) -> pd.DataFrame:
    """Return an estimate in quantities that people understand, beside the priors.

    Parameters
    ----------
    estimate : Estimate
        Of any model.
    ci_prob : float, in (0, 1)
        Probability between the bounds.

    Returns
    -------
    DataFrame
        One row a quantity: ``quantity, meaning, estimate, lower, upper, prior_median, prior_lower, prior_upper``, in
        the summary's period and currency; bounds are NaN where there is a single draw, priors where there were none.

    See Also
    --------
    fit : Fit a model to a summary.
    residual_lifetime : Say how many renewals are still to come, and what they are worth in prices of one period.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> table = clv.quantity_table(clv.fit("bgnbd", rfm, method="map"))
    >>> table[["quantity", "estimate", "lower", "upper", "prior_lower", "prior_upper"]].round(2)
             quantity  estimate  lower  upper  prior_lower  prior_upper
    0       mean_rate      0.05   0.05   0.06         0.00         0.58
    1     rate_spread      2.03   1.93   2.13         0.23         4.35
    2    mean_dropout      0.25   0.21   0.29         0.02         0.89
    3  dropout_spread      0.24   0.15   0.35         0.01         0.94
    """
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability between the bounds", open_low=True, open_high=True)
    model = estimate.model
    tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
    points, draws = _quantities(model, estimate.params), quantity_draws(estimate)
    before = estimate.priors.table(ci_prob=ci_prob).set_index("quantity") if estimate.priors else None
    rows = []
    for quantity in model.quantities:
        name = quantity.name
        bounds = np.quantile(draws[name], tails) if estimate.n_draws > 1 else (np.nan, np.nan)
        prior = (np.nan,) * 3 if before is None else tuple(before.loc[name, ["median", "lower", "upper"]])
        rows.append((name, quantity.meaning, float(points[name]), *bounds, *prior))
    told = ["estimate", "lower", "upper", "prior_median", "prior_lower", "prior_upper"]
    return pd.DataFrame(rows, columns=["quantity", "meaning", *told])


def density_table(estimate: Estimate) -> pd.DataFrame:
    """Return the density of each quantity before and after the data, as curves.

    Parameters
    ----------
    estimate : Estimate
        Of any model; without priors the column ``prior`` is NaN, with few draws ``posterior``.

    Returns
    -------
    DataFrame
        ``quantity, value, prior, posterior``: values on the natural scale, densities per unit of the logarithm, or of
        the log-odds of a share.
    """
    from scipy.stats import gaussian_kde  # noqa: PLC0415 - takes a third of a second to load

    model = estimate.model
    draws = model.coordinates(NUMPY, estimate.draws)
    parts = []
    for quantity in model.quantities:
        drawn = np.broadcast_to(np.asarray(draws[quantity.name]), estimate.n_draws)
        spreads = estimate.n_draws >= _FEWEST and np.ptp(drawn) > 0
        grid = np.linspace(drawn.min() - drawn.std(), drawn.max() + drawn.std(), _POINTS)
        prior = np.full(_POINTS, np.nan)
        if estimate.priors is not None:
            centre, sd = estimate.priors.coordinate(quantity.name)
            grid = np.unique(np.concatenate([grid, np.linspace(centre - _WIDTH * sd, centre + _WIDTH * sd, _POINTS)]))
            prior = np.exp(-0.5 * np.square((grid - centre) / sd)) / (sd * np.sqrt(2 * np.pi))
        after = gaussian_kde(drawn)(grid) if spreads else np.full(len(grid), np.nan)
        columns = {"value": _natural(quantity, grid), "prior": prior, "posterior": after}
        parts.append(pd.DataFrame({"quantity": quantity.name, **columns}))
    return pd.concat(parts, ignore_index=True)


def _quantities(model: AbstractModel, params: Mapping[str, Any]) -> dict[str, FloatArray]:
    found = model.coordinates(NUMPY, params)
    return {quantity.name: _natural(quantity, found[quantity.name]) for quantity in model.quantities}


def _natural(quantity: Quantity, coordinate: Any) -> FloatArray:
    """Return values of a quantity from their logarithms or log-odds."""
    values: FloatArray = expit(coordinate) if quantity.share else np.exp(coordinate)
    return values
