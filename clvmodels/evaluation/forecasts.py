"""What each model and each business rule says of the holdout, brought into one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.evaluation.outcomes import at_counts, purchases_of, spend_of
from clvmodels.evaluation.scores import crps_of_counts, log_score_of
from clvmodels.heuristics import forecast as carry_forward
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.prediction import predict
from clvmodels.records import Estimate, Prediction, Summary, Target, Total, Valuation
from clvmodels.valuation import value
from clvmodels.valuation.compound import Compound

type Kind = Literal["model", "heuristic", "baseline"]

_BASELINES = ("all_zero", "run_rate", "past_spend")
_HALF = 12  # Gauss-Legendre points on either side of the outcome: the CRPS of spend errs by less than 1e-3 of itself
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(_HALF)


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast of purchases or of spend, customer by customer, with its scores where it is a distribution.

    Attributes
    ----------
    name : str
        The model's or rule's registered name.
    kind : "model", "heuristic" or "baseline"
        Baselines are rules without a parameter that any forecast must beat.
    point : array, shape (customer,), or None
        What is expected; None for a rule that only ranks.
    ranking : array, shape (customer,)
        Best customers highest.
    crps, log_score, inside : array, shape (customer,), or None
        Scores of the predictive distribution, and whether what came lies in its interval.
    total : Total or None
        The base.
    """

    name: str
    kind: Kind
    point: FloatArray | None
    ranking: FloatArray
    crps: FloatArray | None = None
    log_score: FloatArray | None = None
    inside: FloatArray | None = None
    total: Total | None = None


def of_model(estimate: Estimate, spend: Estimate | None, summary: Summary, ci_prob: float) -> dict[Target, Forecast]:
    """Forecast the holdout of a summary by a model, in purchases and, with a spend model, in money."""
    assert summary.holdout is not None  # compare has looked
    prediction = predict(estimate, summary, horizon=summary.holdout.duration, ci_prob=ci_prob)
    found: dict[Target, Forecast] = {"purchases": _purchases(prediction, summary.holdout.frequency)}
    if spend is not None and summary.holdout.spend is not None:
        found["spend"] = _spend(value(prediction, spend), summary.holdout.spend)
    return found


def of_rule(name: str, summary: Summary, settings: HeuristicSettings) -> dict[Target, Forecast]:
    """Forecast the holdout of a summary by a business rule."""
    assert summary.holdout is not None  # compare has looked
    ahead = carry_forward(name, summary, horizon=summary.holdout.duration, settings=settings)
    kind: Kind = "baseline" if name in _BASELINES else "heuristic"
    found: dict[Target, Forecast] = {}
    for target, point in (("purchases", ahead.purchases), ("spend", ahead.spend)):
        ranking = ahead.score if point is None else point
        found["purchases" if target == "purchases" else "spend"] = Forecast(
            name, kind, point, ranking, crps=None, total=ahead.totals.get(target)
        )
    if summary.holdout.spend is None or (ahead.spend is None and ahead.purchases is not None):
        del found["spend"]
    return found


def _purchases(prediction: Prediction, actual: FloatArray) -> Forecast:
    crps, log_score = np.empty(len(actual)), np.empty(len(actual))
    for who, pmf in purchases_of(prediction, actual):
        crps[who] = crps_of_counts(pmf, actual[who])
        log_score[who] = log_score_of(at_counts(pmf, actual[who]))
    inside = (prediction["purchases_lower"] <= actual) & (actual <= prediction["purchases_upper"])
    point = prediction["expected_purchases"]
    return Forecast(
        prediction.estimate.model.name, "model", point, point, crps, log_score, inside.astype(float), prediction.total
    )


def _spend(valuation: Valuation, actual: FloatArray) -> Forecast:
    crps, log_score = np.empty(len(actual)), np.empty(len(actual))
    for who, case, compound, came in spend_of(valuation, np.maximum(actual, 0.0)):
        some = np.where(came > 0, came, 1.0)
        crps[who] = crps_of_sum(compound, came)[case]
        log_score[who] = log_score_of(np.where(came > 0, compound.density(some), compound.none))[case]
    inside = (valuation["clv_lower"] <= actual) & (actual <= valuation["clv_upper"])
    point = valuation["clv"]
    return Forecast(
        valuation.prediction.estimate.model.name,
        "model",
        point,
        point,
        crps,
        log_score,
        inside.astype(float),
        valuation.total(),
    )


def crps_of_sum(compound: Compound, actual: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of each row's sum, in money.

    The integral of (F - [s >= actual])^2 is taken on the share u = s / (s + scale), below and above what came apart;
    the scale is the middle of what comes if anything does.
    """
    scale = np.exp(compound.typical(np.array(0.0)))
    split = actual / (actual + scale)
    total = np.zeros(len(actual))
    some = np.flatnonzero(split > 0)  # below nothing lies nothing
    for rows, low, high, above in ((some, 0.0, split[some], 0.0), (np.arange(len(split)), split, 1.0, 1.0)):
        law, unit = compound.take(rows), scale[rows]
        for point, weight in zip(_POINTS, _WEIGHTS, strict=True):
            share = low + (high - low) * (point + 1) / 2
            miss = np.square(law.cdf(unit * share / (1 - share)) - above)
            total[rows] += weight * (high - low) / 2 * miss * unit / np.square(1 - share)
    return total
