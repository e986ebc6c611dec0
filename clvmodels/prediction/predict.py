"""From an estimate to each customer's purchases ahead."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_between
from clvmodels.models import purchase_model
from clvmodels.prediction.futures import Futures, ParamDraws, blocks
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.records import Estimate, Note, Prediction, Summary, Total

_ROWS = 5_000  # x 1,000 draws x 8 bytes = 40 MB, and a few such arrays at a time


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
    0     0.465              7.0
    """
    purchase_model(estimate.model.name)
    assert estimate.period is not None  # every estimate of a model of buying has one
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    periods = estimate.period.horizon(horizon)
    futures = Futures.of(estimate, summary)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    every = slice(0, len(futures.histories))
    p_alive = futures.p_alive(point, every)[0]
    ahead = futures.evaluate(lambda model, params: model.expectation(params, periods), point)[0]
    columns = {
        "p_alive": p_alive,
        "p_active": np.empty_like(p_alive),
        "expected_purchases": p_alive * ahead[futures.rows.index],
    }
    bounds, totals = _expectation_bounds(futures, estimate.draws, periods, ci_prob)
    columns |= bounds
    columns |= {"purchases_lower": np.empty_like(p_alive), "purchases_upper": np.empty_like(p_alive)}
    variance = np.empty_like(p_alive)
    for part in purchase_pmfs(futures, estimate, periods):
        columns["p_active"][part.rows] = 1 - part.pmf[:, 0]
        columns["purchases_lower"][part.rows] = part.quantile((1 - ci_prob) / 2)
        columns["purchases_upper"][part.rows] = part.quantile((1 + ci_prob) / 2)
        variance[part.rows] = part.moments()[1]
    counts = futures.histories.counts
    total = total_of(
        "purchases", float(counts @ columns["expected_purchases"]), totals, float(counts @ variance), ci_prob
    )
    customers = futures.histories.index
    return Prediction(
        estimate,
        summary,
        periods,
        ci_prob,
        {name: values[customers] for name, values in columns.items()},
        total,
        _notes(estimate, summary, periods, columns["expected_purchases"]),
    )


def _expectation_bounds(
    futures: Futures, draws: ParamDraws, periods: float, ci_prob: float
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the interval of the expectation for each distinct history, and the base's expectation for each draw."""
    ahead = futures.evaluate(lambda model, params: model.expectation(params, periods), draws)
    tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
    n_rows = len(futures.histories)
    lower, upper = np.empty(n_rows), np.empty(n_rows)
    totals = np.zeros(len(ahead))
    for rows in blocks(n_rows, _ROWS):
        expected = futures.p_alive(draws, rows) * ahead[:, futures.rows.index[rows]]
        totals += expected @ futures.histories.counts[rows]
        lower[rows], upper[rows] = np.quantile(expected, tails, axis=0, method="inverted_cdf")
    return {"expected_purchases_lower": lower, "expected_purchases_upper": upper}, totals


def total_of(what: str, expected: float, draws: FloatArray, variance: float, ci_prob: float) -> Total:
    """Return a total whose interval holds parameter uncertainty (its draws) and chance (a variance).

    The sum of many customers is normal around each draw; quantiles of this mixture of normals are found exactly.
    """
    if not (np.isfinite(expected) and np.isfinite(variance) and np.all(np.isfinite(draws))):
        return Total(what, expected, float("nan"), float("nan"), ci_prob, ("parameters", "chance"))
    spread = max(np.sqrt(variance), 1e-9 * max(abs(expected), 1.0))
    low, high = float(draws.min() - 12 * spread), float(draws.max() + 12 * spread)

    def quantile(probability: float) -> float:
        return float(brentq(lambda s: float(ndtr((s - draws) / spread).mean()) - probability, low, high))

    contains = ("parameters", "chance") if len(draws) > 1 else ("chance",)
    return Total(
        what,
        expected,
        max(quantile((1 - ci_prob) / 2), 0.0) if what == "purchases" else quantile((1 - ci_prob) / 2),
        quantile((1 + ci_prob) / 2),
        ci_prob,
        contains,
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
