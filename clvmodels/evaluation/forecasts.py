"""What each model and each business rule says of the holdout, brought into one form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.evaluation.outcomes import outcomes_of
from clvmodels.evaluation.scores import interval_score, log_score_of
from clvmodels.heuristics import forecast as carry_forward
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.prediction import predict
from clvmodels.records import AnyForecast, Estimate, Summary, Target, Total
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
    crps, log_score, interval_score, inside : array, shape (customer,), or None
        Scores of the predictive distribution and of its interval, and whether the actual value lies in it.
    meant, below, at : array, shape (customer,), or None
        Probabilities, by the forecast itself, of its interval, of less than the actual value, and of exactly that.
    p_active : array, shape (customer,), or None
        Probability of at least one purchase; None for money.
    total : Total or None
        The base.
    """

    name: str
    kind: Kind
    point: FloatArray | None
    ranking: FloatArray
    crps: FloatArray | None = None
    log_score: FloatArray | None = None
    interval_score: FloatArray | None = None
    inside: FloatArray | None = None
    meant: FloatArray | None = None
    below: FloatArray | None = None
    at: FloatArray | None = None
    p_active: FloatArray | None = None
    total: Total | None = None

    def taken(self, rows: IntArray, total: Total | None) -> Forecast:
        """Return the forecast of some customers, given their total."""
        columns = {name: getattr(self, name) for name in _PER_CUSTOMER}
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


def _totals(forecast: AnyForecast, codes: IntArray) -> list[Total]:
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


def _forecast(name: str, forecast: AnyForecast, actual: FloatArray) -> Forecast:
    """Score a forecast of purchases or of revenue, customer by customer."""
    what = "purchases" if forecast.valuation is None else "clv"
    lower, upper = forecast[f"{what}_lower"], forecast[f"{what}_upper"]
    found = {score: np.empty(len(actual)) for score in ("crps", "log_score", "meant", "below", "at")}
    for who, case, law, came in outcomes_of(forecast, actual):
        ends = np.empty((2, len(came)))  # customers with one distribution have one interval
        ends[:, case] = lower[who], upper[who]
        mass = law.exactly(came)
        scores = {
            "crps": law.crps(came),
            "log_score": log_score_of(law.prob(came)),
            "meant": law.cdf(ends[1]) - law.cdf(ends[0]) + law.exactly(ends[0]),
            "below": law.cdf(came) - mass,
            "at": mass,
        }
        for score, values in scores.items():
            found[score][who] = values[case]
    point = forecast.expected
    return Forecast(
        name,
        "model",
        point,
        point,
        crps=found["crps"],
        log_score=found["log_score"],
        interval_score=interval_score(lower, upper, np.maximum(actual, 0.0), forecast.prediction.ci_prob),
        inside=((lower <= actual) & (actual <= upper)).astype(float),
        meant=found["meant"],
        below=found["below"],
        at=found["at"],
        p_active=forecast["p_active"] if forecast.valuation is None else None,
    )


_PER_CUSTOMER = (
    "point",
    "ranking",
    "crps",
    "log_score",
    "interval_score",
    "inside",
    "meant",
    "below",
    "at",
    "p_active",
)
