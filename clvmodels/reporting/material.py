"""What a report tells."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from clvmodels.errors import ArgumentError
from clvmodels.records import (
    Audit,
    BusinessTerms,
    Drift,
    Estimate,
    HeuristicForecast,
    Note,
    Prediction,
    Scorecard,
    Summary,
    Valuation,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportMaterial:
    """What a report tells; what is None, the page leaves out, and says what it would take.

    Attributes
    ----------
    prediction : Prediction
        The customers' purchases ahead.
    valuation : Valuation or None
        Their value; None where the log has no amounts.
    title : str
        Heading of the page.
    scorecard : Scorecard or None
        Models and formulas against the holdout; None where there was none.
    heuristics : tuple of HeuristicForecast
        What the formulas say of the time ahead, over the same horizon.
    formula : str
        The rule whose error on the holdout the first screen tells.
    business_figures : DataFrame or None
        One row a group, as `clvmodels.heuristics.business_figures` makes it.
    tracking, purchase_frequency, decile_calibration, lorenz, lift : DataFrame or None
        Tables for the pictures of these names.
    p_alive_matrix, expected_purchases_matrix : DataFrame or None
        Matrices over recency (index) and frequency (columns).
    notes : tuple of Note
        Remarks beside those that the records carry themselves.
    drift : Drift or None
        What has changed since the last time; None for a first study.
    audit : Audit or None
        Why the formula and the model differ over the time ahead; None where one of them gives no money.
    """

    prediction: Prediction
    valuation: Valuation | None = None
    title: str = "Customer lifetime value"
    scorecard: Scorecard | None = None
    heuristics: tuple[HeuristicForecast, ...] = ()
    formula: str = "ltv"
    business_figures: pd.DataFrame | None = None
    tracking: pd.DataFrame | None = None
    purchase_frequency: pd.DataFrame | None = None
    p_alive_matrix: pd.DataFrame | None = None
    expected_purchases_matrix: pd.DataFrame | None = None
    decile_calibration: pd.DataFrame | None = None
    lorenz: pd.DataFrame | None = None
    lift: pd.DataFrame | None = None
    notes: tuple[Note, ...] = ()
    drift: Drift | None = None
    audit: Audit | None = None

    def __post_init__(self) -> None:
        if self.prediction.summary is None or not len(self.prediction):
            raise ArgumentError(
                "The prediction speaks of no known customer, so there is nobody to report on; predict with a summary "
                "of at least one customer."
            )

    @property
    def summary(self) -> Summary:
        """The customers."""
        assert self.prediction.summary is not None  # checked when the material was put together
        return self.prediction.summary

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The model of buying, and the model of spend where there is money."""
        return (self.prediction.estimate, *(() if self.valuation is None else (self.valuation.spend,)))

    @property
    def terms(self) -> BusinessTerms | None:
        """Margin, discount rate and cost, where there is money."""
        return None if self.valuation is None else self.valuation.terms

    @property
    def held_back(self) -> float | None:
        """Periods that the forecasts were checked on; None where there were none."""
        checked = self.summary if self.scorecard is None else self.scorecard.summary
        return None if checked.holdout is None else checked.holdout.duration

    @property
    def every_note(self) -> tuple[Note, ...]:
        """All remarks once, warnings first."""
        carriers = (
            self.summary,
            self.prediction,
            *self.estimates,
            self.valuation,
            self.scorecard,
            self.drift,
            *self.heuristics,
        )
        notes = [note for carrier in carriers if carrier is not None for note in carrier.notes]
        told = {note.text: note for note in (*self.notes, *notes)}
        return tuple(sorted(told.values(), key=lambda note: note.level != "warning"))
