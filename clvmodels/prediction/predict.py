"""From an estimate to each customer's purchases ahead."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_between
from clvmodels.models import purchase_model
from clvmodels.prediction.futures import Futures, in_any_phase
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.prediction.totals import expectation_bounds, total_of
from clvmodels.records import Estimate, Note, Prediction, Summary


def predict(
    estimate: Estimate, summary: Summary | None, *, horizon: float | str | timedelta, ci_prob: float = 0.9
) -> Prediction:
    """Forecast each customer's purchases.

    Parameters
    ----------
    estimate : Estimate
        Of a model of buying.
    summary : Summary or None
        The customers, with time in the estimate's period; None speaks of a customer not seen yet.
    horizon : float, str or timedelta
        How far ahead: a number of periods, a text with its unit ("12 months"), or ``inf`` for a whole life.
    ci_prob : float, in (0, 1)
        Probability inside each interval, with equal tails.

    Returns
    -------
    Prediction
        One row a customer. ``expected_purchases_lower/upper`` bound the expectation (parameter uncertainty),
        ``purchases_lower/upper`` the purchases themselves (parameters and chance).

    Raises
    ------
    ArgumentError
        For a horizon that isn't above 0, a spend model, or a summary in another period.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> clv.predict(given, None, horizon="1 year").to_frame()[["p_active", "purchases_upper"]].round(3)
       p_active  purchases_upper
    0     0.461              7.0
    """
    purchase_model(estimate.model.name)
    assert estimate.period is not None  # every estimate of a model of buying has one
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    periods = estimate.period.horizon(horizon)
    futures = Futures.of(estimate, summary)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    every = slice(0, len(futures.histories))
    alive = futures.alive_in_phases(point, every)[:, 0]
    ahead = futures.evaluate(lambda model, params: model.expectation(params, periods), point)[0]
    active = futures.evaluate(lambda model, params: model.pmf(params, periods, 1)[1], point)[0]
    p_alive = in_any_phase(alive)
    columns = {
        "p_alive": p_alive,
        "p_active": futures.weigh(alive, active, every),
        "expected_purchases": futures.weigh(alive, ahead, every),
    }
    counts = futures.histories.counts
    bounds, draws = expectation_bounds(futures, estimate, periods, ci_prob, counts[:, None])
    columns |= bounds
    columns |= {"purchases_lower": np.empty_like(p_alive), "purchases_upper": np.empty_like(p_alive)}
    variance = np.empty_like(p_alive)
    for part in purchase_pmfs(futures, estimate, periods):
        columns["purchases_lower"][part.rows] = part.quantile((1 - ci_prob) / 2)
        columns["purchases_upper"][part.rows] = part.quantile((1 + ci_prob) / 2)
        variance[part.rows] = part.moments()[1]
    total = total_of(
        "purchases", float(counts @ columns["expected_purchases"]), draws[:, 0], float(counts @ variance), ci_prob
    )
    customers = futures.histories.index
    return Prediction(
        estimate,
        summary,
        periods,
        ci_prob,
        {name: values[customers] for name, values in columns.items()},
        variance[customers],
        total,
        _notes(estimate, summary, periods, columns["expected_purchases"]),
    )


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
