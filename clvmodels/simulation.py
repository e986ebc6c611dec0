"""Customer bases that follow a model exactly: for tests, for teaching, for planning a study."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from operator import index
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, check_between, check_kind
from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import AbstractModel, default_spend_model, purchase_model
from clvmodels.records import Covariates, Estimate, Period

_LONGEST = 100_000.0  # years; dates to the microsecond reach 290,000

type Columns = Mapping[str, AnyArray]


def simulate(  # noqa: PLR0913 - the arguments are the experiment
    model: str | Estimate,
    params: Mapping[str, float] | None,
    *,
    n_customers: int,
    T: float | FloatArray,
    period: str | timedelta | None = None,
    covariates: Columns | pd.DataFrame | None = None,
    spend_params: Mapping[str, float] | Estimate | None = None,
    start: str = "2020-01-01",
    seed: int = 1,
) -> pd.DataFrame:
    """Make a transaction log of customers who follow a model of buying, and one of spend if asked.

    Parameters
    ----------
    model : str or Estimate
        Name of a model of buying, or a fitted one.
    params : mapping of str to float, or None
        Parameters in ``period``, and coefficients of covariates under the names that a fit gives them:
        ``"buying[age]"`` for a numeric column, by the distance from its mean, and ``"buying[channel=web]"`` for a level
        of another; levels without a coefficient have no effect. An estimate brings its own (None); others given beside
        it, such as a draw from its posterior, take their place.
    n_customers : int >= 1
        How many customers.
    T : float or array of shape (customer,), >= 0
        How long each is followed after the first purchase, in periods.
    period : str or timedelta
        The unit of time: a week where nothing is said, or the estimate's, which can't be changed.
    covariates : mapping of str to array of shape (customer,), or DataFrame
        What is known of each customer, such as ``summary.groups``; the log carries it in each row.
    spend_params : mapping of str to float, or Estimate
        Parameters and coefficients of the usual spend model, Gamma-Gamma, or a fitted model of spend; with them the log
        has an ``amount``. Where the fit counts first purchases, theirs differ by its scale.
    start : str
        The day of the earliest first purchase. Customers who are followed for less come in later, so that all are
        followed to the same last moment.
    seed : int
        Of the random numbers.

    Returns
    -------
    DataFrame
        ``customer_id, date`` (to the microsecond), ``amount`` where asked, and the covariates, by customer and time;
        the first purchase is a row too. Purchases of one day are as many rows: whoever counts days loses them as in a
        real log.

    Raises
    ------
    ArgumentError
        For a parameter or coefficient that is missing or speaks of nothing, or lengths that differ.
    InputError
        When an estimate's covariates are missing or can't be used.

    See Also
    --------
    fit : Fit a model to a summary.
    prior_predictive : Show what bases priors believe in, beside what a summary shows.

    Examples
    --------
    >>> import clvmodels as clv
    >>> params = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
    >>> log = clv.simulate("bgnbd", params, n_customers=1_000, T=39.0, seed=7)
    >>> log.customer_id.nunique()
    1000

    Customers of the web who buy 35% more often (e^0.3), to see how many it takes to notice:

    >>> channel = np.repeat(["shop", "web"], 500)
    >>> log = clv.simulate(
    ...     "bgnbd", params | {"buying[channel=web]": 0.3}, n_customers=1_000, T=39.0, covariates={"channel": channel}
    ... )
    >>> log.columns.tolist()
    ['customer_id', 'date', 'channel']
    """
    unit, values, known = _told(model, params, period)
    facts = purchase_model(model.model.name if isinstance(model, Estimate) else model)
    n_customers = _count(n_customers)
    columns = _columns(covariates, n_customers)
    own = _individual(facts, values, known, columns)
    spending, its = _spending(spend_params, columns)
    first_day, followed = _first_day(start), _followed(T, n_customers, unit)
    rng = np.random.default_rng(seed)
    customer, time = facts.simulate(own, followed, rng)
    customer = np.concatenate([np.arange(n_customers), customer])
    time = np.concatenate([np.zeros(n_customers), time]) + (followed.max() - followed)[customer]
    microseconds = np.round(time * unit.days * 86_400e6).astype("timedelta64[us]")
    table: dict[str, AnyArray] = {"customer_id": customer, "date": first_day + microseconds}
    if spend_params is not None:
        table["amount"] = spending.simulate_spend(its, customer, n_customers, rng)
        if isinstance(spend_params, Estimate) and spend_params.first_purchase is not None:
            table["amount"][:n_customers] *= spend_params.first_purchase.scale
    table |= {name: column[customer] for name, column in columns.items()}
    order = np.lexsort((time, customer))
    return pd.DataFrame({name: column[order] for name, column in table.items()})


def _told(
    model: str | Estimate, params: Mapping[str, float] | None, period: str | timedelta | None
) -> tuple[Period, Mapping[str, float], Covariates | None]:
    """Return the unit of time, all parameters, and the covariates where they are known."""
    if isinstance(model, Estimate):
        unit = model.time_unit
        if period is not None and Period.of(period) != unit:
            raise ArgumentError(
                f"period is {period!r}, and the estimate counts time in {unit.name}s; leave period out."
            )
        return unit, {**model.params, **(params or {})}, model.covariates
    if params is not None:
        check_kind("params", params, Mapping, "give a dict of numbers by name")
    if params is None:
        raise ArgumentError(
            "params is None, and a name brings no parameters; give them, or an estimate in place of the name."
        )
    return Period.of("week" if period is None else period), params, None


def _spending(spend_params: Mapping[str, float] | Estimate | None, columns: Columns) -> tuple[Any, dict[str, Any]]:
    """Return the model of spend and each customer's parameters."""
    if isinstance(spend_params, Estimate):
        fitted = spend_params.spend_model
        return fitted, _individual(fitted, spend_params.params, spend_params.covariates, columns)
    usual = default_spend_model()
    return usual, {} if spend_params is None else _individual(usual, spend_params, None, columns)


def _individual(
    model: AbstractModel, params: Mapping[str, float], known: Covariates | None, columns: Columns
) -> dict[str, Any]:
    """Return the parameters of each customer."""
    own = model.check_params({name: value for name, value in params.items() if "[" not in name})
    sized = {name: value for name, value in params.items() if "[" in name and not name.endswith("] sd")}
    covariates = Covariates.named(sized, columns) if known is None else known
    for term in covariates.terms:
        if term.side not in model.sides:
            raise ArgumentError(
                f"{model.title} has no {term.side} that {term.column!r} could act on (it has: "
                f"{', '.join(model.sides)}); leave {term.names[0]!r} out, or take another model."
            )
    if not covariates.terms:
        return own
    pattern, patterns = covariates.patterns(columns)
    return model.individual(NUMPY, own, patterns.effects(dict.fromkeys(covariates.names, 0.0) | sized, pattern))


def _columns(covariates: Columns | pd.DataFrame | None, n_customers: int) -> dict[str, AnyArray]:
    """Return what is known of each customer."""
    given: Mapping[Any, Any] = {} if covariates is None else dict(covariates.items())
    columns = {str(name): np.asarray(values) for name, values in given.items()}
    for name, values in columns.items():
        if values.shape != (n_customers,):
            raise ArgumentError(
                f"The covariate {name!r} has shape {values.shape}, and there are {n_customers:,} customers; give one "
                f"value each."
            )
        if name in _OWN_COLUMNS:
            raise ArgumentError(f"A covariate can't be called {name!r}, as a column of the log is; rename it.")
    return columns


_OWN_COLUMNS = ("customer_id", "date", "amount")


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
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(
            f"T is {T!r}; give one number of {period.name}s, or as many as there are customers ({n_customers:,})."
        ) from None
    check_between("the smallest T", float(followed.min()), 0, float("inf"), "nobody is followed backwards")
    years = float(followed.max()) / period.per_year
    check_between("the longest T (in years)", years, 0, _LONGEST, "dates end somewhere")
    return followed
