"""Whether predictive distributions mean what they say: the probability integral transform."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import InputError
from clvmodels.evaluation.outcomes import outcomes_of
from clvmodels.records import AnyForecast


def pit(forecast: AnyForecast, actual: FloatArray, *, seed: int = 1) -> FloatArray:
    """Return the randomised probability integral transform of the actual values.

    Where a forecast is right, these numbers are uniform on (0, 1), whatever it forecasts. A probability mass at the
    outcome (a count, or no spend at all) is spread evenly over its interval by chance.

    Parameters
    ----------
    forecast : Prediction or Valuation
        For a prediction the outcome is purchases within its horizon; for a valuation it is revenue within its
        horizon, discounted as the valuation is, before margin and cost.
    actual : array, shape (customer,)
        Actual values, in the order of the summary.
    seed : int
        Of the spreading.

    Returns
    -------
    array, shape (customer,)
        In [0, 1].

    Raises
    ------
    InputError
        When there isn't one number a customer.

    See Also
    --------
    coverage_table : Return how many customers lie in their predictive intervals, and how many the forecast itself
        expects to.
    compare : Let models and business rules forecast the same holdout.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    >>> u = clv.pit(ahead, rfm.holdout.frequency)
    >>> bool(0.45 < u.mean() < 0.55)
    True
    """
    customers = len(forecast)
    outcome = np.asarray(actual, dtype=np.float64)
    if outcome.shape != (customers,):
        raise InputError(
            f"actual has shape {outcome.shape} and the forecast speaks of {customers} customers; give one "
            f"number for each, "
            f"in the order of the summary."
        )
    below, at = np.empty(customers), np.empty(customers)
    for who, case, law, came in outcomes_of(forecast, outcome):
        mass = law.exactly(came)
        at[who], below[who] = mass[case], (law.cdf(came) - mass)[case]
    return below + np.random.default_rng(seed).random(customers) * at
