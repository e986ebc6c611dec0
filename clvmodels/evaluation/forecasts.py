"""What each model and each business rule says of the holdout, brought into one form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.evaluation.outcomes import outcomes_of
from clvmodels.evaluation.scores import log_score_of
from clvmodels.heuristics import forecast as carry_forward
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.prediction import predict
from clvmodels.records import Estimate, Prediction, Summary, Target, Total, Valuation
from clvmodels.valuation import value
from clvmodels.valuation.totals import totals_of

type Kind = Literal["model", "heuristic", "baseline"]

_BASELINES = ("all_zero", "run_rate", "past_spend")


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

    def taken(self, rows: IntArray, total: Total) -> Forecast:
        """Return the forecast of some customers, given their total."""
        columns = {name: getattr(self, name) for name in ("point", "ranking", "crps", "log_score", "inside")}
        some: dict[str, Any] = {name: None if values is None else values[rows] for name, values in columns.items()}
        return replace(self, **some, total=total)


def of_model(
    estimate: Estimate, spend: Estimate | None, summary: Summary, codes: IntArray, ci_prob: float
) -> list[dict[Target, Forecast]]:
    """Forecast the holdout of a summary by a model, in purchases and, with a spend model, in money.

    All customers are forecast at once; there is one entry for each group of them, ``codes`` being the customers' groups
    from 0 on, none of them empty.
    """
    assert summary.holdout is not None  # compare has looked
    prediction = predict(estimate, summary, horizon=summary.holdout.duration, ci_prob=ci_prob)
    name = estimate.model.name
    found: dict[Target, Forecast] = {"purchases": _forecast(name, prediction, summary.holdout.frequency)}
    totals = {"purchases": _totals(prediction, codes)}
    if spend is not None and summary.holdout.spend is not None:
        valuation = value(prediction, spend)
        found["spend"] = _forecast(name, valuation, summary.holdout.spend)
        totals["spend"] = _totals(valuation, codes)
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return [
        {target: forecast.taken(rows, totals[target][i]) for target, forecast in found.items()}
        for i, rows in enumerate(groups)
    ]


def _totals(forecast: Prediction | Valuation, codes: IntArray) -> list[Total]:
    """Return the total of each group; that of all customers is known already."""
    return totals_of(forecast, codes) if codes.any() else [forecast.total]


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


def _forecast(name: str, forecast: Prediction | Valuation, actual: FloatArray) -> Forecast:
    """Score a forecast of purchases or of revenue, customer by customer."""
    crps, log_score = np.empty(len(actual)), np.empty(len(actual))
    for who, case, law, came in outcomes_of(forecast, actual):
        crps[who], log_score[who] = law.crps(came)[case], log_score_of(law.prob(came))[case]
    what, expected = ("purchases", "expected_purchases") if isinstance(forecast, Prediction) else ("clv", "clv")
    inside = (forecast[f"{what}_lower"] <= actual) & (actual <= forecast[f"{what}_upper"])
    point = forecast[expected]
    return Forecast(name, "model", point, point, crps, log_score, inside.astype(float))
