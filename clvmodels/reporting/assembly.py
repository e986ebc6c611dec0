"""What a report tells, gathered from a forecast and what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pandas as pd

from clvmodels.errors import ClvError
from clvmodels.evaluation import (
    audit,
    decile_table,
    frequency_recency_table,
    lift_table,
    lorenz_table,
    purchase_frequency_table,
    tracking_table,
)
from clvmodels.heuristics import HeuristicTerms, business_figures, forecast
from clvmodels.heuristics.registry import rules
from clvmodels.records import (
    AnyForecast,
    Audit,
    BusinessTerms,
    Drift,
    HeuristicForecast,
    Note,
    Prediction,
    Scorecard,
    Summary,
    Valuation,
)
from clvmodels.reporting.material import ReportMaterial


def assemble(  # noqa: PLR0913 - each is a part of the page
    ahead: AnyForecast,
    *,
    title: str,
    margin: float,
    scorecard: Scorecard | None = None,
    back: Prediction | None = None,
    heuristics: Sequence[HeuristicForecast] = (),
    notes: Sequence[Note] = (),
    drift: Drift | None = None,
) -> ReportMaterial:
    """Return the material of a report, with the tables for its pictures.

    Parameters
    ----------
    ahead : Valuation or Prediction
        Of known customers.
    title : str
        Heading of the page.
    margin : float, in [0, 1]
        For the figures of the past.
    scorecard, back : Scorecard, Prediction or None
        What the holdout said, and the model's forecast of it.
    heuristics : sequence of HeuristicForecast
        What formulas say of the time ahead.
    notes : sequence of Note
        Remarks beside those of the records.
    drift : Drift or None
        What has changed since the last time.
    """
    prediction, worth = ahead.prediction, ahead.valuation
    material = ReportMaterial(
        prediction=prediction,
        valuation=worth,
        title=title,
        scorecard=scorecard,
        heuristics=tuple(heuristics),
        notes=tuple(notes),
        drift=drift,
    )
    summary, estimate = material.summary, prediction.estimate
    material = replace(
        material,
        business_figures=None if summary.total_spend is None else business_figures(summary, margin=margin),
        purchase_frequency=purchase_frequency_table(estimate, summary),
        p_alive_matrix=_matrix(prediction, None),
        expected_purchases_matrix=_matrix(prediction, min(prediction.horizon, 10 * float(summary.T.max()))),
        lorenz=None if worth is None else lorenz_table(worth),
        audit=None if worth is None else _audited(worth, material),
    )
    if back is None or back.summary is None or scorecard is None:
        return material
    return replace(
        material,
        tracking=None if back.summary.timeline is None else tracking_table(back.estimate, back.summary),
        decile_calibration=decile_table(back),
        lift=lift_table(scorecard),
    )


def carried_forward(
    summary: Summary, horizon: float | str | timedelta, terms: BusinessTerms
) -> tuple[list[HeuristicForecast], list[Note]]:
    """Return what the formulas say of the time ahead; of one that can't speak there is a note instead."""
    costs = HeuristicTerms(margin=terms.margin, acquisition_cost=terms.acquisition_cost)
    found, silent = [], []
    for name in rules():
        try:
            found.append(forecast(name, summary, horizon=horizon, terms=costs))
        except ClvError as error:
            silent.append(Note(f"rule_{name}_silent", f"The rule {name} says nothing here: {error}"))
    return found, silent


def _audited(worth: Valuation, material: ReportMaterial) -> Audit | None:
    """Return why the formula of the page and the model differ, on the same terms; None where one gives no money."""
    carried = [rule for rule in material.heuristics if rule.name == material.formula and "value" in rule.totals]
    if not carried or worth.prediction.estimate.purchase_model.contractual:
        return None  # of contracts the page's formulas take churn from silence, and an audit takes it from their ends
    terms = HeuristicTerms(margin=worth.terms.margin, acquisition_cost=worth.terms.acquisition_cost)
    return audit(worth, heuristic=material.formula, terms=terms)


def _matrix(prediction: Prediction, horizon: float | None) -> pd.DataFrame | None:
    """Return P(alive) or purchases by frequency and recency; contracts have no such matrix."""
    assert prediction.summary is not None  # the material has looked
    if prediction.estimate.purchase_model.contractual:
        return None
    return frequency_recency_table(prediction.estimate, prediction.summary, horizon=horizon)
