"""What follows from the question of a study and its customers; each is made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Self

import pandas as pd

from clvmodels.api.base import Base
from clvmodels.api.learned import Learned, PurchaseForecast
from clvmodels.api.look_back import LookBack
from clvmodels.api.once import Once, so_far
from clvmodels.evaluation import drift as hold_against
from clvmodels.evaluation.changes import comparable
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.records import (
    BusinessTerms,
    Drift,
    Estimate,
    HeuristicForecast,
    Note,
    Prediction,
    Scorecard,
    Shock,
    Summary,
    Valuation,
)
from clvmodels.records.log_check import about_the_log
from clvmodels.reporting.assembly import carried_forward
from clvmodels.valuation.capped import valued_or_capped


@dataclass(frozen=True, eq=False, init=False, repr=False)
class AbstractResults:
    """A question, its customers, and the answers.

    What several studies of one base share is a record of its own, so that what one of them has made is there for all:
    business terms change neither ``learned`` nor ``purchase_forecast``, the horizon doesn't change ``learned``, and
    neither changes ``look_back``.
    """

    fitting: FitSpec
    spend: str | float | None
    horizon: float | str | timedelta
    holdout: float | str | timedelta | None
    terms: BusinessTerms
    ci_prob: float
    common_shock: bool
    extra_notes: tuple[Note, ...]
    before: Self | None
    base: Base | None
    learned: Learned | None
    look_back: LookBack | None
    purchase_forecast: PurchaseForecast | None

    @property
    def model(self) -> str:
        """Name of the model of buying."""
        return self.fitting.model

    @property
    def summary(self) -> Summary | None:
        """All of the log."""
        return None if self.base is None else self.base.summary

    @property
    def calibration(self) -> Summary | None:
        """Its earlier part, with the rest held back."""
        return None if self.base is None else self.base.calibration

    @property
    def shock(self) -> Shock | None:
        """What moves all customers together."""
        return None if self.base is None else self.base.shock

    @property
    def asked(self) -> LogSpec | None:
        """How the log was read."""
        return None if self.base is None else self.base.asked

    @property
    def buying(self) -> Estimate | None:
        """Of the model of buying, from all of the log."""
        return None if self.learned is None else self.learned.buying

    @property
    def spending(self) -> Estimate | None:
        """Of what purchases are worth, from all of the log."""
        return None if self.learned is None else self.learned.spending

    @property
    def calibration_buying(self) -> Estimate | None:
        """Of the model of buying, from the earlier part."""
        return None if self.look_back is None else self.look_back.learned.buying

    @property
    def calibration_spending(self) -> Estimate | None:
        """Of what purchases are worth, from the earlier part."""
        return None if self.look_back is None else self.look_back.learned.spending

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Those of all of the log that there are, by what they are of."""
        both = {"buying": self.buying, "spending": self.spending}
        return {role: estimate for role, estimate in both.items() if estimate is not None}

    @property
    def prediction(self) -> Prediction | None:
        """Purchases ahead of the log."""
        return None if self.purchase_forecast is None else self.purchase_forecast.prediction

    @property
    def valuation(self) -> Valuation | None:
        """Value ahead of the log."""
        return self._worth[0]

    @property
    def capped(self) -> pd.DataFrame | None:
        """What can be said of money where it has no mean."""
        return self._worth[1]

    @property
    def scorecard(self) -> Scorecard | None:
        """What the holdout said of models and formulas."""
        return None if self.look_back is None else self.look_back.verdict[0]

    @Once
    def drift(self) -> Drift | None:
        """What has changed since the study before."""
        if self.before is None:
            return None
        before, after = self.before.ahead, self.ahead
        assert before is not None  # a study that was refreshed knows customers
        assert after is not None
        return hold_against(*comparable(before, after))

    @property
    def ahead(self) -> Valuation | Prediction | None:
        """Value ahead, or purchases where there is no money or no mean of it."""
        return self.prediction if self.valuation is None else self.valuation

    @property
    def notes(self) -> tuple[Note, ...]:
        """Remarks beside those of the records, as far as the study has come."""
        buying, verdict = so_far(self.learned, "buying"), so_far(self.look_back, "verdict")
        worth, rules = so_far(self, "_worth"), so_far(self, "rules")
        found = [] if buying is None else about_the_log(buying.notes)
        said = [found, *(told[-1] for told in (verdict, worth, rules) if told is not None)]
        return tuple(dict.fromkeys([*self.extra_notes, *(note for notes in said for note in notes)]))

    @Once
    def rules(self) -> tuple[list[HeuristicForecast], list[Note]]:
        """What the formulas say of the time ahead, and which of them can't speak."""
        return ([], []) if self.summary is None else carried_forward(self.summary, self.horizon, self.terms)

    @Once
    def _worth(self) -> tuple[Valuation | None, pd.DataFrame | None, list[Note]]:
        if self.prediction is None or self.spending is None:
            return None, None, []
        return valued_or_capped(self.prediction, self.spending, self.terms)

    def _changed(self, **changed: Any) -> Self:
        """Return the record with other fields, and nothing made yet but what its fields share."""
        return self._with(**{field.name: getattr(self, field.name) for field in fields(self)} | changed)

    def _copied(self, **changed: Any) -> Self:
        """Return the record with other fields, of which nothing that was made depends."""
        return self._with(**vars(self) | changed)

    def _with(self, **known: Any) -> Self:
        made = object.__new__(type(self))
        vars(made).update(known)
        return made
