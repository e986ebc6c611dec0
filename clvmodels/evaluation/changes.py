"""An earlier study compared with the log that came after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError, check_between
from clvmodels.evaluation.decile_moves import decile_moves
from clvmodels.evaluation.matched_bases import Matched, check_later
from clvmodels.evaluation.parameter_change import parameter_changes, recentred
from clvmodels.prediction import predict
from clvmodels.records import AnyForecast, Drift, Note, Prediction, Summary, Total, Valuation
from clvmodels.valuation import value
from clvmodels.voice import muted


@muted()
def drift(before: AnyForecast, after: AnyForecast, *, n_movers: int = 20) -> Drift:
    """Compare an earlier forecast with a later state of the same base.

    Parameters
    ----------
    before, after : Valuation or Prediction
        The forecasts made at two ends of observation, both with the same horizon and, where there is money, the same
        business terms. Both may come from one estimate: customers then move by what they did alone.
    n_movers : int >= 1
        How many customers to list at most who gained most, and who lost most.

    Returns
    -------
    Drift
        - ``parameters``: equal-tailed intervals of probability ``ci_prob`` from the draws, and ``std_errors_apart``,
          the change in standard errors. Both bases share customers, so their errors aren't independent: the later one
          knows what the earlier one knew and more, and where nothing has changed, the variance of the change is the
          earlier variance less the later one (Hausman). Taken on logarithms, of coefficients as they are; NaN where an
          error isn't known, or the later one isn't clearly the smaller. Beyond 3, something has changed or the model
          doesn't hold.
        - ``forecast``: what the earlier estimates say of the time between, and the actual values. Purchases of a known
          customer are the growth of the frequency, spend that of ``total_spend``, so refunds that came late are taken
          off. A frequency that shrank (a correction) counts as no purchase. Customers who are no longer in the log are
          left out on both sides. Purchases of new customers include the first. Intervals hold what ``contains`` says,
          and the common shock where ``before`` was forecast with one.
        - ``deciles`` and ``movers``: by ``clv``, or expected purchases where there is no money. Equals are ranked in
          the order of their summary.

    Raises
    ------
    ArgumentError
        When periods, horizons or terms differ, one knows money and the other doesn't, the later base doesn't end later,
        or no day says when they end.
    InputError
        When customers can't be matched by their ids.

    See Also
    --------
    predict : Forecast each customer's purchases.
    value : Value each customer's purchases ahead.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> forecasts = []
    >>> for end in ("1997-09-30", "1997-12-30"):
    ...     rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end=end)
    ...     forecasts.append(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39))
    >>> print(clv.drift(*forecasts))
    From 1997-09-30 to 1997-12-30 (13 weeks)
    purchases of 2,357 known customers: 726 came, outside; forecast 628 (90% interval 568 to 689)
    """
    check_between("n_movers", n_movers, 1, float("inf"), "it counts the customers to list")
    earlier, later = _prediction(before), _prediction(after)
    base, now = _base(earlier), _base(later)
    check_later(base, now)
    _check_alike(before, after)
    matched = Matched.of(base, now)
    elapsed = matched.elapsed
    forecast, missed = _forecast(before, matched)
    estimates = [(earlier.estimate, later.estimate)]
    if before.valuation is not None and after.valuation is not None:
        estimates.append((before.valuation.spend, after.valuation.spend))
    worth = "expected_purchases" if before.valuation is None else "clv"
    assert base.observation_end is not None  # check_later has looked
    assert now.observation_end is not None
    return Drift(
        base.observation_end,
        now.observation_end,
        elapsed,
        base.period.name,
        earlier.ci_prob,
        pd.concat([parameter_changes(*pair, earlier.ci_prob) for pair in estimates], ignore_index=True),
        forecast,
        *decile_moves(matched, before.expected, after.expected, int(n_movers)),
        worth,
        (*matched.notes(), *missed, *(note for pair in estimates for note in recentred(*pair))),
    )


def _prediction(forecast: AnyForecast) -> Prediction:
    if not isinstance(forecast, Valuation | Prediction):
        raise ArgumentError(
            f"A Valuation or Prediction is needed at both ends and a {type(forecast).__name__} was given; make one "
            f"with predict, and value where there is money."
        )
    return forecast.prediction


def _base(prediction: Prediction) -> Summary:
    if prediction.summary is None:
        raise ArgumentError("A forecast speaks of customers not seen yet, who have no past; predict known customers.")
    return prediction.summary


def comparable(before: AnyForecast, after: AnyForecast) -> tuple[AnyForecast, AnyForecast]:
    """Return both forecasts as they are, or their purchases alone where money has a mean at one end only."""
    both = (before.valuation is None) == (after.valuation is None)
    return (before, after) if both else (_prediction(before), _prediction(after))


def _check_alike(before: AnyForecast, after: AnyForecast) -> None:
    """Raise where two forecasts don't ask the same question."""
    horizons = _prediction(before).horizon, _prediction(after).horizon
    if (before.valuation is None) != (after.valuation is None):
        raise ArgumentError("One forecast has money and the other has none, so they don't compare; value both or none.")
    if horizons[0] != horizons[1]:
        raise ArgumentError(
            f"The forecasts look {horizons[0]:g} and {horizons[1]:g} periods ahead, so customers would seem to move "
            f"between deciles by the horizon alone; give both one horizon."
        )
    terms = [forecast.valuation.terms for forecast in (before, after) if forecast.valuation is not None]
    if len(set(terms)) > 1:
        raise ArgumentError(
            f"The valuations have different terms ({terms[0]} and {terms[1]}), so values would change by the "
            f"terms alone; value both on the same."
        )


def _forecast(before: AnyForecast, matched: Matched) -> tuple[pd.DataFrame, list[Note]]:
    """Return what was forecast of the time between and the actual values."""
    base, then, now = _prediction(before), matched.before, matched.after
    known = then if matched.known.all() else then.take(matched.known)
    ahead = predict(base.estimate, known, horizon=matched.elapsed, ci_prob=base.ci_prob, shock=base.shock)
    n_new = int(matched.new.sum())
    bought = float(np.maximum(matched.change("frequency"), 0.0).sum())
    rows = [_row(ahead.total, "purchases", len(known), bought)]
    rows.append(_of_new("purchases", n_new, float(now.frequency[matched.new].sum()) + n_new))
    if before.valuation is not None and then.total_spend is not None and now.total_spend is not None:
        worth = value(ahead, before.valuation.spend).total
        rows.append(_row(worth, "spend", len(known), float(matched.change("total_spend").sum())))
        rows.append(_of_new("spend", n_new, float(now.total_spend[matched.new].sum())))
    return pd.DataFrame(rows).astype({"inside": "boolean"}), [
        Note(
            "forecast_missed",
            f"Of {row['target']} since {then.observation_end}, {row['actual']:,.0f} came and the {base.ci_prob:.0%} "
            f"interval of the earlier forecast was {row['lower']:,.0f} to {row['upper']:,.0f} (from "
            f"{row['contains']}): customers changed together, or the model doesn't hold.",
            "warning",
        )
        for row in rows
        if row["inside"] is False
    ]


def _row(total: Total, target: str, customers: int, actual: float) -> dict[str, object]:
    known = np.isfinite([total.lower, total.upper]).all()
    return {
        "target": target,
        "who": "known",
        "customers": customers,
        "expected": total.expected,
        "lower": total.lower,
        "upper": total.upper,
        "actual": actual,
        "inside": bool(total.lower <= actual <= total.upper) if known else None,
        "contains": total.sources,
    }


def _of_new(target: str, customers: int, actual: float) -> dict[str, object]:
    return {"target": target, "who": "new", "customers": customers, "actual": actual, "inside": None, "contains": ""}
