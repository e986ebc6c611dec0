"""Any quantile and any probability of each customer's outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between
from clvmodels.records import AnyForecast
from clvmodels.valuation.money import distribution_of


def quantiles(forecast: AnyForecast, *, probabilities: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> pd.DataFrame:
    """Return quantiles of each customer's outcome, parameters and chance together.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of a prediction come purchases, of a valuation value, after margin and cost.
    probabilities : sequence of float, each in (0, 1)
        Which quantiles.

    Returns
    -------
    DataFrame
        One row a customer in the order of the summary: ``customer_id``, where there are customers, and a column for
        each probability, named as in ``"5%"``: the smallest outcome that isn't exceeded with that probability.

    Raises
    ------
    ArgumentError
        When a probability is out of range, or there is none.

    See Also
    --------
    p_above : Return the probability that more comes from each customer than an amount.
    totals : Return the totals of groups of customers, with honest intervals.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> newcomer = clv.predict(given, None, horizon="1 year")
    >>> clv.quantiles(newcomer, probabilities=[0.5, 0.9]).to_dict("list")
    {'50%': [0.0], '90%': [4.0]}
    """
    asked = [float(p) for p in probabilities]
    if not asked:
        raise ArgumentError("probabilities is empty; give at least one, such as [0.05, 0.5, 0.95].")
    for p in asked:
        check_between("probabilities", p, 0, 1, "each is a probability inside 0 and 1", open_low=True, open_high=True)
    found = distribution_of(forecast).quantiles(asked)
    columns = {f"{100 * p:.10g}%": values for p, values in zip(asked, found, strict=True)}
    summary = forecast.summary
    return pd.DataFrame(columns if summary is None else {"customer_id": summary.customer_id, **columns})


def p_above(forecast: AnyForecast, amount: float | FloatArray) -> FloatArray:
    """Return the probability that more comes from each customer than an amount.

    Parameters
    ----------
    forecast : Prediction or Valuation
        Of a prediction come purchases, of a valuation value, after margin and cost.
    amount : float or array, shape (customer,)
        The same for all, or one for each customer in the order of the summary.

    Returns
    -------
    array, shape (customer,)
        In [0, 1], parameters and chance together.

    Raises
    ------
    InputError
        When amounts are neither one number nor one for each customer, or one is NaN.

    See Also
    --------
    quantiles : Return quantiles of each customer's outcome, parameters and chance together.
    p_top : Return the probability that a customer's outcome is in the top share of all outcomes.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> clv.p_above(clv.predict(given, None, horizon="1 year"), 0).round(3)
    array([0.461])
    """
    wanted = np.asarray(amount, dtype=np.float64)
    if wanted.shape not in {(), (len(forecast),)} or np.isnan(wanted).any():
        raise InputError(
            f"amount has shape {wanted.shape}{' and holds NaN' if np.isnan(wanted).any() else ''}; give one number, or "
            f"one for each of the {len(forecast):,} customers, to compare with the outcome."
        )
    return distribution_of(forecast).sf(wanted)
