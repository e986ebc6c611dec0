"""Customer bases that follow a model exactly: for tests, for teaching, for planning a study."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from operator import index

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.models import purchase_model, usual_spend_model
from clvmodels.records import Period

_LONGEST = 100_000.0  # years; dates to the microsecond reach 290,000


def simulate(  # noqa: PLR0913 - the arguments are the experiment
    model: str,
    params: Mapping[str, float],
    *,
    n_customers: int,
    T: float | FloatArray,
    period: str | timedelta = "week",
    spend_params: Mapping[str, float] | None = None,
    start: str = "2020-01-01",
    seed: int = 1,
) -> pd.DataFrame:
    """Make a transaction log of customers who follow a model of buying, and the usual one of spend if asked.

    Parameters
    ----------
    model : str
        Name of a model of buying.
    params : mapping of str to float
        Its parameters, in ``period``.
    n_customers : int >= 1
        How many customers.
    T : float or array of shape (customer,), >= 0
        How long each is followed after the first purchase, in periods.
    period : str or timedelta
        The unit of time.
    spend_params : mapping of str to float, optional
        Parameters of the usual spend model, Gamma-Gamma; with them the log has an ``amount``.
    start : str
        The day of the earliest first purchase. Customers who are followed for less come in later, so that all are
        followed to the same last moment.
    seed : int
        Of the random numbers.

    Returns
    -------
    DataFrame
        ``customer_id, date`` (to the microsecond) and ``amount`` where asked, by customer and time; the first
        purchase is a row too. Purchases of one day are as many rows: whoever counts days loses them as in a real log.

    Examples
    --------
    >>> import clvmodels as clv
    >>> params = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
    >>> log = clv.simulate("bgnbd", params, n_customers=1_000, T=39.0, seed=7)
    >>> log.customer_id.nunique()
    1000
    """
    facts = purchase_model(model)
    values = facts.check_params(params)
    unit, first_day = Period.of(period), _first_day(start)
    n_customers = _count(n_customers)
    followed = _followed(T, n_customers, unit)
    rng = np.random.default_rng(seed)
    customer, time = facts.simulate(values, followed, rng)
    customer = np.concatenate([np.arange(n_customers), customer])
    time = np.concatenate([np.zeros(n_customers), time]) + (followed.max() - followed)[customer]
    microseconds = np.round(time * unit.days * 86_400e6).astype("timedelta64[us]")
    table = {"customer_id": customer, "date": first_day + microseconds}
    if spend_params is not None:
        spend = usual_spend_model()
        table["amount"] = spend.simulate_spend(spend.check_params(spend_params), customer, n_customers, rng)
    order = np.lexsort((time, customer))
    return pd.DataFrame({name: column[order] for name, column in table.items()})


def _count(n_customers: int) -> int:
    try:
        count = index(n_customers)
    except TypeError:
        count = 0
    if count < 1:
        raise ArgumentError(
            f"n_customers is {n_customers!r}; a simulation needs a whole number of customers, at least 1."
        )
    return count


def _first_day(start: str) -> np.datetime64:
    try:
        return np.datetime64(start, "us")
    except ValueError:
        raise ArgumentError(f"start is {start!r}, which is no date; give one such as '2020-01-01'.") from None


def _followed(T: float | FloatArray, n_customers: int, period: Period) -> FloatArray:
    """Return how long each customer is followed, in periods."""
    try:
        followed = np.broadcast_to(np.asarray(T, dtype=np.float64), (n_customers,))
    except (TypeError, ValueError):
        raise ArgumentError(
            f"T is {T!r}; give one number of {period.name}s, or as many as there are customers ({n_customers:,})."
        ) from None
    check_between("the smallest T", float(followed.min()), 0, float("inf"), "nobody is followed backwards")
    years = float(followed.max()) / period.per_year
    check_between("the longest T (in years)", years, 0, _LONGEST, "dates end somewhere")
    return followed
