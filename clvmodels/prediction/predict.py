"""From an estimate to each customer's purchases ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import ArrayLike

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar.model import as_purchase_model
from clvmodels.prediction.counts import Counts
from clvmodels.prediction.grid_sums import FEW, few_sum
from clvmodels.prediction.totals import expectation_bounds, total_of
from clvmodels.records import Estimate, Note, Prediction, Shock, Sum, Summary, check_estimate
from clvmodels.records.log_check import about_the_log

_BEYOND = 1.5  # times as far as the forecasts that a shock was learned from: its size is then a guess


def predict(
    estimate: Estimate,
    summary: Summary | None,
    *,
    horizon: float | str | timedelta,
    ci_prob: float = 0.9,
    shock: Shock | float | None = None,
    covariates: Mapping[str, ArrayLike] | None = None,
) -> Prediction:
    """Forecast each customer's purchases.

    Parameters
    ----------
    estimate : Estimate
        Of a model of buying.
    summary : Summary or None
        The customers, with time in the estimate's period; None speaks of a customer not seen yet, or of several whose
        ``covariates`` are given.
    horizon : float, str or timedelta
        How far ahead: a number of periods, a text with its unit ("12 months"), or ``inf`` for a whole life.
    ci_prob : float, in (0, 1)
        Probability inside each interval, with equal tails.
    shock : Shock or float >= 0, optional
        What moves all customers together, from ``common_shock`` or as a standard deviation on the log scale (0.1 is
        about 10%). It widens the intervals of totals, of a valuation too, and not those of a single customer, beside
        whose own chance it is small. Left out, totals hold parameters and chance only.
    covariates : mapping of str to array, shape (customer,), optional
        What is known of customers not seen yet, by column of the covariates of buying and of spend; a data frame will
        do. Left out, a new customer is the average one: at the mean of numeric columns, the reference of others, in a
        group not seen.

    Returns
    -------
    Prediction
        One row a customer. ``expected_purchases_lower/upper`` bound the expectation (parameter uncertainty),
        ``purchases_lower/upper`` the purchases themselves (parameters and chance).

    Raises
    ------
    ArgumentError
        For a horizon that isn't above 0, a negative shock, a spend model, or a summary in another period.

    See Also
    --------
    value : Value each customer's purchases ahead.
    totals : Return the totals of groups of customers, with honest intervals.
    quantiles : Return quantiles of what comes from each customer, parameters and chance together.
    fit : Fit a model to a summary.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> clv.predict(given, None, horizon="1 year").to_frame()[["p_active", "purchases_upper"]].round(3)
       p_active  purchases_upper
    0     0.461              7.0
    """
    as_purchase_model(check_estimate(estimate).model)
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    periods = estimate.time_unit.horizon(horizon)
    shock = None if shock is None else Shock.of(shock)
    newcomers = _newcomers(summary, covariates)
    purchases = Counts.of(estimate, summary, newcomers, periods)
    futures = purchases.futures
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    every = slice(0, len(futures.histories))
    alive = futures.alive_in_phases(point, every)[:, 0]
    ahead = futures.evaluate(lambda model, params: model.expectation(params, periods), point)[0]
    active = futures.evaluate(lambda model, params: model.at_least(params, periods, 1.0), point)[0]
    p_alive = futures.p_alive(point, every)[0]
    columns = {
        "p_active": futures.weigh(alive, active, every),
        "p_alive": p_alive,
        "expected_purchases": futures.weigh(alive, ahead, every),
    }
    counts = futures.histories.counts
    bounds, draws, doubt = expectation_bounds(futures, estimate, periods, ci_prob)
    columns |= bounds
    columns |= {"purchases_lower": np.empty_like(p_alive), "purchases_upper": np.empty_like(p_alive)}
    variance = np.empty_like(p_alive)
    parts = []
    for rows, part in purchases.parts():
        columns["purchases_lower"][rows] = part.quantile((1 - ci_prob) / 2)
        columns["purchases_upper"][rows] = part.quantile((1 + ci_prob) / 2)
        variance[rows] = part.moments()[1]
        if counts.sum() <= FEW:
            parts.append((rows, part))
    expected = float(counts @ columns["expected_purchases"])
    summed = Sum(expected, draws, float(counts @ (variance - doubt)))
    law = None if shock is None else shock.purchases
    few = few_sum(parts, counts, expected, float(counts @ variance), whole=True)
    total = total_of("purchases", summed, ci_prob, law, few=few)
    customers = futures.histories.index
    return Prediction(
        estimate,
        summary,
        periods,
        ci_prob,
        {name: values[customers] for name, values in columns.items()},
        variance[customers],
        total,
        (
            *about_the_log((*(() if summary is None else summary.notes), *estimate.notes)),
            *_notes(estimate, summary, periods, columns["expected_purchases"]),
            *_shock_notes(shock, periods),
        ),
        shock,
        newcomers,
        summed,
        purchases,
    )


def _newcomers(summary: Summary | None, covariates: Mapping[str, ArrayLike] | None) -> dict[str, AnyArray] | None:
    if covariates is None:
        return None
    if summary is not None:
        raise ArgumentError(
            "covariates= speaks of customers not seen yet, and a summary was given, whose columns say what is known of "
            "its customers; leave one of them out."
        )
    return {str(name): np.atleast_1d(np.asarray(covariates[name])) for name in covariates}


def _notes(estimate: Estimate, summary: Summary | None, periods: float, expected: FloatArray) -> tuple[Note, ...]:
    notes = []
    if not np.all(np.isfinite(expected)):
        notes.append(
            Note(
                "infinite_expectation",
                "Over an unlimited horizon the expected number of purchases is infinite under "
                "these parameters (a few customers would never leave); give a finite horizon, or a discount rate "
                "when valuing.",
                "warning",
            )
        )
    observed = 0.0 if summary is None or len(summary) == 0 else float(summary.T.max())
    if summary is not None and periods > observed:
        unit = estimate.period.name if estimate.period else "period"
        notes.append(
            Note(
                "horizon_beyond_data",
                f"The horizon of {periods:g} {unit}s is longer than the {observed:g} {unit}s that "
                f"any customer has been observed; what happens beyond rests on the model alone.",
                "warning",
            )
        )
    return tuple(notes)


def _shock_notes(shock: Shock | None, periods: float) -> tuple[Note, ...]:
    if shock is None:
        return ()
    notes = list(shock.notes)
    if np.isfinite(periods) and periods > _BEYOND * shock.horizon:
        notes.append(
            Note(
                "shock_of_a_shorter_horizon",
                f"The common shock was learned from forecasts {shock.horizon:.3g} periods ahead and is used "
                f"{periods:g} ahead; what a wrong model adds with time isn't in it, so the interval of the total is "
                f"rather too narrow.",
                "warning",
            )
        )
    return tuple(notes)
